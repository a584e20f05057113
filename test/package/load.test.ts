import { beforeAll, describe, expect, test } from "vitest";
import { installedFolder, run } from "./installed-program.ts";

let dir: string;

beforeAll(() => {
  dir = installedFolder();
});

/** Stand in the state of every resource and run at a destroy years later. If this fails, undo what made it fail. */
const FROZEN = {
  GlobalNamespace: 'exports.handler = () => require("pulumi-global-namespace/provider").provider;',
  GlobalNamespaces: 'exports.handler = () => require("pulumi-global-namespace/provider").globalNamespaces;',
  NamespaceSync: 'exports.handler = () => require("pulumi-global-namespace/provider").namespaceSync;',
};

const CLASSES = ["GlobalNamespace", "GlobalNamespaces", "Mesh", "NamespaceSync"];
const METHODS = ["configure", "check", "diff", "create", "update", "read", "delete"];

/** Packages that are loaded, by their names; what is built into this one, by its file. */
const LOADED = `[...new Set(Object.keys(require.cache)
  .filter((path) => path.includes("/node_modules/"))
  .map((path) => path.split("/node_modules/").at(-1))
  .map((path) => (/^pulumi-global-namespace.*\\/((yaml|zod)\\.js)$/.exec(path) ?? /^((@[^/]+\\/)?[^/]+)/.exec(path))[1]))]`;

describe("the SDK", () => {
  test("is had with require and with import", () => {
    const required = run(dir, "a.cjs", 'console.log(JSON.stringify(Object.keys(require("pulumi-global-namespace"))))');
    expect(required).toEqual(expect.arrayContaining(CLASSES));
    const imported = run(
      dir,
      "b.mjs",
      `import { ${CLASSES.join(", ")} } from "pulumi-global-namespace";
       console.log(JSON.stringify([${CLASSES.join(", ")}].map(({ name }) => name)));`,
    );
    expect(imported).toEqual(CLASSES);
  });

  test("for the plugin has the same names, and functions besides", () => {
    const namesOf = (path: string) => `Object.keys(require("${path}"))`;
    const text = `console.log(JSON.stringify([${namesOf("pulumi-global-namespace")}, ${namesOf("pulumi-global-namespace/plugin")}]))`;
    const [dynamic = [], plugin = []] = run(dir, "p.cjs", text) as string[][];
    expect([...plugin].sort()).toEqual([...dynamic, "getInjection", "getNamespaces"].sort());
  });

  test("loads neither zod nor @pulumi/kubernetes: a program pays for them only where it uses them", () => {
    const loaded = run(dir, "c.cjs", `require("pulumi-global-namespace"); console.log(JSON.stringify(${LOADED}))`);
    expect(loaded).toContain("@pulumi/pulumi");
    for (const name of ["zod.js", "yaml.js", "@pulumi/kubernetes"]) expect(loaded).not.toContain(name);
  });

  test("says in one sentence that Node.js is too old, before anything else fails of it", () => {
    const message = run(
      dir,
      "d.cjs",
      `Object.defineProperty(process.versions, "node", { value: "20.11.0" });
       try { require("pulumi-global-namespace"); } catch ({ message, __pulumiRunError }) {
         console.log(JSON.stringify({ message, __pulumiRunError }));
       }`,
    );
    expect(message).toEqual({
      message: 'pulumi-global-namespace needs Node.js 22 or newer, this is 20.11.0: put a newer "node" first on PATH',
      __pulumiRunError: true,
    });
  });

  test("opens no other path", () => {
    const code = run(
      dir,
      "e.cjs",
      `try { require("pulumi-global-namespace/dist/sdk/mesh.js"); } catch ({ code }) { console.log(JSON.stringify(code)); }`,
    );
    expect(code).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});

describe("the provider", () => {
  test("is had with require and with import, under the path that stands in every state", () => {
    const exported = "provider, globalNamespaces, namespaceSync";
    const names = `console.log(JSON.stringify([${exported}].map((each) => Object.keys(each))))`;
    const from = '"pulumi-global-namespace/provider"';
    const required = run(dir, "f.cjs", `const { ${exported} } = require(${from}); ${names}`);
    const imported = run(dir, "g.mjs", `import { ${exported} } from ${from}; ${names}`);
    expect(required).toEqual([METHODS, METHODS, METHODS]);
    expect(imported).toEqual(required);
  });

  test("loads nothing heavy before it is used: the engine waits for its handshake", () => {
    const loaded = run(
      dir,
      "h.cjs",
      `require("pulumi-global-namespace/provider"); console.log(JSON.stringify(${LOADED}))`,
    );
    expect(loaded).toEqual(["pulumi-global-namespace"]);
  });

  test("loads no other package for a check, since what it needs of zod is in it, and of yaml where it reads a kubeconfig", () => {
    const answer = run(
      dir,
      "k.cjs",
      `const { provider } = require("pulumi-global-namespace/provider");
       const clusters = { east: {} };
       const rawConfig = { owner: "acme/shop/dev/mesh", controlPlane: "east", clusters, kubeconfigs: { east: "a: [\\nb: }" } };
       const check = async (args) => {
         const { failures } = await provider.check({}, { name: "payments", ...args });
         return { failures, loaded: ${LOADED} };
       };
       provider.configure({ config: { rawConfig } })
         .then(async () => console.log(JSON.stringify([await check({ force: "yes" }), await check({})])));`,
    );
    expect(answer).toEqual([
      {
        failures: [{ property: "force", reason: 'is "yes"; expected boolean' }],
        loaded: ["pulumi-global-namespace", "zod.js"],
      },
      {
        failures: [{ property: "provider", reason: "Mesh: clusters.east: the kubeconfig is not valid YAML at line 2" }],
        loaded: ["pulumi-global-namespace", "zod.js", "yaml.js"],
      },
    ]);
  });

  test.each(Object.entries(FROZEN))("of %s is loaded by the frozen text, from the program's folder", (_, text) => {
    const methods = run(
      dir,
      "i.cjs",
      `const module_ = { exports: {} };
       new Function("exports", "require", ${JSON.stringify(text)})(module_.exports, require);
       console.log(JSON.stringify(Object.keys(module_.exports.handler())));`,
    );
    expect(methods).toEqual(METHODS);
  });
});

describe("the text in the state", () => {
  test("is the frozen one, on every resource", () => {
    const registered = run(
      dir,
      "j.cjs",
      `const pulumi = require("@pulumi/pulumi");
       const registered = {};
       pulumi.runtime.setMocks({
         newResource: ({ type, inputs }) => {
           registered[type] = inputs.__provider ?? null;
           return { id: "x", state: inputs };
         },
         call: () => ({}),
       }, "project", "dev", false, "acme").then(async () => {
         const { ${CLASSES.join(", ")} } = require("pulumi-global-namespace");
         const mesh = new Mesh("mesh", { controlPlane: { context: "m" }, clusters: { east: { context: "e" } } });
         new GlobalNamespace("payments", {}, { provider: mesh });
         new GlobalNamespaces("all", { namespaces: { batch: {} } }, { provider: mesh });
         new NamespaceSync("sync", { cluster: "east" }, { provider: mesh });
         await pulumi.runtime.disconnect();
         console.log(JSON.stringify(registered));
       });`,
    );
    expect(registered).toEqual({
      "pulumi:providers:pulumi-nodejs": null,
      ...Object.fromEntries(
        Object.entries(FROZEN).map(([name, text]) => [`pulumi-nodejs:dynamic/global-namespace:${name}`, text]),
      ),
    });
  });
});
