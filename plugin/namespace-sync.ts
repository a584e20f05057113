/** `NamespaceSync`, as a plugin serves it. */

import { readSync, reconcileSync, removeSync } from "../provider/lifecycle/sync";
import { checkSync } from "../provider/lifecycle/sync-check";
import { pick } from "../provider/model/json";
import { describeNothing } from "../provider/model/outcome";
import { diffSync, inputsOfSync, outputsOfSync, parseSyncState, SYNC_INPUTS } from "../provider/model/sync-state";
import { isUnknown } from "../provider/model/unknown";
import { SYNC_DEFAULTS, withoutDefaults } from "./defaults";
import { changesBetween } from "./detailed-diff";
import { limitedWorld, type Resource } from "./resource";

export const namespaceSync: Resource = {
  check(olds, news, { resource, session, say }) {
    return checkSync(olds, { ...withoutDefaults(news, olds, SYNC_DEFAULTS), resource }, session.check(say));
  },

  diff({ inputs, outputs }, news, { say }) {
    const { changes, unfinished } = diffSync(parseSyncState(outputs), news);
    for (const line of unfinished) say(line);
    const details = changes ? changesBetween(pick(inputs, SYNC_INPUTS), pick(news, SYNC_INPUTS)) : [];
    return { changes, replaces: [], details };
  },

  /** What is planned is in the inputs already. */
  async preview(inputs) {
    if (isUnknown(inputs.cluster) || isUnknown(inputs.namespaces)) return inputs;
    return outputsOfSync({ ...parseSyncState(inputs), failed: {} });
  },

  async apply(inputs, olds, operation) {
    const remembered = olds === undefined ? undefined : parseSyncState(olds);
    const { state, failures, isPartial } = await reconcileSync(inputs, remembered, limitedWorld(operation));
    if (failures.length > 0 && !isPartial) throw new Error(describeNothing(failures));
    return { id: state.owner, outputs: outputsOfSync(state), failures };
  },

  async read(_id, recorded, { session, say }) {
    if (recorded === undefined) {
      throw new Error("a NamespaceSync is not imported: declare it, and it finds on the mesh what it has recorded");
    }
    const state = await readSync(parseSyncState(recorded.outputs), session.world(say));
    return { inputs: inputsOfSync(state), outputs: outputsOfSync(state) };
  },

  remove(outputs, operation) {
    return removeSync(parseSyncState(outputs), limitedWorld(operation));
  },
};
