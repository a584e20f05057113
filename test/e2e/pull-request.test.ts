import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BOT, type Forge, startForge } from "./forge/forge.ts";
import { githubSteps, gitlabSteps, type ShellStep } from "./forge/pipeline.ts";
import type { ProgramResult } from "./pulumi-project.ts";
import { aWorld, type World } from "./world.ts";

/** The README speaks of namespaces that other tests have on the same clusters. */
const PREFIX = /pr-(?=payments|orders)/g;

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "pull-request");
const NAMESPACES = { "pr-payments": { team: "payments" }, "pr-orders": { team: "shop" } };

describe("the example of a pull request", () => {
  let world: World;
  let forge: Forge;
  const printed: string[] = [];

  const inProject = (...path: string[]) => join(world.project.dir, ...path);
  const declare = (namespaces: object) =>
    writeFileSync(inProject("namespaces.json"), `${JSON.stringify(namespaces, null, 2)}\n`);
  const setRevision = (stack: string, revision: string) => {
    const path = inProject(`Pulumi.${stack}.yaml`);
    writeFileSync(path, readFileSync(path, "utf8").replace(/^( *infra:revision: ).*$/m, `$1${revision}`));
  };
  const commentsOn = (stack: string) =>
    forge.comments.filter(
      ({ author, body }) => author === BOT && body.startsWith(`<!-- global-namespace: ${stack} -->\n`),
    );

  /** What the README shows: a comment, the beginning of one that destroys something, and what the gate says then. */
  const shown = () =>
    [...readFileSync(join(EXAMPLE, "README.md"), "utf8").matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(
      ([, block = ""]) => block,
    );

  /** Where one step fails the job ends, as in CI. */
  const run = async (steps: readonly ShellStep[], env: Record<string, string> = {}): Promise<ProgramResult> => {
    const common = {
      FORGE: join(import.meta.dirname, "forge"),
      FORGE_URL: forge.url,
      GITHUB_REPOSITORY: "acme/infra",
      GITHUB_SHA: "0123abc",
      // The types are checked once, below.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      ...env,
    };
    expect(steps.length).toBeGreaterThan(0);
    let last: ProgramResult = { exitCode: 0, stdout: "", stderr: "" };
    for (const step of steps) {
      // The machine's own curl if there is one; a gh that asks the forge of this test in any case.
      const script = `PATH=$FORGE/bin:$PATH:$FORGE/fallback\n${step.run}`;
      last = await world.project.execute("bash", ["-e", "-o", "pipefail", "-c", script], { ...common, ...step.env });
      printed.push(last.stdout, last.stderr);
      if (last.exitCode !== 0) return last;
    }
    return last;
  };
  const onGithub = (job: string, stack: string) =>
    run(
      githubSteps(inProject(".github", "workflows", "mesh.yml"), job, {
        "matrix.stack": stack,
        "github.token": forge.token,
        "github.event.pull_request.number": "7",
        "join(github.event.pull_request.labels.*.name, ',')": forge.labels.join(","),
      }),
    );
  const onGitlab = (job: string) =>
    run(gitlabSteps(inProject(".gitlab-ci.yml"), job), {
      GITLAB_TOKEN: forge.token,
      CI_API_V4_URL: `${forge.url}/api/v4`,
      CI_PROJECT_ID: "12",
      CI_MERGE_REQUEST_IID: "7",
      CI_MERGE_REQUEST_LABELS: forge.labels.join(","),
      CI_COMMIT_SHA: "0123abc",
    });

  beforeAll(async () => {
    world = await aWorld("pull-request");
    forge = await startForge();
    cpSync(EXAMPLE, world.project.dir, { recursive: true });
    declare(NAMESPACES);
    await world.project.ok("stack", "init", "staging");
    await world.project.ok("stack", "init", "prod");
    forge.comments.push({ id: 1, author: "mallory", body: "<!-- global-namespace: prod -->\nall is well" });
  });
  afterAll(() => forge.close());

  describe("on GitHub", () => {
    test("comments what the change means in each environment", async () => {
      expect(await onGithub("preview", "staging")).toMatchObject({ exitCode: 0 });
      expect(await onGithub("preview", "prod")).toMatchObject({ exitCode: 0 });
      expect(commentsOn("staging")[0]?.body).toContain("### Global namespaces: 2 change\n\n| namespace | north |");
      const [prod] = commentsOn("prod");
      expect(prod?.body).toMatch(
        /^\| \*\*pr-orders\*\*.*injected by default \| \*\*create\*\* \| \*\*create\*\* \| \*\*create\*\* \|$/m,
      );
      expect(forge.comments).toHaveLength(3);
      expect(readFileSync(inProject("report", "prod", "report.html"), "utf8")).toContain("pr-orders");
    });

    test("updates the comment in place with the next push, and never somebody else's", async () => {
      declare({ ...NAMESPACES, "pr-late": { team: "shop" } });
      await onGithub("preview", "prod");
      expect(forge.comments).toHaveLength(3);
      expect(commentsOn("prod")[0]?.body).toContain("### Global namespaces: 3 change");
      expect(forge.comments[0]?.body).toContain("all is well");
    });

    test("updates each environment on the merge", async () => {
      expect(await onGithub("staging", "")).toMatchObject({ exitCode: 0 });
      expect(await onGithub("prod", "")).toMatchObject({ exitCode: 0 });
      expect(await world.labels("north", "pr-late")).toEqual({ team: "shop", "istio.io/rev": "canary" });
      expect(await world.labels("west", "pr-late")).toEqual({ team: "shop", "istio.io/rev": "default" });
    });

    test("says nothing of an environment in which nothing changes, unless it had said something", async () => {
      await onGithub("preview", "prod");
      expect(commentsOn("prod")[0]?.body).toContain("### Global namespaces: nothing changes, 3 unchanged");
      const before = forge.comments.splice(1);
      expect(await onGithub("preview", "prod")).toMatchObject({ exitCode: 0 });
      expect(forge.comments).toHaveLength(1);
      forge.comments.push(...before);
    });

    test("stops a change that destroys something, before the merge and after it, unless its label says that it is meant", async () => {
      declare(NAMESPACES);
      const refused = await onGithub("preview", "prod");
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("the label destructive-ok") });
      expect(commentsOn("prod")[0]?.body).toContain("> - pr-late is deleted on the mesh's control plane");
      expect(await onGithub("prod", "")).toMatchObject({ exitCode: 1 });
      expect(await world.labels("mesh", "pr-late")).toBeDefined();
      forge.labels = ["bug", "destructive-ok"];
      expect(await onGithub("preview", "prod")).toMatchObject({ exitCode: 0 });
      expect(await onGithub("prod", "")).toMatchObject({ exitCode: 0 });
      expect(await world.labels("mesh", "pr-late")).toBeUndefined();
      forge.labels = [];
    });

    test("comments why a preview fails, and stops", async () => {
      setRevision("prod", "nobody");
      const failed = await onGithub("preview", "prod");
      expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("prod: the preview failed.") });
      expect(commentsOn("prod")[0]?.body).toContain('no revision or tag "nobody" is served there');
      setRevision("prod", "canary");
    });
  });

  describe("on GitLab", () => {
    beforeAll(() => {
      forge.comments.splice(1);
      forge.comments.push(
        ...Array.from({ length: 120 }, (_, index) => ({ id: index + 2, author: "alice", body: "a remark" })),
      );
    });

    test("notes what the change means, and updates the note in place, also behind a hundred others", async () => {
      expect(await onGitlab("preview-prod")).toMatchObject({ exitCode: 0 });
      const [comment] = shown();
      expect(commentsOn("prod")[0]?.body.replace(PREFIX, "")).toBe(`<!-- global-namespace: prod -->\n${comment}`);
      setRevision("prod", "default");
      await onGitlab("preview-prod");
      expect(commentsOn("prod").map(({ body }) => body)).toEqual([expect.stringContaining("nothing changes")]);
      expect(forge.comments).toHaveLength(122);
      expect(forge.comments[0]?.body).toContain("all is well");
    });

    test("stops a change that destroys something unless its label says that it is meant", async () => {
      const [, destructive = "", refusal] = shown();
      declare({ "pr-payments": NAMESPACES["pr-payments"], "pr-late": { team: "shop" } });
      expect(await onGitlab("preview-staging")).toMatchObject({ exitCode: 1, stderr: refusal });
      expect(commentsOn("staging")[0]?.body.replace(PREFIX, "")).toContain(destructive);
      expect(await onGitlab("staging")).toMatchObject({ exitCode: 1 });
      expect(await world.labels("north", "pr-orders")).toBeDefined();
      forge.labels = ["destructive-ok"];
      expect(await onGitlab("staging")).toMatchObject({ exitCode: 0 });
      expect(await world.labels("north", "pr-orders")).toBeUndefined();
    });
  });

  test("is a program whose types are right", async () => {
    const { exitCode, stdout } = await world.project.execute("node", ["node_modules/typescript/bin/tsc", "-p", "."]);
    expect([exitCode, stdout]).toEqual([0, ""]);
  });

  test("prints its token nowhere", () => {
    expect(printed.length).toBeGreaterThan(20);
    expect(printed.join("\n")).not.toContain(forge.token);
  });
});
