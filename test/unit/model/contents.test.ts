import { describe, expect, test } from "vitest";
import {
  type Contents,
  contentsOf,
  counts,
  describeHold,
  enumerate,
  isCommon,
  type Listing,
  objectionOf,
  parseDiscovery,
  type ResourceType,
  remainsOf,
} from "../../../provider/model/contents.ts";
import type { ObjectMetadata } from "../../../provider/model/object.ts";
import { anObject, ownedBy } from "./object-builders.ts";

function aType(kind: string, fields: Partial<ResourceType> = {}): ResourceType {
  return { group: "", version: "v1", resource: `${kind.toLowerCase()}s`, kind, ...fields };
}

function aListing(kind: string, ...objects: readonly ObjectMetadata[]): Listing {
  return { type: aType(kind), objects, remaining: 0 };
}

const names = ({ objects }: Contents) => objects.map(({ kind, name }) => `${kind} ${name}`);

describe("the discovery of what a cluster serves", () => {
  const served = (resource: string, fields: Record<string, unknown> = {}) => ({
    resource,
    responseKind: { kind: resource.slice(0, 1).toUpperCase() + resource.slice(1, -1) },
    scope: "Namespaced",
    verbs: ["create", "delete", "list"],
    ...fields,
  });
  const document = (...items: unknown[]) => ({ kind: "APIGroupDiscoveryList", items });
  const group = (name: string | undefined, ...versions: unknown[]) => ({
    metadata: name === undefined ? {} : { name },
    versions,
  });
  const version = (name: string, resources: unknown[], freshness = "Current") => ({
    version: name,
    resources,
    freshness,
  });

  test("keeps what lives in namespaces and can be listed and deleted", () => {
    const core = document(
      group(
        undefined,
        version("v1", [
          served("secrets"),
          served("nodes", { scope: "Cluster" }),
          served("bindings", { verbs: ["create"] }),
        ]),
      ),
    );
    // Made up on the spot, and no deletion of a namespace touches them.
    const metrics = document(group("metrics.k8s.io", version("v1", [served("pods", { verbs: ["get", "list"] })])));
    expect(parseDiscovery([core, metrics])).toEqual({
      types: [{ group: "", version: "v1", resource: "secrets", kind: "Secret" }],
      broken: [],
    });
  });

  test("takes each type in the version that the server puts first", () => {
    const groups = document(
      group("example.com", version("v2", [served("wheels")]), version("v1", [served("wheels"), served("tyres")])),
    );
    expect(parseDiscovery([groups])?.types.map((type) => `${type.version} ${type.resource}`)).toEqual([
      "v2 wheels",
      "v1 tyres",
    ]);
  });

  test("tells an API service that does not answer", () => {
    const groups = document(group("metrics.k8s.io", version("v1beta1", [], "Stale")));
    expect(parseDiscovery([groups])).toEqual({ types: [], broken: ["metrics.k8s.io/v1beta1"] });
  });

  test("is nothing where the server answers in the old way", () => {
    expect(parseDiscovery([{ kind: "APIVersions", versions: ["v1"] }])).toBeUndefined();
  });
});

