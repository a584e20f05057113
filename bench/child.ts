/** A measurement in a process of its own: it gets a value as JSON and answers with one. */

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export async function inChild<Given, Answer>(
  file: string,
  given: Given,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Answer> {
  const child = spawn(process.execPath, [file], { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(given));
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${errors}`);
  // Before the last line a provider may have said something.
  return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as Answer;
}

/** In the child. */
export async function answer<Given>(work: (given: Given) => Promise<unknown>): Promise<never> {
  const result = await work(JSON.parse(await text(process.stdin)) as Given);
  process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit());
  return new Promise(() => undefined);
}

export interface Cost {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly requests: number;
}

/** What work costs this process. */
export async function costOf(work: () => Promise<number>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const requests = await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuMs: (user + system) / 1000, requests };
}
