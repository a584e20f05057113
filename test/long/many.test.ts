/** More than the run's labs need, so that it has one of its own. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { anEngine } from "../e2e/engine/engine.ts";
import { meshInputs } from "../e2e/engine/faulty-world.ts";
import { aProviderProcess, type ProviderProcess } from "../e2e/engine/provider-process.ts";
import { report } from "../e2e/engine/seed.ts";
import { type FaultProxy, startFaultProxy } from "../lab/fault-proxy.ts";
import { type Lab, startLab } from "../lab/lab.ts";

const NAMESPACES = Number(process.env.GLOBAL_NAMESPACE_TEST_NAMESPACES ?? 1_000);
/** Bytes that the provider's process may hold for a thousand namespaces on five clusters. */
const MOST_BYTES = 512 * 1024 * 1024;
const BUSY = JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "TooManyRequests" });

let lab: Lab | undefined;
let proxies: Readonly<Record<string, FaultProxy>> = {};
let provider: ProviderProcess | undefined;

beforeAll(async () => {
  const started = await startLab({ clusters: 4 });
  lab = started;
  const each = started.names.map(async (name) => [name, await startFaultProxy(started.cluster(name))] as const);
  proxies = Object.fromEntries(await Promise.all(each));
});
afterAll(async () => {
  provider?.end();
  for (const proxy of Object.values(proxies)) proxy.close();
  await lab?.stop();
});

test("a thousand namespaces on five clusters, one of which throttles, need bounded memory and lose nothing", {
  timeout: 0,
}, async () => {
  provider = aProviderProcess(inject("runDir"), { execArgv: ["--expose-gc"] });
  const kubeconfigs = Object.entries(proxies).map(([name, { kubeconfig }]) => [
    name === "mesh" ? "controlPlane" : name,
    kubeconfig,
  ]);
  const engine = anEngine(provider, meshInputs(Object.fromEntries(kubeconfigs)));
  let asked = 0;
  let throttled = 0;
  proxies.east?.judge(({ isWrite }) => {
    if (!isWrite || ++asked % 20 !== 0) return undefined;
    throttled++;
    return { kind: "answer", status: 429, headers: { "retry-after": "1" }, body: BUSY };
  });
  const programOf = (team: string) =>
    Object.fromEntries(
      Array.from({ length: NAMESPACES }, (_, index) => [`many-${index}`, { labels: { team }, revisionCheck: "off" }]),
    );
  let most = 0;
  for (const team of ["a", "b"]) {
    expect(await engine.up(programOf(team))).toMatchObject({ failures: [] });
    const { rss } = await provider.memory();
    most = Math.max(most, rss);
  }
  expect(await engine.refresh()).toMatchObject({ failures: [] });
  most = Math.max(most, (await provider.memory()).rss);
  expect(await engine.preview(programOf("b"))).toMatchObject({ steps: [], failures: [] });
  report(
    `long: ${NAMESPACES} namespaces, ${throttled} writes throttled, ${Math.round(most / 1024 / 1024)} MiB at most`,
  );
  expect(throttled).toBeGreaterThan(NAMESPACES / 20);
  expect(most).toBeLessThan(MOST_BYTES);
});
