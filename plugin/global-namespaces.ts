/** `GlobalNamespaces`, as a plugin serves it. */

import {
  checkMany,
  diffMany,
  inputsOfMany,
  outputsOfMany,
  parseStates,
  readMany,
  reconcileMany,
  removeMany,
} from "../provider/lifecycle/many";
import { previewMany } from "../provider/lifecycle/preview";
import { isRecord, mapValues, ownValue, pick } from "../provider/model/json";
import { describeAnew } from "../provider/model/outcome";
import { INPUTS } from "../provider/model/state";
import { NAMESPACE_DEFAULTS, withoutDefaults } from "./defaults";
import { changesBetween } from "./detailed-diff";
import { limitedWorld, type Resource, removingWorld } from "./resource";
import type { Properties } from "./wire";

export const globalNamespaces: Resource = {
  check(olds, news, { resource, session, say }) {
    const before = mapOf(olds.namespaces);
    const said = (one: unknown, name: string) =>
      isRecord(one) ? withoutDefaults(one, mapOf(ownValue(before, name)), NAMESPACE_DEFAULTS) : one;
    const namespaces = isRecord(news.namespaces) ? mapValues(news.namespaces, said) : news.namespaces;
    return checkMany(olds, { ...news, namespaces, resource }, session.check(say));
  },

  diff({ inputs, outputs }, news, { session, say }) {
    const { changes, remarks } = diffMany(parseStates(outputs), news, session.world(say).mesh);
    remarks.forEach(session.once(say));
    return { changes, replaces: [], details: changes ? changesBetween(shown(inputs), shown(news)) : [] };
  },

  async preview(inputs, olds, { session, say, warn }) {
    const { outputs, refusals } = await previewMany(inputs, parseStates(olds ?? {}), session.world(say));
    for (const line of refusals) warn(line);
    return { ...outputs };
  },

  async apply(inputs, olds, operation) {
    const world = limitedWorld(operation);
    const { states, failures, isPartial } = await reconcileMany(inputs, parseStates(olds ?? {}), world);
    if (failures.length > 0 && !isPartial) throw new Error(describeAnew(failures));
    return { id: operation.resource, outputs: outputsOfMany(states, inputs), failures };
  },

  async read(id, recorded, { session, say }) {
    if (recorded === undefined) {
      throw new Error("a GlobalNamespaces is not imported: declare it, and it takes the namespaces that are there");
    }
    const { outputs } = recorded;
    const states = await readMany(parseStates(outputs), session.world(say), id);
    return { inputs: inputsOfMany(states, outputs), outputs: outputsOfMany(states, outputs) };
  },

  remove(outputs, operation) {
    return removeMany(parseStates(outputs), removingWorld(operation), operation.resource);
  },
};

/** What a preview shows of the inputs. */
function shown({ namespaces, released }: Properties): Properties {
  const inputsOf = (one: unknown) => (isRecord(one) ? pick(one, INPUTS) : one);
  return { released, namespaces: isRecord(namespaces) ? mapValues(namespaces, inputsOf) : namespaces };
}

function mapOf(value: unknown): Properties {
  return isRecord(value) ? { ...value } : {};
}
