/** Runs what a CI's file says a job runs: its shell lines, in order, with their environment. Nothing of it is retyped here. */

import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface ShellStep {
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What stands for `${{ ... }}` in a GitHub workflow, by the expression's text. */
export type Expressions = Readonly<Record<string, string>>;

/** The shell lines of a GitHub job. An expression that nobody gave a value is an error. */
export function githubSteps(path: string, job: string, expressions: Expressions): ShellStep[] {
  const workflow = parse(readFileSync(path, "utf8")) as {
    readonly jobs: Readonly<
      Record<string, { readonly steps: readonly { readonly run?: string; readonly env?: Record<string, unknown> }[] }>
    >;
  };
  const fill = (text: unknown) =>
    String(text).replace(/\${{ *(.*?) *}}/g, (_, expression: string) => {
      const value = expressions[expression];
      if (value === undefined) throw new Error(`${path}: nothing stands for the expression ${expression}`);
      return value;
    });
  const steps = workflow.jobs[job]?.steps ?? [];
  return steps.flatMap(({ run, env = {} }) =>
    run === undefined
      ? []
      : [{ run: fill(run), env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)])) }],
  );
}

interface GitlabJob {
  readonly extends?: string;
  readonly script?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** The shell lines of a GitLab job and of what it extends; they share one shell there, and each its environment here. */
export function gitlabSteps(path: string, job: string): ShellStep[] {
  const jobs = parse(readFileSync(path, "utf8")) as Readonly<Record<string, GitlabJob>>;
  const resolve = (name: string): GitlabJob => {
    const own = jobs[name] ?? {};
    return own.extends === undefined ? own : { ...resolve(own.extends), ...own };
  };
  const { script = [], variables = {} } = resolve(job);
  return script.map((run) => ({ run, env: variables }));
}