describe("what every namespace has", () => {
  const common: readonly (readonly [ResourceType, ObjectMetadata])[] = [
    [aType("ConfigMap"), anObject("kube-root-ca.crt")],
    [aType("ConfigMap"), anObject("istio-ca-root-cert")],
    [aType("ConfigMap"), anObject("istio-ca-crl")],
    [aType("ServiceAccount"), anObject("default")],
    [
      aType("Secret"),
      anObject("default-token-x7k2p", { annotations: { "kubernetes.io/service-account.name": "default" } }),
    ],
  ];
  for (const [type, object] of common) {
    test(`does not count: ${type.kind} ${object.name}`, () => expect(isCommon(type, object)).toBe(true));
  }

  const others: readonly (readonly [ResourceType, ObjectMetadata])[] = [
    [aType("ConfigMap"), anObject("default")],
    [aType("ServiceAccount"), anObject("api")],
    [aType("Secret"), anObject("kube-root-ca.crt")],
    [aType("Secret"), anObject("default-token-mine")],
    [aType("ConfigMap", { group: "example.com" }), anObject("kube-root-ca.crt")],
  ];
  for (const [type, object] of others) {
    test(`counts: ${type.kind} ${object.name} of group "${type.group}"`, () =>
      expect(isCommon(type, object)).toBe(false));
  }

  test("is not looked for among what follows other objects", () => {
    expect(counts(aType("Event"))).toBe(false);
    expect(counts(aType("Event", { group: "events.k8s.io" }))).toBe(false);
    expect(counts(aType("Lease", { group: "coordination.k8s.io" }))).toBe(false);
    expect(counts(aType("Endpoint"))).toBe(false);
    expect(counts(aType("EndpointSlice", { group: "discovery.k8s.io" }))).toBe(false);
    expect(counts(aType("AuthorizationPolicy", { group: "security.istio.io" }))).toBe(true);
  });
});

describe("the contents of a namespace", () => {
  test("are none where it holds only what every namespace has", () => {
    const contents = contentsOf(
      [aListing("ConfigMap", anObject("kube-root-ca.crt")), aListing("ServiceAccount", anObject("default"))],
      [],
    );
    expect(contents).toEqual({ objects: [], more: 0, unknown: [] });
    expect(objectionOf(contents)).toBeUndefined();
  });

  test("name a Deployment, and not the Pods that belong to it", () => {
    const contents = contentsOf(
      [
        aListing("Pod", anObject("api-1-a", { owners: ownedBy("ReplicaSet", "api-1") }), anObject("bare")),
        aListing("ReplicaSet", anObject("api-1", { owners: ownedBy("Deployment", "api") })),
        aListing("Deployment", anObject("api")),
      ],
      [],
    );
    expect(names(contents)).toEqual(["Deployment api", "Pod bare"]);
  });

  test("count an object once, however many groups serve it", () => {
    const ingress = anObject("web");
    const again: Listing = { type: aType("Ingress", { group: "extensions" }), objects: [ingress], remaining: 0 };
    expect(names(contentsOf([aListing("Ingress", ingress), again], []))).toEqual(["Ingress web"]);
  });

  test("count objects that own each other", () => {
    const contents = contentsOf(
      [
        aListing(
          "ConfigMap",
          anObject("a", { owners: ownedBy("ConfigMap", "b") }),
          anObject("b", { owners: ownedBy("ConfigMap", "a") }),
        ),
      ],
      [],
    );
    expect(names(contents)).toEqual(["ConfigMap a", "ConfigMap b"]);
  });

  test("leave out what is being deleted, and what goes with it", () => {
    const contents = contentsOf(
      [
        aListing("Deployment", anObject("old", { deletionTimestamp: "2026-11-01T00:00:00Z" })),
        aListing(
          "ReplicaSet",
          anObject("old-1", { owners: ownedBy("Deployment", "old") }),
          anObject("gone-1", { owners: ownedBy("Deployment", "gone") }),
        ),
        aListing("Pod", anObject("old-1-a", { owners: ownedBy("ReplicaSet", "old-1") })),
      ],
      [],
    );
    expect(names(contents)).toEqual([]);
  });

  test("keep an object whose owner is of a kind that was not read to its end, or lives outside", () => {
    const cut: Listing = { type: aType("Deployment"), objects: [anObject("first")], remaining: 0 };
    const objects = [
      aListing("Pod", anObject("on-node", { owners: ownedBy("Node", "n1") })),
      aListing("ReplicaSet", anObject("web-1", { owners: ownedBy("Deployment", "web") })),
    ];
    expect(names(contentsOf([...objects, { ...cut, remaining: 7 }], []))).toEqual([
      "Deployment first",
      "Pod on-node",
      "ReplicaSet web-1",
    ]);
  });

  test("name five and count the others, those not read too", () => {
    const objects = ["a", "b", "c", "d", "e", "f"].map((name) => anObject(name));
    const contents = contentsOf([{ ...aListing("Secret", ...objects), remaining: 10 }], []);
    expect(objectionOf(contents)).toBe("it holds Secret a, Secret b, Secret c, Secret d, Secret e and 11 more");
  });

  test("speak against a deletion also where they are not known", () => {
    const contents = contentsOf([], ["secrets may not be listed"]);
    expect(objectionOf(contents)).toBe("it cannot be told whether it is empty: secrets may not be listed");
  });
});

