/**
 * Pulumi's provider protocol: messages in, the core's words, messages out. `@pulumi/pulumi` has a server for providers
 * too, which knows no configuration (pulumi#10915), no detailed diffs and no import; so the protocol is served here.
 */

import type { handleUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { isExposed } from "../provider/keep-secrets";
import { createMask } from "../provider/kube/redact";
import type { CheckFailure } from "../provider/model/failure";
import { isRecord, sameJson } from "../provider/model/json";
import { type MeshResult, parseMesh } from "../provider/model/mesh";
import { describeUndeleted } from "../provider/model/outcome";
import { asSecret, noSecrets, type Secrets, secretsOfUpdate } from "../provider/model/secrets";
import { hasUnknown } from "../provider/model/unknown";
import { openSession, type Session } from "../provider/session";
import type { ChangeKind } from "./detailed-diff";
import { createEngineLog, type EngineLog } from "./engine-log";
import { functions } from "./functions";
import { globalNamespace } from "./global-namespace";
import { globalNamespaces } from "./global-namespaces";
import { initFailed } from "./init-failed";
import { meshConfigOf } from "./mesh-config";
import { namespaceSync } from "./namespace-sync";
import type { Difference, Operation, Resource } from "./resource";
import { type Properties, readStruct, toStruct } from "./wire";

/** By the names that the schema gives them. */
const RESOURCES: Readonly<Record<string, Resource>> = {
  "global-namespace:index:GlobalNamespace": globalNamespace,
  "global-namespace:index:GlobalNamespaces": globalNamespaces,
  "global-namespace:index:NamespaceSync": namespaceSync,
};

const KINDS: Readonly<Record<ChangeKind, proto.PropertyDiff.Kind>> = {
  add: proto.PropertyDiff.Kind.ADD,
  delete: proto.PropertyDiff.Kind.DELETE,
  update: proto.PropertyDiff.Kind.UPDATE,
};

export interface Package {
  readonly version: string;
  /** JSON. */
  schema(): string;
}

/** The parts of a message that every call for a resource has. */
interface ResourceRequest {
  getUrn(): string;
  getName(): string;
  getTimeout?(): number;
}

/** One process serves one Mesh. `engineAddress` is where lines for the user go. */
export function createService(pkg: Package, engineAddress: string | undefined): UntypedServiceImplementation {
  let log: EngineLog = createEngineLog(engineAddress);
  let session: Session | undefined;
  const cancellation = new AbortController();
  const { register, mask } = createMask();

  /** What is secret in it is not told from now on. */
  const read = (struct: Parameters<typeof readStruct>[0], secrets: Secrets = noSecrets()): Properties => {
    const properties = readStruct(struct, secrets);
    for (const text of secrets.texts) register(text);
    return properties;
  };

  const maskedFailure = ({ property, reason }: CheckFailure): CheckFailure => ({ property, reason: mask(reason) });

  /** What a handler throws is told to the engine in one sentence; the lines of the operation come before its end. */
  const unary =
    <Q, A>(handle: (request: Q) => Promise<A> | A): handleUnaryCall<Q, A> =>
    ({ request }, callback: sendUnaryData<A>) => {
      const answer = async () => {
        try {
          return await handle(request);
        } finally {
          await log.flush();
        }
      };
      answer().then(
        (message) => callback(null, message),
        (error: unknown) => callback(serviceError(error, mask)),
      );
    };

  const operationOf = (request: ResourceRequest): Operation => {
    if (session === undefined) throw new Error("the Mesh is not configured");
    const urn = request.getUrn();
    const timeoutSeconds = request.getTimeout?.() ?? 0;
    return {
      resource: request.getName() || nameIn(urn),
      session,
      ...(timeoutSeconds > 0 && { timeoutSeconds }),
      say: (line) => log.info(urn, mask(line)),
      warn: (line) => log.warning(urn, mask(line)),
    };
  };

  return {
    handshake: unary((request: proto.ProviderHandshakeRequest) => {
      log = createEngineLog(request.getEngineAddress() || engineAddress);
      return new proto.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),

    attach: unary((request: { getAddress(): string }) => {
      log = createEngineLog(request.getAddress());
      return new Empty();
    }),

    getPluginInfo: unary(() => new PluginInfo().setVersion(pkg.version)),

    getSchema: unary(() => new proto.GetSchemaResponse().setSchema(pkg.schema())),

    checkConfig: unary((request: proto.CheckRequest) => {
      const config = meshConfigOf(readStruct(request.getNews()), request.getUrn());
      const failures = hasUnknown(config) ? [] : failuresOf(parseMesh(config));
      const { kubeconfigs } = config;
      const inputs = kubeconfigs === undefined ? config : { ...config, kubeconfigs: asSecret(kubeconfigs) };
      return checkResponse(toStruct(inputs), failures);
    }),

    diffConfig: unary((request: proto.DiffRequest) => {
      const olds = meshConfigOf(readStruct(request.getOldInputs() ?? request.getOlds()), request.getUrn());
      const news = meshConfigOf(readStruct(request.getNews()), request.getUrn());
      const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
      const changed = keys.filter((key) => hasUnknown(news[key]) || !sameJson(olds[key], news[key]));
      const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
      const response = new proto.DiffResponse().setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
      response.setDiffsList(changed);
      return response;
    }),

    configure: unary((request: proto.ConfigureRequest) => {
      const config = meshConfigOf(readStruct(request.getArgs()), request.getUrn() ?? "");
      session = openSession(config, (line) => log.info("", mask(line)), cancellation.signal);
      return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),

    invoke: unary(async (request: proto.InvokeRequest) => {
      const ask = functions[request.getTok()];
      if (ask === undefined) throw new Error(`there is no function ${request.getTok()}`);
      const { session: opened } = operationOf({ getUrn: () => "", getName: () => "invoke" });
      const secrets = noSecrets();
      const answer = await ask(
        read(request.getArgs(), secrets),
        opened.world(() => {}),
      );
      const response = new proto.InvokeResponse();
      if ("result" in answer) return response.setReturn(toStruct(answer.result, secrets));
      response.setFailuresList(answer.failures.map(maskedFailure).map(checkFailure));
      return response;
    }),

    check: unary(async (request: proto.CheckRequest) => {
      const secrets = noSecrets();
      const news = read(request.getNews(), secrets);
      const olds = read(request.getOlds());
      const { inputs, failures } = await resourceOf(request).check(olds, news, operationOf(request));
      return checkResponse(toStruct(inputs, secrets), failures.map(maskedFailure));
    }),

    diff: unary((request: proto.DiffRequest) => {
      const [kept, secrets] = [noSecrets(), noSecrets()];
      const outputs = read(request.getOlds(), kept);
      const news = read(request.getNews(), secrets);
      const oldInputs = request.getOldInputs();
      const olds = { inputs: oldInputs === undefined ? outputs : read(oldInputs), outputs };
      const { changes, ...difference } = resourceOf(request).diff(olds, news, operationOf(request));
      return diffResponse({ ...difference, changes: changes || isExposed(outputs, kept, secrets) });
    }),

    create: unary(async (request: proto.CreateRequest) => {
      const secrets = noSecrets();
      const inputs = read(request.getProperties(), secrets);
      const resource = resourceOf(request);
      const operation = operationOf(request);
      if (request.getPreview()) {
        const outputs = await resource.preview(inputs, undefined, operation);
        return new proto.CreateResponse().setProperties(toStruct(outputs, secrets));
      }
      const { id, outputs, failures } = await resource.apply(inputs, undefined, operation);
      const properties = toStruct(outputs, secrets);
      if (failures.length > 0) throw initFailed({ id, properties, failures: failures.map(mask) });
      return new proto.CreateResponse().setId(id).setProperties(properties);
    }),

    update: unary(async (request: proto.UpdateRequest) => {
      const [news, old] = [noSecrets(), noSecrets()];
      const inputs = read(request.getNews(), news);
      const olds = read(request.getOlds(), old);
      const secrets = secretsOfUpdate(old, inputs, news);
      const resource = resourceOf(request);
      const operation = operationOf(request);
      if (request.getPreview()) {
        const outputs = await resource.preview(inputs, olds, operation);
        return new proto.UpdateResponse().setProperties(toStruct(outputs, secrets));
      }
      const { outputs, failures } = await resource.apply(inputs, olds, operation);
      const properties = toStruct(outputs, secrets);
      if (failures.length > 0) throw initFailed({ id: request.getId(), properties, failures: failures.map(mask) });
      return new proto.UpdateResponse().setProperties(properties);
    }),

    read: unary(async (request: proto.ReadRequest) => {
      const secrets = noSecrets();
      const outputs = request.getProperties();
      const inputs = request.getInputs();
      const isImport = outputs === undefined || Object.keys(read(outputs)).length === 0;
      const recorded = isImport ? undefined : { inputs: read(inputs, secrets), outputs: read(outputs, secrets) };
      const found = await resourceOf(request).read(request.getId(), recorded, operationOf(request));
      // What a cancelled look has not seen is not gone, and not unreachable either.
      if (cancellation.signal.aborted) throw new Error("the operation was cancelled before the clusters were read");
      const response = new proto.ReadResponse();
      if (found === undefined) return response;
      response.setId(request.getId());
      return response.setProperties(toStruct(found.outputs, secrets)).setInputs(toStruct(found.inputs, secrets));
    }),

    delete: unary(async (request: proto.DeleteRequest) => {
      const failures = await resourceOf(request).remove(read(request.getProperties()), operationOf(request));
      if (failures.length > 0) throw new Error(describeUndeleted(failures));
      return new Empty();
    }),

    cancel: unary(() => {
      cancellation.abort();
      return new Empty();
    }),
  };
}

function resourceOf(request: { getType(): string; getUrn(): string }): Resource {
  // Of a child the URN has the parents' types before its own.
  const type = request.getType() || (request.getUrn().split("::")[2]?.split("$").at(-1) ?? "");
  const resource = Object.hasOwn(RESOURCES, type) ? RESOURCES[type] : undefined;
  if (resource === undefined) throw new Error(`there is no resource ${type}`);
  return resource;
}

/** A name may hold the URN's own separator. */
function nameIn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function failuresOf(parsed: MeshResult): readonly CheckFailure[] {
  return "failures" in parsed ? parsed.failures : [];
}

function checkResponse(inputs: ReturnType<typeof toStruct>, failures: readonly CheckFailure[]): proto.CheckResponse {
  const response = new proto.CheckResponse().setInputs(inputs);
  response.setFailuresList(failures.map(checkFailure));
  return response;
}

function checkFailure({ property, reason }: CheckFailure): proto.CheckFailure {
  return new proto.CheckFailure().setProperty(property).setReason(reason);
}

function diffResponse({ changes, replaces, details }: Difference): proto.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse().setChanges(changes ? DIFF_SOME : DIFF_NONE).setHasdetaileddiff(true);
  response.setReplacesList([...replaces]);
  for (const { path, kind } of details) {
    // A name is changed and never added.
    const of = replaces.includes(path) ? proto.PropertyDiff.Kind.UPDATE_REPLACE : KINDS[kind];
    response.getDetaileddiffMap().set(path, new proto.PropertyDiff().setKind(of).setInputdiff(true));
  }
  return response;
}

function serviceError(error: unknown, mask: (text: string) => string): { code: number; details: string } {
  if (isRecord(error) && typeof error.code === "number") return error as { code: number; details: string };
  return { code: status.UNKNOWN, details: mask(error instanceof Error ? error.message : String(error)) };
}
