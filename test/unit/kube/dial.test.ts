import dns from "node:dns";
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

type Callback = (error: null, addresses: readonly dns.LookupAddress[]) => void;

/** From now on the name service answers when it is told, and time limits end by `vi.advanceTimersByTime` alone. */
function aSlowNameService() {
  const asked: string[] = [];
  let answers: (() => void)[] = [];
  const slow = (host: string, _options: unknown, callback: Callback): void => {
    asked.push(host);
    answers.push(() => callback(null, [{ address: "127.0.0.1", family: 4 }]));
  };
  const lookup = vi.spyOn(dns, "lookup").mockImplementation(slow as unknown as typeof dns.lookup);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    lookup.mockRestore();
    vi.useRealTimers();
  });
  const answer = (): void => {
    for (const each of answers) each();
    answers = [];
  };
  return { asked, answer };
}

const OPTIONS = { protocols: ["http/1.1"], timeLimitMs: 5_000 } as const;

async function dialAndClose(server: string, proxyUrl?: string): Promise<"connected"> {
  const target = { server, verifyTls: true, ...(proxyUrl !== undefined && { proxyUrl }) };
  const { socket } = await dial(target, OPTIONS);
  socket.destroy();
  return "connected";
}

describe("the name of a host", () => {
  test("may take longer than the connection to it, as where another cluster's name server is silent", async () => {
    const { port } = await startTcp(() => undefined);
    const { answer } = aSlowNameService();
    const dialled = dialAndClose(`http://slow.example:${port}`);
    vi.advanceTimersByTime(19_000);
    answer();
    expect(await dialled).toBe("connected");
  });

  test("is looked up once for all who ask for it at the same time", async () => {
    const { port } = await startTcp(() => undefined);
    const { asked, answer } = aSlowNameService();
    const dialled = Array.from({ length: 10 }, () => dialAndClose(`http://many.example:${port}`));
    expect(asked).toEqual(["many.example"]);
    answer();
    expect(await Promise.all(dialled)).toEqual(Array(10).fill("connected"));
  });

  test("that nobody knows in time is an error, and the next try waits for the same answer", async () => {
    const { port } = await startTcp(() => undefined);
    const { asked, answer } = aSlowNameService();
    const first = dialAndClose(`http://silent.example:${port}`);
    vi.advanceTimersByTime(20_000);
    await expect(first).rejects.toMatchObject({
      code: "LOOKUP_TIMEOUT",
      message: "no answer of the name service within 20 s",
    });
    const second = dialAndClose(`http://silent.example:${port}`);
    expect(asked).toEqual(["silent.example"]);
    answer();
    expect(await second).toBe("connected");
    const third = dialAndClose(`http://silent.example:${port}`);
    expect(asked).toHaveLength(2);
    answer();
    expect(await third).toBe("connected");
  });

  test("is the proxy's where there is one, and the failure names it", async () => {
    const { asked, answer } = aSlowNameService();
    const dialled = dialAndClose("https://api.example", "http://proxy.example:3128");
    expect(asked).toEqual(["proxy.example"]);
    vi.advanceTimersByTime(20_000);
    await expect(dialled).rejects.toMatchObject({
      code: "PROXY_UNREACHABLE",
      message: "the proxy proxy.example:3128 cannot be reached",
      cause: { code: "LOOKUP_TIMEOUT" },
    });
    answer();
  });
});
