/** `status`: what the mesh's clusters hold now, and whether that is what the mesh says. Reads only. */

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { matchesGlob } from "../provider/model/glob";
import type { Command } from "./command";
import { parseMembers } from "./connect";
import { renderStatusPage } from "./status/html";
import { createObserver } from "./status/observe";
import { isSettled, type Status, statusOf } from "./status/status";
import { renderTable } from "./status/table";

const EXIT_UNSETTLED = 2;

/** Seconds between two looks. */
const DEFAULT_INTERVAL = 10;
const MAX_INTERVAL = 86_400;

/** Characters a line where the output is no terminal. */
const DEFAULT_WIDTH = 200;

/** Cursor to the top, and everything below it erased. */
const CLEAR = "\u001b[H\u001b[J";

export const status: Command = {
  summary: "status           what each global namespace is on each cluster, now",
  usage: `Usage: npx pulumi-global-namespace status [--kubeconfig FILE] [--context CONTEXT] [--cluster NAME[=CONTEXT]]...

Shows for each global namespace of a mesh and each cluster whether it is in step, by whom it is owned, which revision
injects, and which workloads wait for a restart. Reads only, and asks each cluster once for its namespaces, its webhooks
and the metadata of its pods.

  --kubeconfig FILE       default: KUBECONFIG, else ~/.kube/config
  --context CONTEXT       of the mesh's control plane (default: the current-context)
  --cluster NAME=CONTEXT  a member and its context (default context: NAME); may be repeated (default: the clusters that
                          the mesh's namespaces belong to)
  --include GLOB          namespaces of these names alone; may be repeated (default: all)
  --watch [SECONDS]       looks again and again, every ${DEFAULT_INTERVAL} seconds or as often as said, until it is ended
  --json                  one JSON value a look
  --html                  a page
  --exit-code             ends with ${EXIT_UNSETTLED} where something is not in step, waits for a restart, or did not answer

Colours are for terminals; NO_COLOR turns them off.`,

  async run(args) {
    const { values } = parseArgs({
      args: withInterval(args),
      options: {
        kubeconfig: { type: "string" },
        context: { type: "string" },
        cluster: { type: "string", multiple: true, default: [] },
        include: { type: "string", multiple: true, default: ["*"] },
        watch: { type: "string" },
        json: { type: "boolean", default: false },
        html: { type: "boolean", default: false },
        "exit-code": { type: "boolean", default: false },
      },
    });
    const interval = values.watch === undefined ? undefined : parseInterval(values.watch);
    if (values.html && (values.json || interval !== undefined)) {
      throw new Error("--html prints one page: leave out --json and --watch");
    }
    const members = parseMembers(values.cluster);
    const observer = createObserver({ kubeconfigPath: values.kubeconfig, context: values.context, members });
    const isWanted = (name: string) => values.include.some((glob) => matchesGlob(glob, name));
    const render = values.json ? renderJson : values.html ? renderStatusPage : renderForTerminal;
    const look = async () => {
      const now = statusOf(await observer.look(), isWanted);
      process.stdout.write(render(now, new Date().toISOString()));
      return now;
    };
    try {
      let last = await look();
      while (interval !== undefined) {
        await sleep(interval * 1000);
        if (process.stdout.isTTY && !values.json) process.stdout.write(CLEAR);
        // A mesh that does not answer now may answer the next time.
        last = await look().catch((error: unknown) => {
          process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
          return last;
        });
      }
      return values["exit-code"] && !isSettled(last) ? EXIT_UNSETTLED : 0;
    } finally {
      observer.close();
    }
  },
};

/** `--watch` may stand alone, which `parseArgs` does not know. */
function withInterval(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    if (arg === "--watch") {
      const next = args[index + 1];
      return [`--watch=${next !== undefined && /^\d/.test(next) ? next : DEFAULT_INTERVAL}`];
    }
    return args[index - 1] === "--watch" && /^\d/.test(arg) ? [] : [arg];
  });
}

function parseInterval(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= MAX_INTERVAL) return seconds;
  throw new Error(`--watch is ${JSON.stringify(text)}; allowed: 1 to ${MAX_INTERVAL} seconds`);
}

function renderJson(status: Status, at: string): string {
  return `${JSON.stringify({ at, ...status })}\n`;
}

function renderForTerminal(status: Status): string {
  const { isTTY, columns } = process.stdout;
  // https://no-color.org
  const hasColors = isTTY === true && (process.env.NO_COLOR ?? "") === "";
  return renderTable(status, { width: isTTY ? columns : DEFAULT_WIDTH, hasColors });
}
