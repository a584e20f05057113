#!/usr/bin/env node
/** `pulumi-resource-global-namespace ENGINE`: the provider as a plugin. Its first line is the port that it serves on. */

import "../sdk/node-version";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { createService } from "./server";

const root: string = join(__dirname, "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
const schema = () => readFileSync(join(root, "schema.json"), "utf8");

// As large as a message may be for the engine's own.
const server: Server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
server.addService(ResourceProviderService, createService({ version, schema }, process.argv[2]));
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
