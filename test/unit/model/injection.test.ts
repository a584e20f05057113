import { describe, expect, test } from "vitest";
import { parseInjectionWebhooks } from "../../../provider/kube/injection-webhooks.ts";
import {
  competingLabels,
  describeServed,
  type InjectionWebhook,
  injectedBy,
  labelsOfInjection,
  problemOfInjection,
  whoInjects,
} from "../../../provider/model/injection.ts";
import { selects } from "../../../provider/model/label-selector.ts";
import { type WebhookOptions, webhookConfiguration } from "../../lab/istio-webhooks.ts";

const POD = { labels: {} };

function serving(...options: WebhookOptions[]): readonly InjectionWebhook[] {
  return parseInjectionWebhooks(options.map(webhookConfiguration));
}

/** Kinds of clusters, as operators set them up. */
const CLUSTERS = {
  "a default revision and canary": serving({ revision: "default" }, { revision: "canary" }),
  "canary alone, without a default tag": serving({ revision: "canary" }),
  "canary with the tags prod and default": serving(
    { revision: "canary" },
    { revision: "canary", tag: "prod" },
    { revision: "canary", tag: "default" },
  ),
} as const;

type Cluster = keyof typeof CLUSTERS;
const CLUSTER_NAMES = Object.keys(CLUSTERS) as Cluster[];

function namespaceWith(injection: string | undefined, revision: string | undefined) {
  return {
    name: "payments",
    labels: {
      ...(injection !== undefined && { "istio-injection": injection }),
      ...(revision !== undefined && { "istio.io/rev": revision }),
    },
  };
}

describe("whoInjects: a pod without labels, by the namespace's istio-injection and istio.io/rev", () => {
  /** The cells are in the order of CLUSTERS. */
  const rows: [string | undefined, string | undefined, (string | undefined)[]][] = [
    [undefined, undefined, [undefined, undefined, undefined]],
    [undefined, "default", ["default", undefined, "canary"]],
    [undefined, "canary", ["canary", "canary", "canary"]],
    [undefined, "prod", [undefined, undefined, "canary"]],
    [undefined, "gone", [undefined, undefined, undefined]],
    ["enabled", undefined, ["default", undefined, "canary"]],
    ["enabled", "canary", ["default", undefined, "canary"]],
    ["enabled", "gone", ["default", undefined, "canary"]],
    ["disabled", undefined, [undefined, undefined, undefined]],
    ["disabled", "canary", [undefined, undefined, undefined]],
    ["true", "canary", [undefined, undefined, undefined]],
    ["", "canary", [undefined, undefined, undefined]],
  ];
  for (const [injection, revision, expected] of rows) {
    test(`${injection ?? "absent"} and ${revision ?? "absent"}`, () => {
      const namespace = namespaceWith(injection, revision);
      expect(CLUSTER_NAMES.map((name) => whoInjects(namespace, POD, CLUSTERS[name])?.revision)).toEqual(expected);
    });
  }
});

