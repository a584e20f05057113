import net from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { dial } from "../../../provider/kube/dial.ts";
import { startTcp } from "./servers.ts";

/** What TCP is asked for when a connection may take so long. */
async function askedFor(timeLimitMs: number): Promise<unknown> {
  const connect = vi.spyOn(net, "connect");
  onTestFinished(() => {
    connect.mockRestore();
  });
  const { port } = await startTcp(() => undefined);
  const target = { server: `http://127.0.0.1:${port}`, verifyTls: true };
  const { socket } = await dial(target, { protocols: ["http/1.1"], timeLimitMs });
  socket.destroy();
  return connect.mock.calls[0]?.[0];
}

describe("each address of a host", () => {
  test("has longer than Node's quarter of a second, so that a far host is reached by any of them", async () => {
    expect(await askedFor(5_000)).toMatchObject({ autoSelectFamilyAttemptTimeout: 1_500 });
  });

  test("has no more than its share of a short time limit, so that a dead one leaves time for the next", async () => {
    expect(await askedFor(900)).toMatchObject({ autoSelectFamilyAttemptTimeout: 300 });
  });
});
