/**
 * The plugin's server behind the methods that the dynamic one has: what is tested through those is tested on both faces.
 * Its messages are the real ones, and the values in them go through the wire's form.
 */

import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { ResourceProvider } from "./host.ts";

type Properties = Readonly<Record<string, unknown>>;

export type Methods = Readonly<Record<string, (...args: readonly never[]) => Promise<unknown>>>;

/** One call of the protocol, as gRPC hands it to the server. */
type Handler = (call: { readonly request: unknown }, callback: (error: unknown, answer: never) => void) => void;

export type Service = Readonly<Record<string, Handler>>;

const TYPES: Readonly<Record<ResourceProvider, string>> = {
  provider: "global-namespace:index:GlobalNamespace",
  globalNamespaces: "global-namespace:index:GlobalNamespaces",
  namespaceSync: "global-namespace:index:NamespaceSync",
};

/** What the engine reads of an error as such, and the dynamic server's callers as properties of it. */
const DETAILS = "grpc-status-details-bin";

/** `service` serves one Mesh, from its configuration on. */
export function pluginMethods(service: Service, resource: ResourceProvider): Methods {
  const ask = <Answer>(method: string, request: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const done = (error: unknown, answer: Answer) => (error === null ? resolve(answer) : reject(thrown(error)));
      service[method]?.({ request }, done);
    });

  /** The parts that every request for a resource has; its name in the program stands among its properties. */
  const about = <Request extends ResourceRequest>(request: Request, of: Properties): Request => {
    const name = String(of.resource ?? of.name);
    request.setUrn(`urn:pulumi:dev::faults::${TYPES[resource]}::${name}`);
    request.setName(name);
    request.setType(TYPES[resource]);
    return request;
  };

  return {
    configure: ({ config }: { readonly config: { readonly rawConfig: Properties } }) =>
      ask("configure", new proto.ConfigureRequest().setArgs(toStruct(config.rawConfig))),

    check: async (olds: Properties, news: Properties) => {
      const { resource: _, ...given } = news;
      const request = about(new proto.CheckRequest(), news).setOlds(toStruct(olds)).setNews(toStruct(given));
      const answer = await ask<InstanceType<typeof proto.CheckResponse>>("check", request);
      const failures = answer.getFailuresList().map((each) => ({
        property: each.getProperty(),
        reason: each.getReason(),
      }));
      return { inputs: toProperties(answer.getInputs()), failures };
    },

    diff: async (id: string, olds: Properties, news: Properties) => {
      const request = about(new proto.DiffRequest(), news).setId(id).setOlds(toStruct(olds)).setNews(toStruct(news));
      const answer = await ask<InstanceType<typeof proto.DiffResponse>>("diff", request);
      const { DIFF_SOME } = proto.DiffResponse.DiffChanges;
      return { changes: answer.getChanges() === DIFF_SOME, replaces: answer.getReplacesList() };
    },

    create: async (inputs: Properties) => {
      const request = about(new proto.CreateRequest(), inputs).setProperties(toStruct(inputs));
      const answer = await ask<InstanceType<typeof proto.CreateResponse>>("create", request);
      return { id: answer.getId(), outs: toProperties(answer.getProperties()) };
    },

    update: async (id: string, olds: Properties, news: Properties) => {
      const request = about(new proto.UpdateRequest(), news).setId(id).setOlds(toStruct(olds)).setNews(toStruct(news));
      const answer = await ask<InstanceType<typeof proto.UpdateResponse>>("update", request);
      return { outs: toProperties(answer.getProperties()) };
    },

    read: async (id: string, outputs: Properties) => {
      const recorded = toStruct(outputs);
      const request = about(new proto.ReadRequest(), outputs).setId(id).setProperties(recorded).setInputs(recorded);
      const answer = await ask<InstanceType<typeof proto.ReadResponse>>("read", request);
      if (answer.getId() === "") return {};
      return { id, props: toProperties(answer.getProperties()), inputs: toProperties(answer.getInputs()) };
    },

    delete: (id: string, outputs: Properties) =>
      ask("delete", about(new proto.DeleteRequest(), outputs).setId(id).setProperties(toStruct(outputs))),
  };
}

interface ResourceRequest {
  setUrn(urn: string): unknown;
  setName(name: string): unknown;
  setType(type: string): unknown;
}

type Struct = InstanceType<typeof structProto.Struct>;

/** What loads the dynamic provider is not the plugin's. */
function toStruct({ __provider, ...properties }: Properties): Struct {
  return structProto.Struct.fromJavaScript(properties as Parameters<typeof structProto.Struct.fromJavaScript>[0]);
}

function toProperties(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

/** As the dynamic server's callers know an error. */
function thrown(error: unknown): Error {
  const { details, metadata } = error as { details: string; metadata?: { get(name: string): readonly Uint8Array[] } };
  const [bytes] = metadata?.get(DETAILS) ?? [];
  const [detail] = bytes === undefined ? [] : statusProto.Status.deserializeBinary(bytes).getDetailsList();
  if (detail === undefined) return new Error(details);
  const part = proto.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
  const made = { id: part.getId(), reasons: part.getReasonsList(), properties: toProperties(part.getProperties()) };
  return Object.assign(new Error(details), made);
}