describe("what holds a namespace that is being deleted", () => {
  const namespace = { finalizers: ["kubernetes"], conditions: [] };
  const nothing: Contents = { objects: [], more: 0, unknown: [] };
  const condition = (type: string, message: string) => ({ type, status: "True", message });

  test("is the object with a finalizer, before those that only wait for it", () => {
    const objects = [
      { kind: "ConfigMap", name: "stuck", finalizers: ["example.com/hold"] },
      { kind: "Secret", name: "waiting", finalizers: [] },
    ];
    expect(describeHold(namespace, { ...nothing, objects })).toBe("ConfigMap stuck (finalizers example.com/hold)");
  });

  test("is that object also when the namespace controller has deleted it, whoever owns it", () => {
    const going = { deletionTimestamp: "2026-11-01T00:00:00Z" };
    const held = { ...going, finalizers: ["example.com/hold"], owners: ownedBy("Deployment", "api") };
    const listings = [
      aListing("ConfigMap", anObject("kube-root-ca.crt", going), anObject("stuck", held)),
      aListing("Deployment", anObject("api", going)),
    ];
    const remains = remainsOf(listings, []);
    expect(names(remains)).toEqual(["ConfigMap stuck", "Deployment api"]);
    expect(describeHold(namespace, remains)).toBe("ConfigMap stuck (finalizers example.com/hold)");
  });

  test("is what is left in it", () => {
    const objects = [{ kind: "Pod", name: "api", finalizers: [] }];
    expect(describeHold(namespace, { ...nothing, objects })).toBe("Pod api");
  });

  test("is a finalizer of its own", () => {
    expect(describeHold({ ...namespace, finalizers: ["kubernetes", "example.com/keep"] }, nothing)).toBe(
      "its own finalizers example.com/keep",
    );
  });

  test("is an API service that does not answer, in the server's words where it has found it out", () => {
    const unknown = ["the API service of metrics.k8s.io/v1beta1 does not answer"];
    expect(describeHold(namespace, { ...nothing, unknown })).toBe(unknown[0]);
    const conditions = [condition("NamespaceDeletionDiscoveryFailure", "Discovery failed for some groups, 1 failing")];
    expect(describeHold({ ...namespace, conditions }, { ...nothing, unknown })).toBe(conditions[0]?.message);
  });

  test("is what the conditions say where nothing else is known", () => {
    const conditions = [
      condition("NamespaceContentRemaining", "Some resources are remaining: pods. has 1 resource instances"),
      { type: "NamespaceDeletionDiscoveryFailure", status: "False", message: "All resources successfully discovered" },
    ];
    expect(describeHold({ ...namespace, conditions }, nothing)).toBe(
      "NamespaceContentRemaining: Some resources are remaining: pods. has 1 resource instances",
    );
    expect(describeHold(namespace, nothing)).toBe("nothing that can be seen from here");
  });
});

describe("an enumeration", () => {
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [["a"], 0, "a"],
    [["a", "b"], 0, "a and b"],
    [["a", "b", "c"], 0, "a, b and c"],
    [["a"], 2, "a and 2 more"],
    [[], 3, "3 objects"],
  ];
  for (const [texts, more, expected] of cases) {
    test(`is "${expected}"`, () => expect(enumerate(texts, more)).toBe(expected));
  }
});
