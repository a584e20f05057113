/** The answer for a resource that was made in part: the engine keeps it, and the next update goes on with it. */

import { Metadata, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { describePart } from "../provider/model/outcome";

export interface Part {
  readonly id: string;
  readonly properties: Struct;
  readonly failures: readonly string[];
}

/** gRPC for JavaScript has no details of errors: what other languages read as such travels in this header. */
const DETAILS = "grpc-status-details-bin";

export function initFailed({ id, properties, failures }: Part): Error {
  const message = failures.join("; ");
  const detail = new ErrorResourceInitFailed().setId(id).setProperties(properties);
  detail.setReasonsList(failures.map(describePart));
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(message);
  answer.addDetails(any);
  const metadata = new Metadata();
  metadata.add(DETAILS, Buffer.from(answer.serializeBinary()));
  return Object.assign(new Error(message), { code: status.UNKNOWN, details: message, metadata });
}
