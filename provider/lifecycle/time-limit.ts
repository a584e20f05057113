/** An operation that is granted a time: what it asks of the clusters, and what it waits for, ends when that is over. */

import { type Around, around } from "../kube/around";
import type { ClusterApi, Fleet, Poll } from "./fleet";
import type { World } from "./lifecycle";

/** `limit` ends a call that is underway, and lets none begin. What other operations ask of the same clusters goes on. */
export function limited(world: World, limit: Around): World {
  const { clock, fleet } = world;
  return {
    ...world,
    clock: { ...clock, sleep: (milliseconds) => limit(() => clock.sleep(milliseconds)) },
    fleet: limitedFleet(fleet, limit),
  };
}

function limitedFleet(fleet: Fleet, limit: Around): Fleet {
  return {
    ...fleet,
    api: (place) => limitedApi(fleet.api(place), limit),
    identity: (place) => limit(() => fleet.identity(place)),
    list: (place) => limit(() => fleet.list(place)),
    observe: (place, name) => limit(() => fleet.observe(place, name)),
    poll: (place) => limitedPoll(fleet.poll(place), limit),
    webhooks: (place) => limit(() => fleet.webhooks(place)),
  };
}

function limitedPoll(poll: Poll, limit: Around): Poll {
  return { ...poll, look: (name) => limit(() => poll.look(name)) };
}

function limitedApi(api: ClusterApi, limit: Around): ClusterApi {
  return {
    ...api,
    ...around(api, limit),
    server: { request: (call) => limit(() => api.server.request(call)) },
  };
}
