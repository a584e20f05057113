/**
 * The process that the engine starts for a Mesh, without the engine: it loads the installed package's provider and calls
 * its methods as Pulumi's dynamic server does, or the plugin's as the engine does. A message `renew` makes it a new process
 * at the price of some milliseconds: nothing that the package has remembered or opened is left.
 */

import { createRequire, enableCompileCache } from "node:module";
import type * as net from "node:net";
import { join } from "node:path";
import { startEngineLines } from "./engine-lines.ts";
import { type Methods, pluginMethods, type Service } from "./plugin-methods.ts";

/** Exports of the provider's module, each of which has the life of a resource type. */
export type ResourceProvider = "provider" | "globalNamespaces" | "namespaceSync";

export type Call =
  | { readonly id: number; readonly kind: "renew" }
  | { readonly id: number; readonly kind: "memory" }
  | {
      readonly id: number;
      readonly kind: "call";
      readonly resource: ResourceProvider;
      readonly method: string;
      readonly args: readonly unknown[];
    };

export interface Thrown {
  readonly message: string;
  readonly stack: string;
  /** Of a resource that was made in part. */
  readonly id?: string;
  readonly reasons?: readonly string[];
  readonly properties?: Record<string, unknown>;
}

export type Reply =
  | { readonly id: number; readonly value: unknown; readonly said: readonly string[] }
  | { readonly id: number; readonly error: Thrown; readonly said: readonly string[] }
  /** An error that nobody waits for: the engine would end with it. */
  | { readonly uncaught: string };

const [, , runDir = "", face = "dynamic"] = process.argv;
const require = createRequire(join(runDir, "host.js"));
const packageDir = join(runDir, "node_modules", "pulumi-global-namespace");
const load = createRequire(join(packageDir, "package.json"));
const sockets = new Set<net.Socket>();
let said: string[] = [];
/** Of the plugin, until the process is another one. */
let service: Promise<Service> | undefined;
let engineAddress: Promise<string> | undefined;

// Hundreds of them are started.
enableCompileCache();
console.info = (line: string) => void said.push(line);
console.error = console.info;
recordSockets();

process.on("uncaughtException", (error) => send({ uncaught: String(error.stack) }));
process.on("unhandledRejection", (error) => send({ uncaught: String((error as Error)?.stack ?? error) }));
process.on("message", (call: Call) => void answer(call));
process.on("disconnect", () => process.exit());

async function answer(call: Call): Promise<void> {
  const { id } = call;
  try {
    const value = await run(call);
    send({ id, value, said });
  } catch (error) {
    const { message, stack = "", ...rest } = error as Thrown & Error;
    const { id: partial, reasons, properties } = rest as Partial<Thrown>;
    const made = partial === undefined ? {} : { id: partial, reasons, properties };
    refuseUndefined(properties, "error.properties");
    send({ id, error: { message, stack, ...made } as Thrown, said });
  }
  said = [];
}

async function run(call: Call): Promise<unknown> {
  if (call.kind === "renew") return renew();
  if (call.kind === "memory") {
    globalThis.gc?.();
    return process.memoryUsage();
  }
  const methods = await methodsOf(call.resource);
  const value = await methods[call.method]?.(...(call.args as never[]));
  refuseUndefined(value, call.method);
  return value;
}

async function methodsOf(resource: ResourceProvider): Promise<Methods> {
  if (face === "dynamic") return require("pulumi-global-namespace/provider")[resource];
  service ??= pluginService();
  return pluginMethods(await service, resource);
}

async function pluginService(): Promise<Service> {
  engineAddress ??= startEngineLines((line) => said.push(line));
  const { createService } = load("./dist/plugin/server.js");
  return createService({ version: "0.0.0", schema: () => "" }, await engineAddress);
}

function renew(): void {
  service = undefined;
  for (const socket of sockets) socket.destroy();
  for (const path of Object.keys(require.cache)) if (path.startsWith(packageDir)) delete require.cache[path];
}

/** The engine's wire format has no `undefined`; the server finds that out when the work is done. */
function refuseUndefined(value: unknown, path: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    // Of a method's own answer the server reads what is there.
    if (item === undefined && path.includes(".")) throw new Error(`${path}.${key} is undefined`);
    refuseUndefined(item, `${path}.${key}`);
  }
}

/** Connections end with the process that opened them. */
function recordSockets(): void {
  const common = require("node:net") as { connect: typeof net.connect };
  const { connect } = common;
  common.connect = ((...args: Parameters<typeof net.connect>) => {
    const socket = connect(...args);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    return socket;
  }) as typeof net.connect;
}

function send(reply: Reply): void {
  process.send?.(reply);
}
