import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseInjectionWebhooks } from "../../../provider/kube/injection-webhooks.ts";
import { whoInjects } from "../../../provider/model/injection.ts";
import { type WebhookOptions, webhookConfiguration } from "../../lab/istio-webhooks.ts";

/** What the pinned istioctl generates, and the lab's stand-in for it. */
const installations: Record<string, WebhookOptions[]> = {
  canary: [{ revision: "canary" }],
  default: [{ revision: "default" }],
  "default-everywhere": [{ revision: "default", enableNamespacesByDefault: true }],
  "stable-tags-prod-default": [
    { revision: "stable" },
    { revision: "stable", tag: "default" },
    { revision: "stable", tag: "prod" },
  ],
};

function realWebhooks(name: string) {
  const path = join(import.meta.dirname, "..", "fixtures", "webhooks", `${name}.json`);
  return parseInjectionWebhooks(JSON.parse(readFileSync(path, "utf8")));
}

describe("Istio's own webhook configurations", () => {
  test("after istioctl tag set default leave enabled to the tag's revision", () => {
    const webhooks = realWebhooks("default-deactivated");
    const namespace = { name: "payments", labels: { "istio-injection": "enabled" } };
    expect(whoInjects(namespace, { labels: {} }, webhooks)).toMatchObject({ tag: "default" });
    expect(
      whoInjects({ name: "payments", labels: { "istio.io/rev": "default" } }, { labels: {} }, webhooks),
    ).toMatchObject({ tag: "default" });
  });
});

describe("the lab's webhook configurations", () => {
  for (const [name, options] of Object.entries(installations)) {
    test(`of ${name} select the same namespaces and pods as Istio's own`, () => {
      const standIn = parseInjectionWebhooks(options.map(webhookConfiguration));
      expect(bySelectors(standIn)).toEqual(bySelectors(realWebhooks(name)));
    });
  }
});

function bySelectors(webhooks: ReturnType<typeof parseInjectionWebhooks>): string[] {
  return webhooks.map((webhook) => JSON.stringify(webhook, sortedExpressions)).sort();
}

/** The order of requirements means nothing, and the names of configurations are not what is compared. */
function sortedExpressions(key: string, value: unknown): unknown {
  if (key === "configuration") return undefined;
  if (key !== "matchExpressions" || !Array.isArray(value)) return value;
  return value.map((item) => JSON.stringify(item)).sort();
}
