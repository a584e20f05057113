/**
 * What a program that says nothing means. SDKs that are generated send each default; what nobody wrote stays out of the
 * state, and out of the next preview.
 */

import { sameJson } from "../provider/model/json";
import { parsePolicies } from "../provider/model/spec";
import type { Properties } from "./wire";

export const NAMESPACE_DEFAULTS: Properties = { ...parsePolicies({}) };
export const SYNC_DEFAULTS: Properties = { conflicts: "cluster" };

/** What was recorded stays, default or not. */
export function withoutDefaults(news: Properties, olds: Properties, defaults: Properties): Properties {
  const isSaid = ([key, value]: [string, unknown]) => olds[key] !== undefined || !sameJson(value, defaults[key]);
  return Object.fromEntries(Object.entries(news).filter(isSaid));
}
