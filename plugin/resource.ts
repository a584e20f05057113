/** What the plugin's server asks of a kind of resource. Values are plain JSON: secrets and wires are the server's. */

import type { CheckResult } from "../provider/lifecycle/check";
import type { World } from "../provider/lifecycle/lifecycle";
import type { Session } from "../provider/session";
import type { Change } from "./detailed-diff";
import type { Properties } from "./wire";

/** One call of the engine's for one resource. */
export interface Operation {
  /** The resource's name in the program. */
  readonly resource: string;
  readonly session: Session;
  /** The limit of `customTimeouts`, where one is set. */
  readonly timeoutSeconds?: number;
  say(line: string): void;
  warn(line: string): void;
}

/** Inputs and outputs as the state has them. */
export interface Recorded {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface Difference {
  readonly changes: boolean;
  readonly replaces: readonly string[];
  /** In the inputs. What an earlier run left undone is in none of them, and is said in words. */
  readonly details: readonly Change[];
}

export interface Made {
  readonly id: string;
  readonly outputs: Properties;
  /** One sentence a cause. Where there are any, it was made in part, and the outputs say how far. */
  readonly failures: readonly string[];
}

export interface Resource {
  check(olds: Properties, news: Properties, operation: Operation): Promise<CheckResult>;
  diff(olds: Recorded, news: Properties, operation: Operation): Difference;
  /** What `apply` would give; changes nothing. */
  preview(inputs: Properties, olds: Properties | undefined, operation: Operation): Promise<Properties>;
  /** Create and update. Throws where nothing was done. */
  apply(inputs: Properties, olds: Properties | undefined, operation: Operation): Promise<Made>;
  /** Of an import there is no record; `undefined` where it is gone. */
  read(id: string, recorded: Recorded | undefined, operation: Operation): Promise<Recorded | undefined>;
  /** One sentence a cause. */
  remove(outputs: Properties, operation: Operation): Promise<readonly string[]>;
}

/** All that is asked and waited for ends when the operation's time is over; what is left is done by the next one. */
export function limitedWorld({ session, say, timeoutSeconds }: Operation): World {
  return session.world(say, timeoutSeconds);
}

/** Each wait for a namespace to go ends when the operation's time is over, and says what holds the namespace. */
export function removingWorld({ session, say, timeoutSeconds }: Operation): World {
  return { ...session.world(say), ...(timeoutSeconds !== undefined && { timeoutSeconds }) };
}