describe("whoInjects", () => {
  const both = CLUSTERS["a default revision and canary"];

  test("never finds two control planes for one pod, whatever its and the namespace's labels", () => {
    const injections = [undefined, "enabled", "disabled", "true", ""];
    const revisions = [undefined, "default", "canary", "prod", "gone"];
    const podInjects = [undefined, "true", "false", "odd"];
    let cases = 0;
    for (const webhooks of Object.values(CLUSTERS)) {
      for (const injection of injections) {
        for (const revision of revisions) {
          for (const podRevision of revisions) {
            for (const inject of podInjects) {
              const pod = {
                ...(podRevision !== undefined && { "istio.io/rev": podRevision }),
                ...(inject !== undefined && { "sidecar.istio.io/inject": inject }),
              };
              const { labels } = namespaceWith(injection, revision);
              const selected = webhooks.filter(
                (webhook) => selects(webhook.namespaceSelector, labels) && selects(webhook.objectSelector, pod),
              );
              expect(new Set(selected.map((webhook) => webhook.revision)).size).toBeLessThanOrEqual(1);
              expect(whoInjects({ name: "payments", labels }, { labels: pod }, webhooks)?.revision).toBe(
                selected[0]?.revision,
              );
              cases++;
            }
          }
        }
      }
    }
    expect(cases).toBe(3 * 5 * 5 * 5 * 4);
  });

  test("leaves out a pod that opts out by its label", () => {
    const pod = { labels: { "sidecar.istio.io/inject": "false" } };
    expect(whoInjects(namespaceWith("enabled", undefined), pod, both)).toBeUndefined();
  });

  test("leaves out a pod that opts out by its annotation, unless its label says otherwise", () => {
    const annotations = { "sidecar.istio.io/inject": "false" };
    const namespace = namespaceWith("enabled", undefined);
    expect(whoInjects(namespace, { labels: {}, annotations }, both)).toBeUndefined();
    const labels = { "sidecar.istio.io/inject": "true" };
    expect(whoInjects(namespace, { labels, annotations }, both)?.revision).toBe("default");
  });

  test("lets a pod opt in where the namespace says nothing", () => {
    const namespace = namespaceWith(undefined, undefined);
    expect(whoInjects(namespace, { labels: { "sidecar.istio.io/inject": "true" } }, both)?.revision).toBe("default");
    expect(whoInjects(namespace, { labels: { "istio.io/rev": "canary" } }, both)?.revision).toBe("canary");
  });

  test("takes the namespace's revision over the pod's", () => {
    const pod = { labels: { "istio.io/rev": "default" } };
    expect(whoInjects(namespaceWith(undefined, "canary"), pod, both)?.revision).toBe("canary");
  });

  test("lets no pod opt in where the namespace says disabled", () => {
    const pod = { labels: { "sidecar.istio.io/inject": "true", "istio.io/rev": "canary" } };
    expect(whoInjects(namespaceWith("disabled", undefined), pod, both)).toBeUndefined();
  });

  test("says through which tag a revision was found", () => {
    const tagged = CLUSTERS["canary with the tags prod and default"];
    expect(whoInjects(namespaceWith(undefined, "prod"), POD, tagged)).toEqual({
      revision: "canary",
      tag: "prod",
      configuration: "istio-revision-tag-prod",
    });
    expect(whoInjects(namespaceWith(undefined, "canary"), POD, tagged)).toEqual({
      revision: "canary",
      configuration: "istio-sidecar-injector-canary",
    });
  });

  test("never injects Kubernetes' own namespaces", () => {
    const labels = { "istio-injection": "enabled" };
    expect(whoInjects({ name: "kube-system", labels }, POD, both)).toBeUndefined();
  });

  describe("with enableNamespacesByDefault", () => {
    const webhooks = serving({ revision: "default", enableNamespacesByDefault: true });

    test("injects where nothing is said", () => {
      expect(whoInjects(namespaceWith(undefined, undefined), POD, webhooks)?.revision).toBe("default");
    });

    test("injects nobody where the namespace says disabled, or anything odd", () => {
      expect(whoInjects(namespaceWith("disabled", undefined), POD, webhooks)).toBeUndefined();
      expect(whoInjects(namespaceWith("odd", undefined), POD, webhooks)).toBeUndefined();
    });
  });
});

describe("injectedBy", () => {
  const webhooks = CLUSTERS["a default revision and canary"];
  const ambient = { "istio.io/dataplane-mode": "ambient" };

  test("is the ztunnel's in the ambient mesh", () => {
    expect(injectedBy({ name: "payments", labels: ambient }, POD, webhooks)).toBe("ztunnel");
  });

  test("is the sidecar's where both are asked for", () => {
    const labels = { ...ambient, "istio.io/rev": "canary" };
    expect(injectedBy({ name: "payments", labels }, POD, webhooks)).toBe("canary");
  });

  test("is nobody's for a pod that keeps out of the ambient mesh", () => {
    const pod = { labels: { "istio.io/dataplane-mode": "none" } };
    expect(injectedBy({ name: "payments", labels: ambient }, pod, webhooks)).toBe("none");
  });

  test("is nobody's where nothing is served", () => {
    expect(injectedBy(namespaceWith("enabled", undefined), POD, [])).toBe("none");
  });
});

