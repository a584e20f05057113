import { describe, expect, test } from "vitest";
import { type DynamicResource, keepSecrets, type Properties } from "../../provider/keep-secrets.ts";
import { createMask } from "../../provider/kube/redact.ts";
import { asSecret } from "../../provider/model/secrets.ts";
import { PartialError } from "../../provider/partial-error.ts";

const PATHS = [["labels", "token"]];
const inputsOf = (token: string): Properties => ({ labels: { team: "a", token } });

/** Computes what a resource of ours does: the labels, once more for a cluster. */
const computed = (properties: Properties) => ({ labels: properties.labels, targets: { east: properties.labels } });

function resourceOf(overrides: Partial<DynamicResource>): DynamicResource {
  const resource: DynamicResource = {
    configure: async () => {},
    check: async (_olds, news) => ({ inputs: computed(news), failures: [] }),
    diff: async () => ({ changes: false, replaces: [] }),
    create: async (inputs) => ({ id: "one", outs: computed(inputs) }),
    update: async (_id, _olds, news) => ({ outs: computed(news) }),
    read: async (id, props) => ({ id, props: computed(props), inputs: computed(props) }),
    delete: async () => {},
    ...overrides,
  };
  return keepSecrets(resource, createMask());
}

const marked = (token: string) => {
  const labels = { team: "a", token: asSecret(token) };
  return { labels, targets: { east: labels } };
};
const PLACES = [
  ["labels", "token"],
  ["targets", "east", "token"],
];

describe("of a resource with a secret", () => {
  const resource = resourceOf({});
  const news = { ...inputsOf("hush"), secretPaths: PATHS };

  test("what the check computes is marked, and where the program's secrets are is kept", async () => {
    const { inputs } = await resource.check({}, news);
    expect(inputs).toEqual({ ...marked("hush"), secretPaths: PATHS });
  });

  test("what is made, changed and read is marked, and where is kept", async () => {
    const recorded = { ...computed(inputsOf("hush")), secretPaths: PATHS, secretPlaces: PLACES };
    const wanted = { ...marked("hush"), secretPaths: PATHS, secretPlaces: PLACES };
    expect((await resource.create(news)).outs).toEqual(wanted);
    expect((await resource.update("one", recorded, news)).outs).toEqual(wanted);
    expect((await resource.read("one", recorded)).props).toEqual(wanted);
  });

  test("a refresh finds the secrets where the program has them, so that the next preview shows no other place", async () => {
    const recorded = { ...computed(inputsOf("hush")), secretPaths: PATHS, secretPlaces: PLACES };
    expect((await resource.read("one", recorded)).inputs).toEqual((await resource.check({}, news)).inputs);
  });

  test("what a refresh finds in a secret's place is marked, whatever it is", async () => {
    const found = { ...inputsOf("hush"), targets: { east: { team: "b", token: "another" } } };
    const drifted = resourceOf({ read: async (id) => ({ id, props: found, inputs: found }) });
    const recorded = { ...computed(inputsOf("hush")), secretPaths: PATHS, secretPlaces: PLACES };
    const { props, inputs } = await drifted.read("one", recorded);
    for (const seen of [props, inputs]) {
      expect(seen?.targets).toEqual({ east: { team: "b", token: asSecret("another") } });
    }
  });

  test("of one that is gone there is nothing to mark", async () => {
    const gone = resourceOf({ read: async () => ({}) });
    expect(await gone.read("one", news)).toEqual({});
  });

  test("an old secret that a cluster still carries stays marked from update to update", async () => {
    const failing = resourceOf({
      update: async (_id, olds, inputs) => {
        throw new PartialError("one", ["east is away"], { ...inputs, members: olds.members ?? { east: olds.labels } });
      },
    });
    const fail = async (olds: Properties, inputs: Properties) => {
      const error = await failing.update("one", olds, inputs).then(undefined, (reason: unknown) => reason);
      return (error as PartialError).properties;
    };
    const first = await fail({ ...inputsOf("hush"), secretPaths: PATHS }, { ...inputsOf("quiet"), secretPaths: PATHS });
    expect(first.members).toEqual({ east: { team: "a", token: asSecret("hush") } });
    // As the engine hands it back: without marks.
    const members = { east: { team: "a", token: "hush" } };
    const olds = { ...inputsOf("quiet"), members, secretPlaces: first.secretPlaces };
    const second = await fail(olds, { ...inputsOf("silence"), secretPaths: PATHS });
    expect(second.members).toEqual({ east: { team: "a", token: asSecret("hush") } });
  });

  test("a state that has it in plain text is written again", async () => {
    const change = async (secretPlaces: unknown) =>
      (await resource.diff("one", { ...computed(inputsOf("hush")), secretPlaces }, { ...news, ...computed(news) }))
        .changes;
    expect(await change(undefined)).toBe(true);
    expect(await change(PATHS)).toBe(true);
    expect(await change(PLACES)).toBe(false);
  });

  test("that is a word of the loader, or of a place's name, is looked for in neither", async () => {
    const given = { ...inputsOf("token"), secretPaths: PATHS };
    const recorded = { ...given, ...computed(given), secretPlaces: PLACES, __provider: "loads the token" };
    expect((await resource.diff("one", recorded, { ...given, ...computed(given) })).changes).toBe(false);
    const { properties } = (await resourceOf({
      create: async (inputs) => {
        throw new PartialError("one", [], { ...computed(inputs), __provider: "loads the token" });
      },
    })
      .create(given)
      .catch((error: unknown) => error)) as PartialError;
    expect(properties.__provider).toBe("loads the token");
  });
});

