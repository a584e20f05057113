/** `GlobalNamespace`, as a plugin serves it. */

import { check } from "../provider/lifecycle/check";
import { importNamespace } from "../provider/lifecycle/import";
import { read, reconcile, remove } from "../provider/lifecycle/lifecycle";
import { preview } from "../provider/lifecycle/preview";
import { diff } from "../provider/model/diff";
import { pick } from "../provider/model/json";
import { INPUTS, outputsOf, parseState } from "../provider/model/state";
import { NAMESPACE_DEFAULTS, withoutDefaults } from "./defaults";
import { changesBetween } from "./detailed-diff";
import { limitedWorld, type Resource, removingWorld } from "./resource";

export const globalNamespace: Resource = {
  check(olds, news, { resource, session, say }) {
    const said = withoutDefaults(news, olds, NAMESPACE_DEFAULTS);
    return check(olds, { name: resource, ...said, resource }, session.check(say));
  },

  diff({ inputs, outputs }, news, { session, say }) {
    const { changes, replaces, remarks } = diff(parseState(outputs), news, session.world(say).mesh);
    remarks.forEach(session.once(say));
    if (!changes) return { changes, replaces, details: [] };
    // What a refresh has seen stands in the old inputs; the outputs keep what was declared.
    return { changes, replaces, details: changesBetween(pick(inputs, INPUTS), pick(news, INPUTS)) };
  },

  async preview(inputs, olds, { session, say, warn }) {
    const remembered = olds === undefined ? undefined : parseState(olds);
    const { outputs, refusals } = await preview(inputs, remembered, session.world(say));
    for (const line of refusals) warn(line);
    return { ...outputs };
  },

  async apply(inputs, olds, operation) {
    const remembered = olds === undefined ? undefined : parseState(olds);
    const { state, failures } = await reconcile(inputs, remembered, limitedWorld(operation));
    return { id: state.name, outputs: outputsOf(state), failures };
  },

  async read(id, recorded, operation) {
    const { resource, session, say } = operation;
    const world = session.world(say);
    if (recorded === undefined) {
      const found = await importNamespace({ name: id, resource }, world, session.check(say));
      return found && { inputs: { ...found.inputs }, outputs: outputsOf(found) };
    }
    const state = await read(parseState(recorded.outputs), world);
    return state && { inputs: { ...state.inputs }, outputs: outputsOf(state) };
  },

  remove(outputs, operation) {
    return remove(parseState(outputs), removingWorld(operation));
  },
};
