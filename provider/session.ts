/**
 * What one process knows of one mesh: a client for each cluster, and what was looked at through them. Each adapter of the
 * lifecycle opens it on the configuration of its Mesh. Nothing is connected before it is asked for.
 */

import type { Around } from "./kube/around";
import { untilCancelled } from "./kube/cancellation";
import { createWorld } from "./kube/world";
import type { CheckContext } from "./lifecycle/check";
import { createExpectations } from "./lifecycle/expectations";
import { type ClusterApi, createFleet } from "./lifecycle/fleet";
import type { World } from "./lifecycle/lifecycle";
import { createProgress } from "./lifecycle/progress";
import { limited } from "./lifecycle/time-limit";
import { ClusterError } from "./model/cluster-error";
import { type Mesh, parseMesh } from "./model/mesh";

/** Receives lines for whoever runs the update. */
export type Say = (line: string) => void;

export interface Session {
  check(say: Say): CheckContext;
  /** For what a check and a diff may both see: a line is said once. */
  once(say: Say): Say;
  /**
   * Throws where the mesh is not configured; `check` says so first. With `timeLimitSeconds` all that is asked through it
   * ends after that time.
   */
  world(say: Say, timeLimitSeconds?: number): World;
}

/** `tell` is for what concerns all resources. With `signal` aborted, requests end and no further one is made. */
export function openSession(configuration: unknown, tell: Say, signal?: AbortSignal): Session {
  const machine = createWorld();
  const parsed = parseMesh(configuration);
  const fleet = createFleet(connect, machine.now);
  const claims = new Map<string, string>();
  const removals = new Map<string, string>();
  const progress = createProgress({ clock: machine, say: tell });
  const expectations = createExpectations();
  const told = new Set<string>();
  const once =
    (say: Say): Say =>
    (line) => {
      if (told.has(line)) return;
      told.add(line);
      say(line);
    };
  const around = untilCancelled(signal);
  const clock = { ...machine, sleep: (milliseconds: number) => around(() => machine.sleep(milliseconds)) };
  return {
    check: (say) => ({
      mesh: parsed,
      fleet: () => fleet,
      claims,
      removals,
      expectations,
      clock: machine,
      say: once(say),
    }),
    once,
    world: (say, timeLimitSeconds) => {
      const world = { mesh: configured(), fleet, clock, progress, claims, say };
      return timeLimitSeconds === undefined ? world : limited(world, timeLimit(timeLimitSeconds));
    },
  };

  function configured(): Mesh {
    if ("mesh" in parsed) return parsed.mesh;
    throw new Error(parsed.failures.map(({ property, reason }) => `${property} ${reason}`).join("; "));
  }

  function connect(place: string): ClusterApi {
    // Loaded when a cluster is asked for the first time: where nothing changes, none is.
    const { resolveConnection } = require("./kube/resolve-connection") as typeof import("./kube/resolve-connection");
    const { createClusterClient } = require("./kube/cluster-client") as typeof import("./kube/cluster-client");
    const mesh = configured();
    const cluster = mesh.connections[place];
    if (cluster === undefined) throw new ClusterError("connection", "the mesh no longer has it");
    if (cluster.pending) throw new ClusterError("unreachable", "its kubeconfig is known after the update");
    const resolved = resolveConnection(cluster.connection, machine, { execPlugins: mesh.execPlugins });
    if (resolved.kind === "problem") throw new ClusterError("connection", resolved.reason);
    const { version } = require("../../package.json") as { readonly version: string };
    const options = {
      execPlugins: mesh.execPlugins,
      version,
      callsAtOnce: mesh.concurrency,
      requestTimeLimitMs: mesh.requestTimeoutSeconds * 1000,
      ...(signal !== undefined && { signal }),
    };
    return createClusterClient(resolved.cluster, options, machine);
  }
}

/** Milliseconds, 24 days: the longest that Node's timers can wait. What is longer would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function timeLimit(seconds: number): Around {
  const why = `the ${seconds} s that customTimeouts grants are over; give it more, or run "pulumi up" again, which goes on from here`;
  return untilCancelled(AbortSignal.timeout(Math.min(Math.ceil(seconds * 1000), LONGEST_TIMER_MS)), why);
}