describe("problemOfInjection", () => {
  test("names what the cluster serves where a revision is not among it", () => {
    const webhooks = CLUSTERS["canary with the tags prod and default"];
    expect(problemOfInjection(namespaceWith(undefined, "stable"), webhooks)).toBe(
      'no revision or tag "stable" is served there; it serves revision "canary", tag "default" (canary), tag "prod" (canary)',
    );
  });

  test("refuses enabled where there is no default", () => {
    const webhooks = CLUSTERS["canary alone, without a default tag"];
    expect(problemOfInjection(namespaceWith("enabled", undefined), webhooks)).toBe(
      '"enabled" means the default revision or the tag "default", and there is neither; it serves revision "canary"',
    );
  });

  test("says so where there is no Istio", () => {
    expect(problemOfInjection(namespaceWith("enabled", undefined), [])).toContain("no Istio revision at all");
  });

  const unproblematic = [
    { title: "nothing", labels: {} },
    { title: "disabled", labels: { "istio-injection": "disabled" } },
    { title: "ambient", labels: { "istio.io/dataplane-mode": "ambient" } },
  ];
  for (const { title, labels } of unproblematic) {
    test(`has nothing against ${title}, even without Istio`, () => {
      expect(problemOfInjection({ name: "payments", labels }, [])).toBeUndefined();
    });
  }
});

describe("parseInjectionWebhooks", () => {
  test("passes over configurations without a revision and webhooks that are not Istio's", () => {
    const strange = { metadata: { name: "other" }, webhooks: [{ name: "a.sidecar-injector.istio.io" }] };
    const mixed = { metadata: { name: "mixed", labels: { "istio.io/rev": "x" } }, webhooks: [{ name: "b.example" }] };
    expect(parseInjectionWebhooks([strange, mixed, null, { metadata: { labels: { "istio.io/rev": "y" } } }])).toEqual(
      [],
    );
  });

  test("puts them in the order in which the API server calls them", () => {
    const webhooks = serving({ revision: "stable" }, { revision: "canary" }, { revision: "canary", tag: "prod" });
    expect([...new Set(webhooks.map(({ configuration }) => configuration))]).toEqual([
      "istio-revision-tag-prod",
      "istio-sidecar-injector-canary",
      "istio-sidecar-injector-stable",
    ]);
    expect(describeServed(webhooks)).toBe('revision "canary", revision "stable", tag "prod" (canary)');
  });
});

describe("labelsOfInjection and competingLabels", () => {
  const everything = {
    "istio-injection": "enabled",
    "istio.io/rev": "canary",
    "istio.io/dataplane-mode": "ambient",
  };

  const modes = [
    { title: "no mode", injection: undefined, removed: [] },
    { title: "enabled", injection: { kind: "enabled" }, removed: ["istio.io/dataplane-mode", "istio.io/rev"] },
    { title: "disabled", injection: { kind: "disabled" }, removed: [] },
    { title: "ambient", injection: { kind: "ambient" }, removed: ["istio-injection", "istio.io/rev"] },
    {
      title: "a revision",
      injection: { kind: "revision", value: "stable" },
      removed: ["istio-injection", "istio.io/dataplane-mode"],
    },
  ] as const;
  for (const { title, injection, removed } of modes) {
    test(`${title} leaves one meaning`, () => {
      const declared = labelsOfInjection(injection);
      expect(Object.keys(competingLabels(declared, everything)).sort()).toEqual([...removed]);
    });
  }

  test("ambient has room for istio-injection: disabled", () => {
    const declared = labelsOfInjection({ kind: "ambient" });
    expect(competingLabels(declared, { "istio-injection": "disabled" })).toEqual({});
  });

  test("ambient names its waypoint", () => {
    expect(labelsOfInjection({ kind: "ambient", waypoint: "shared", waypointNamespace: "infra" })).toEqual({
      "istio.io/dataplane-mode": "ambient",
      "istio.io/use-waypoint": "shared",
      "istio.io/use-waypoint-namespace": "infra",
    });
  });
});
