import { describe, expect, test } from "vitest";
import { untilCancelled } from "../../../provider/kube/cancellation.ts";
import { reconcile, type World } from "../../../provider/lifecycle/lifecycle.ts";
import { limited } from "../../../provider/lifecycle/time-limit.ts";
import { aFakeMesh, checked, type FakeMesh, labelsOn } from "./fake-mesh.ts";

const ARGS = { labels: { team: "a" }, clusters: ["east", "west"] };

/** Of a mesh in which west takes a write and does not answer, and tells when it is asked. */
function withSilentWest({ world }: FakeMesh, asked: () => void): World {
  const api = (place: string) => {
    const client = world.fleet.api(place);
    if (place !== "west") return client;
    const apply = () => {
      asked();
      return new Promise<never>(() => {});
    };
    return { ...client, apply };
  };
  return { ...world, fleet: { ...world.fleet, api } };
}

describe("an operation whose time is over", () => {
  test("ends what waits for an answer, keeps what was done, and says why", async () => {
    const fake = aFakeMesh();
    const { inputs } = await checked(fake, ARGS);
    const time = new AbortController();
    const world = withSilentWest(fake, () => setImmediate(() => time.abort()));
    const { state, failures } = await reconcile(
      inputs,
      undefined,
      limited(world, untilCancelled(time.signal, "it is late")),
    );
    expect(failures).toEqual(['cannot apply namespace "payments" on cluster "west": it is late']);
    expect(state.members).toMatchObject({ east: { state: "Ready" }, west: { state: "Pending", error: "it is late" } });
    expect(await labelsOn(fake, "east")).toEqual({ team: "a" });
  });

  test("asks nothing more, while others go on", async () => {
    const fake = aFakeMesh();
    const { inputs } = await checked(fake, ARGS);
    const late = limited(fake.world, untilCancelled(AbortSignal.abort(), "it is late"));
    fake.forget();
    await expect(reconcile(inputs, undefined, late)).rejects.toThrow("it is late. Nothing was written to the clusters");
    expect(fake.requests).toEqual([]);
    const { failures } = await reconcile(inputs, undefined, fake.world);
    expect(failures).toEqual([]);
  });

  test("waits for nothing more", async () => {
    const fake = aFakeMesh();
    const late = limited(fake.world, untilCancelled(AbortSignal.abort(), "it is late"));
    await expect(late.clock.sleep(1_000)).rejects.toMatchObject({ code: "cancelled", message: "it is late" });
    await expect(late.fleet.list("east")).rejects.toThrow("it is late");
    await expect(late.fleet.poll("east").look("payments")).rejects.toThrow("it is late");
    await expect(late.fleet.api("east").server.request({ method: "GET", path: "/api" })).rejects.toThrow("it is late");
  });
});
