/** Lines for whoever runs the update, each attached to the resource that it concerns. */

import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export interface EngineLog {
  info(urn: string, line: string): void;
  warning(urn: string, line: string): void;
  /** Ends when the engine has all lines: what comes after the answer to a call may be lost. */
  flush(): Promise<void>;
}

/** `address` is the engine's; without one there is nobody to tell. */
export function createEngineLog(address: string | undefined): EngineLog {
  const engine = address === undefined ? undefined : new EngineClient(address, credentials.createInsecure());
  const underway = new Set<Promise<void>>();
  const send = (request: LogRequest) => {
    const sent = new Promise<void>((resolve) => {
      if (engine === undefined) resolve();
      // A line that is lost is no reason to stop what it tells of.
      else engine.log(request, () => resolve());
    });
    underway.add(sent);
    void sent.then(() => underway.delete(sent));
  };
  const line = (urn: string, message: string) => new LogRequest().setUrn(urn).setMessage(message);
  return {
    info: (urn, message) => send(line(urn, message).setSeverity(LogSeverity.INFO)),
    warning: (urn, message) => send(line(urn, message).setSeverity(LogSeverity.WARNING)),
    flush: async () => {
      await Promise.all(underway);
    },
  };
}
