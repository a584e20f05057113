/** An engine that takes the lines which a plugin sends it, and does nothing else. */

import { Server, ServerCredentials } from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";

type LogRequest = InstanceType<typeof engineProto.LogRequest>;

/** Answers the engine's address. */
export function startEngineLines(say: (line: string) => void): Promise<string> {
  const server = new Server();
  const log = ({ request }: { request: LogRequest }, done: (error: null, answer: unknown) => void) => {
    say(request.getMessage());
    done(null, new emptyProto.Empty());
  };
  server.addService(engineService.EngineService, { log });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}
