import { describe, expect, test } from "vitest";
import { parseMesh } from "../../../provider/model/mesh.ts";
import { ARGS, parsePolicies, parseSpec } from "../../../provider/model/spec.ts";
import { parseSyncSpec, SYNC_ARGS } from "../../../provider/model/sync-spec.ts";
import { aMesh } from "../model/builders.ts";
import { type EnumType, type ObjectType, type Property, schemaOfSdk } from "./sdk-schema.ts";

type Inputs = Readonly<Record<string, unknown>>;

interface Facet {
  readonly name: string;
  readonly properties: Readonly<Record<string, Property>>;
  /** Properties that the core refuses in these inputs. */
  refused(inputs: Inputs): readonly string[];
}

const mesh = aMesh();
const failuresOf = (parsed: object) =>
  ("failures" in parsed ? (parsed.failures as readonly { readonly property: string }[]) : []).map(
    ({ property }) => property,
  );
const MESH = { owner: "o", controlPlane: { context: "m" }, clusters: { east: { context: "e" } } };
const parsers = {
  GlobalNamespaceArgs: (inputs: Inputs) => failuresOf(parseSpec({ name: "shop", ...inputs }, mesh)),
  NamespaceSyncArgs: (inputs: Inputs) => failuresOf(parseSyncSpec({ cluster: "east", ...inputs }, mesh)),
  MeshArgs: (inputs: Inputs) => failuresOf(parseMesh({ ...MESH, ...inputs })),
};

const bare = schemaOfSdk({ defaults: {}, integers: [] });
const schema = schemaOfSdk({ defaults: defaults(), integers: integers() }) as {
  readonly types: Readonly<Record<string, ObjectType | EnumType>>;
  readonly resources: Readonly<Record<string, { readonly inputProperties: Record<string, Property> } & ObjectType>>;
  readonly provider: { readonly inputProperties: Readonly<Record<string, Property>> };
};

/** What the core takes where nothing is said, as far as a schema can say it. */
function defaults(): Record<string, unknown> {
  const policies = parsePolicies({});
  const parsed = parseMesh(MESH);
  if ("failures" in parsed) throw new Error("the mesh of these tests is none");
  const { spec } = parseSyncSpec({ cluster: "east" }, mesh) as { readonly spec: { readonly conflicts: string } };
  const named = (owner: string, values: Inputs, keys: readonly string[]) =>
    keys.filter((key) => values[key] !== undefined).map((key) => [`${owner}.${key}`, values[key]] as const);
  return Object.fromEntries([
    ...named("GlobalNamespaceArgs", { ...policies }, ARGS),
    ...named("MeshArgs", { ...parsed.mesh }, ["podSecurityLabels", "requestTimeoutSeconds", "concurrency"]),
    ["NamespaceSyncArgs.conflicts", spec.conflicts],
  ]);
}

/** Numbers that the core refuses with a fraction. */
function integers(): string[] {
  return facetsOf(bare as unknown as typeof schema).flatMap(({ name, properties, refused }) =>
    Object.keys(properties)
      .filter((key) => properties[key]?.type === "number" && refused({ [key]: 1.5 }).includes(key))
      .map((key) => `${name}.${key}`),
  );
}

function facetsOf({ resources, provider }: typeof schema): Facet[] {
  const inputs = (name: string) => resources[`global-namespace:index:${name}`]?.inputProperties ?? {};
  return [
    { name: "GlobalNamespaceArgs", properties: inputs("GlobalNamespace"), refused: parsers.GlobalNamespaceArgs },
    { name: "NamespaceSyncArgs", properties: inputs("NamespaceSync"), refused: parsers.NamespaceSyncArgs },
    { name: "MeshArgs", properties: provider.inputProperties, refused: parsers.MeshArgs },
  ];
}

describe("schema.json", () => {
  /** What users of other languages get. Update it with `npm test -- --project unit -u`. */
  test("is what the SDK declares", async () => {
    await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot("../../../schema.json");
  });

  test("describes every input, every output, and every property of a type", () => {
    const undescribed = (where: string, properties: Readonly<Record<string, Property>>) =>
      Object.keys(properties)
        .filter((key) => properties[key]?.description === undefined)
        .map((key) => `${where}.${key}`);
    const missing = [
      ...Object.entries(schema.resources).flatMap(([token, { inputProperties, properties }]) => [
        ...undescribed(token, inputProperties),
        ...undescribed(token, properties),
      ]),
      ...undescribed("provider", schema.provider.inputProperties),
      ...Object.entries(schema.types).flatMap(([token, type]) =>
        "properties" in type ? undescribed(token, type.properties) : [],
      ),
    ];
    expect(missing).toEqual([]);
  });

  test("names only types that it has", () => {
    const named = [...JSON.stringify(schema).matchAll(/"#\/types\/([^"]+)"/g)].map(([, token = ""]) => token);
    expect(named.length).toBeGreaterThan(0);
    for (const token of named) expect(Object.keys(schema.types)).toContain(token);
  });
});

describe.each(facetsOf(schema))("$name in the schema", ({ name, properties, refused }) => {
  test("has the properties that the core takes, and no others", () => {
    const taken: Readonly<Record<string, readonly string[]>> = {
      GlobalNamespaceArgs: ARGS,
      NamespaceSyncArgs: SYNC_ARGS,
      MeshArgs: [
        "clusters",
        "concurrency",
        "controlPlane",
        "execPlugins",
        "owner",
        "podSecurityLabels",
        "protectedNamespaces",
        "requestTimeoutSeconds",
      ],
    };
    expect(Object.keys(properties).sort()).toEqual([...(taken[name] ?? [])].sort());
  });

  test("has the values of each enum that the core takes, and no others", () => {
    for (const [key, property] of Object.entries(properties)) {
      const type = schema.types[(property.$ref ?? "").replace("#/types/", "")];
      if (type === undefined || !("enum" in type)) continue;
      for (const { value } of type.enum) expect(refused({ [key]: value }), `${key}: ${value}`).toEqual([]);
      expect(refused({ [key]: "something else" }), key).toContain(key);
    }
  });

  test("says the range of each number that the core holds it to", () => {
    for (const [key, { type, description }] of Object.entries(properties)) {
      if (type !== "number" && type !== "integer") continue;
      const [, least, most] = /(\d+) to (\d+)/.exec(description ?? "") ?? [];
      expect(most, `${key} says no range`).toBeDefined();
      expect(refused({ [key]: Number(least) }), key).toEqual([]);
      expect(refused({ [key]: Number(most) }), key).toEqual([]);
      expect(refused({ [key]: Number(least) - 1 }), key).toContain(key);
      expect(refused({ [key]: Number(most) + 1 }), key).toContain(key);
    }
  });

  test("has the type of each value that the core takes", () => {
    const wrong: Readonly<Record<string, unknown>> = { boolean: "yes", number: "1", integer: 1.5 };
    for (const [key, { type = "" }] of Object.entries(properties)) {
      if (Object.hasOwn(wrong, type)) expect(refused({ [key]: wrong[type] }), key).toContain(key);
    }
  });

  test("has each default that the core has", () => {
    for (const [key, { default: fallback }] of Object.entries(properties)) {
      if (fallback !== undefined) expect(refused({ [key]: fallback }), key).toEqual([]);
    }
    expect(Object.keys(properties).filter((key) => properties[key]?.default !== undefined)).toMatchSnapshot();
  });
});
