/** What the tests of the model need one of, with only what matters to them spelled out. */

import fc from "fast-check";
import { type Mesh, parseMesh } from "../../../provider/model/mesh.ts";
import type { MemberStatus, State } from "../../../provider/model/state.ts";

export const OWNER = "acme/mesh/dev/mesh/payments";

/** East and west are prod, north is dev; the control plane has an API of its own. */
export const MESH_INPUTS = {
  owner: "acme/mesh/dev/mesh",
  controlPlane: { context: "mesh" },
  clusters: {
    east: { context: "east", labels: { env: "prod", region: "us-east-1" } },
    north: { context: "north", labels: { env: "dev", region: "eu-north-1" } },
    west: { context: "west", labels: { env: "prod", region: "us-west-2" } },
  },
};

export function aMesh(changes: Readonly<Record<string, unknown>> = {}): Mesh {
  const parsed = parseMesh({ ...MESH_INPUTS, ...changes });
  if ("failures" in parsed) throw new Error(JSON.stringify(parsed.failures));
  return parsed.mesh;
}

export function aStatus(changes: Partial<MemberStatus> = {}): MemberStatus {
  return { state: "Ready", origin: "created", uid: "uid-1", labels: { team: "a" }, ...changes };
}

/** In step on east and west. */
export function aState(changes: Partial<State> = {}): State {
  const target = { labels: { team: "a" } };
  const targets = { east: target, west: target };
  return {
    name: "payments",
    owner: OWNER,
    targets,
    controlPlaneTarget: target,
    members: { east: aStatus(), west: aStatus({ uid: "uid-2" }) },
    controlPlane: aStatus({ uid: "uid-0" }),
    orphaned: {},
    inputs: { name: "payments", owner: OWNER, labels: { team: "a" }, targets, controlPlaneTarget: target },
    ...changes,
  };
}

/** Values that no program means to write, and some program writes. */
export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3 });

/** Text of any characters, half surrogates and line breaks among them. */
export const anyText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(fc.nat(0x7f), fc.nat(0xffff)).map((code) => String.fromCharCode(code)),
  maxLength: 400,
});

const DNS_MIDDLE = [..."abcdefghijklmnopqrstuvwxyz0123456789-"];
const DNS_END = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
const LABEL_MIDDLE = [...DNS_MIDDLE, ..."ABCXYZ_."];
const LABEL_END = [...DNS_END, ..."ABCXYZ"];

function wordOf(ends: readonly string[], middle: readonly string[], maxLength: number): fc.Arbitrary<string> {
  const end = fc.constantFrom(...ends);
  const inner = fc.string({ unit: fc.constantFrom(...middle), maxLength: maxLength - 2 });
  return fc.oneof(
    end,
    fc.tuple(end, inner, end).map((parts) => parts.join("")),
  );
}

/** An RFC 1123 label that is no protected namespace. */
export const namespaceName: fc.Arbitrary<string> = wordOf(DNS_END, DNS_MIDDLE, 63).filter(
  (name) => !["kube-system", "kube-public", "kube-node-lease", "local-path-storage", "istio-system"].includes(name),
);

/** The name part of a key, and a value that is not empty: they have one grammar. */
export const labelWord: fc.Arbitrary<string> = wordOf(LABEL_END, LABEL_MIDDLE, 63);

/** Labels that Kubernetes takes and this package does not refuse. */
export const labelMap: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.oneof(
    labelWord.filter((key) => key !== "istio-injection"),
    labelWord.map((key) => `example.com/${key}`),
  ),
  fc.oneof(fc.constant(""), labelWord),
  { maxKeys: 5, noNullPrototype: true },
);
