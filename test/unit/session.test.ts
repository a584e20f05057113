import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openSession } from "../../provider/session.ts";
import { MESH_INPUTS } from "./model/builders.ts";

/** What an operation is granted, customTimeouts in seconds. */
function granted(seconds: number) {
  const quiet = () => {};
  return openSession(MESH_INPUTS, quiet).world(quiet, seconds);
}

test("an operation that is granted a month is not over at once", async () => {
  const { clock } = granted(30 * 24 * 3600);
  await sleep(20);
  await clock.sleep(0);
});

test("an operation may be granted a time with fractions of a millisecond", async () => {
  const { clock } = granted(0.0105);
  await expect(clock.sleep(1_000)).rejects.toMatchObject({
    code: "cancelled",
    message: expect.stringContaining("the 0.0105 s that customTimeouts grants are over"),
  });
});

test("what a check and a diff both see is said once, and what an operation says as often as it does", () => {
  const session = openSession(MESH_INPUTS, () => {});
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  for (const hear of [session.check(say).say, session.once(say), session.world(say).say]) hear("payments: leaves west");
  session.world(say).say("payments: leaves west");
  expect(said).toHaveLength(3);
});