describe("of a resource without a secret", () => {
  test("nothing is added", async () => {
    const resource = resourceOf({});
    const plain = computed(inputsOf("known"));
    expect((await resource.check({}, inputsOf("known"))).inputs).toEqual(plain);
    expect((await resource.create(inputsOf("known"))).outs).toEqual(plain);
    expect(await resource.read("one", plain)).toEqual({ id: "one", props: plain, inputs: plain });
    expect(await resource.diff("one", plain, plain)).toEqual({ changes: false, replaces: [] });
  });
});

describe("a secret is not told", () => {
  const news = { ...inputsOf("hush"), secretPaths: PATHS };
  const told = async (act: Promise<unknown>) => {
    const error = (await act.then(undefined, (reason: unknown) => reason)) as PartialError;
    return `${error.message} ${error.stack} ${error.reasons?.join()}`;
  };
  const says = async (): Promise<never> => {
    throw new Error("no hush here");
  };

  test("by a failed check", async () => {
    const failures = [{ property: "labels.token", reason: '"hush" is not allowed' }];
    const resource = resourceOf({ check: async (_olds, inputs) => ({ inputs, failures }) });
    expect((await resource.check({}, news)).failures).toEqual([
      { property: "labels.token", reason: '"[redacted]" is not allowed' },
    ]);
  });

  test.each(["check", "diff", "create", "update", "read", "delete"] as const)("by an error of %s", async (method) => {
    const resource = resourceOf({ [method]: says });
    const acts = {
      check: () => resource.check({}, news),
      diff: () => resource.diff("one", {}, news),
      create: () => resource.create(news),
      update: () => resource.update("one", {}, news),
      read: () => resource.read("one", news),
      delete: () => resource.delete("one", news),
    };
    const text = await told(acts[method]());
    expect(text).toContain("no [redacted] here");
    expect(text).not.toContain("hush");
  });

  test("by one that is made in part", async () => {
    const resource = resourceOf({
      create: async (inputs) => {
        throw new PartialError("one", ["east refuses hush"], computed(inputs));
      },
    });
    expect(await told(resource.create(news))).toContain("east refuses [redacted]");
    await expect(resource.create(news)).rejects.toMatchObject({
      id: "one",
      properties: { ...marked("hush"), secretPaths: PATHS, secretPlaces: PLACES },
    });
  });
});
