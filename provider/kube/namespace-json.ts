/** From the API's JSON to a `Namespace`, strictly: a 200 that holds something else is no answer. Pure. */

import { ClusterError } from "../model/cluster-error";
import { isRecord } from "../model/json";
import type { FieldManager, Namespace, NamespaceApply, NamespaceCondition } from "../model/namespace";

type JsonObject = Readonly<Record<string, unknown>>;

/** @throws ClusterError `protocol` */
export function parseNamespace(json: unknown): Namespace {
  if (!isRecord(json) || json.kind !== "Namespace" || json.apiVersion !== "v1") throw unexpected();
  return parseNamespaceItem(json);
}

/** What is sent for an apply or a create: nothing that is not declared, and never a `null` (an apply stores it as ""). */
export function renderNamespace(body: NamespaceApply): JsonObject {
  const filled = (map: Readonly<Record<string, string>>): boolean => Object.keys(map).length > 0;
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: body.name,
      ...(body.uid === undefined ? {} : { uid: body.uid }),
      ...(filled(body.labels) ? { labels: body.labels } : {}),
      ...(filled(body.annotations) ? { annotations: body.annotations } : {}),
    },
  };
}

/** An item of a list, which does not repeat kind and apiVersion. @throws ClusterError `protocol` */
export function parseNamespaceItem(json: unknown): Namespace {
  if (!isRecord(json)) throw unexpected();
  const metadata = objectIn(json, "metadata");
  const status = objectIn(json, "status");
  const deletionTimestamp = metadata.deletionTimestamp;
  return {
    name: requiredText(metadata, "name"),
    uid: requiredText(metadata, "uid"),
    resourceVersion: requiredText(metadata, "resourceVersion"),
    creationTimestamp: requiredText(metadata, "creationTimestamp"),
    ...(typeof deletionTimestamp === "string" ? { deletionTimestamp } : {}),
    labels: textMap(metadata, "labels"),
    annotations: textMap(metadata, "annotations"),
    finalizers: [...textList(metadata, "finalizers"), ...textList(objectIn(json, "spec"), "finalizers")],
    conditions: objectList(status, "conditions").map(parseCondition),
    fieldManagers: objectList(metadata, "managedFields").map(parseFieldManager),
  };
}

function parseCondition(json: JsonObject): NamespaceCondition {
  const text = (key: string): string => (typeof json[key] === "string" ? json[key] : "");
  return { type: text("type"), status: text("status"), message: text("message") };
}

function parseFieldManager(json: JsonObject): FieldManager {
  const metadata = objectIn(objectIn(json, "fieldsV1"), "f:metadata");
  const { manager, time, subresource } = json;
  return {
    manager: typeof manager === "string" ? manager : "",
    operation: json.operation === "Apply" ? "Apply" : "Update",
    ...(typeof time === "string" ? { time } : {}),
    ...(typeof subresource === "string" && subresource !== "" ? { subresource } : {}),
    labels: fieldNames(metadata, "f:labels"),
    annotations: fieldNames(metadata, "f:annotations"),
  };
}

/** `{ "f:labels": { ".": {}, "f:team": {} } }`. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
function fieldNames(metadata: JsonObject, key: string): readonly string[] {
  return Object.keys(objectIn(metadata, key)).flatMap((field) => (field.startsWith("f:") ? field.slice(2) : []));
}

function objectIn(json: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw unexpected();
  return value;
}

function objectList(json: JsonObject, key: string): readonly JsonObject[] {
  const value = json[key] ?? [];
  if (!Array.isArray(value) || !value.every(isRecord)) throw unexpected();
  return value;
}

function textList(json: JsonObject, key: string): readonly string[] {
  const value = json[key] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw unexpected();
  return value;
}

function textMap(metadata: JsonObject, key: string): Readonly<Record<string, string>> {
  const map = objectIn(metadata, key);
  if (!Object.values(map).every((value) => typeof value === "string")) throw unexpected();
  return map as Readonly<Record<string, string>>;
}

function requiredText(metadata: JsonObject, key: string): string {
  const value = metadata[key];
  if (typeof value !== "string" || value === "") throw unexpected();
  return value;
}

function unexpected(): ClusterError {
  return new ClusterError("protocol", "the server answered with something that is not a Namespace");
}
