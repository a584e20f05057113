/** Values as they travel between the engine and a plugin: protocol buffers' Struct, with secrets in it. */

import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isRecord, withoutUndefined } from "../provider/model/json";
import { conceal, noSecrets, reveal, type Secrets } from "../provider/model/secrets";

export type Properties = Record<string, unknown>;

/** Without secrets, which are added to `secrets`. Absent is empty. */
export function readStruct(struct: Struct | undefined, secrets: Secrets = noSecrets()): Properties {
  const value = reveal(struct?.toJavaScript() ?? {}, secrets);
  return isRecord(value) ? { ...value } : {};
}

/** A Struct holds no `undefined`. */
export function toStruct(properties: Readonly<Properties>, secrets: Secrets = noSecrets()): Struct {
  const value = conceal(withoutUndefined(properties), secrets);
  return Struct.fromJavaScript(value as Record<string, JavaScriptValue>);
}
