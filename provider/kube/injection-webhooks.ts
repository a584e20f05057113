/** The webhooks of a cluster that inject Istio's sidecar. */

import type { InjectionWebhook } from "../model/injection";
import { isRecord } from "../model/json";
import type { LabelRequirement, LabelSelector } from "../model/label-selector";
import type { ApiServer } from "./api-server";
import { listItems } from "./list-pages";

const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/** On every configuration of a control plane and of a tag. istioctl/pkg/tag finds them the same way. */
const REVISION_LABEL = "istio.io/rev";
const TAG_LABEL = "istio.io/tag";

/** How the names of Istio's injecting webhooks end, whatever the configuration is called. */
const WEBHOOK_SUFFIX = "sidecar-injector.istio.io";

/** In the order in which the API server calls them: by the configurations' names. */
export async function listInjectionWebhooks(server: ApiServer): Promise<readonly InjectionWebhook[]> {
  const query = { labelSelector: REVISION_LABEL };
  const items = await listItems(server, CONFIGURATIONS, "MutatingWebhookConfigurationList", query);
  return parseInjectionWebhooks(items);
}

/** From the items of a MutatingWebhookConfigurationList; anything that is no injector of Istio's is passed over. */
export function parseInjectionWebhooks(items: readonly unknown[]): readonly InjectionWebhook[] {
  return items
    .flatMap((item) => {
      const metadata = isRecord(item) && isRecord(item.metadata) ? item.metadata : {};
      const labels = isRecord(metadata.labels) ? metadata.labels : {};
      const { [REVISION_LABEL]: revision, [TAG_LABEL]: tag } = labels;
      if (typeof revision !== "string") return [];
      return webhooksOf(item).map((webhook) => ({
        configuration: String(metadata.name),
        revision,
        ...(typeof tag === "string" && { tag }),
        namespaceSelector: parseSelector(webhook.namespaceSelector),
        objectSelector: parseSelector(webhook.objectSelector),
      }));
    })
    .sort((a, b) => (a.configuration < b.configuration ? -1 : a.configuration > b.configuration ? 1 : 0));
}

type JsonObject = Readonly<Record<string, unknown>>;

function webhooksOf(item: unknown): JsonObject[] {
  const webhooks = isRecord(item) && Array.isArray(item.webhooks) ? item.webhooks : [];
  return webhooks.filter(isRecord).filter(({ name }) => typeof name === "string" && name.endsWith(WEBHOOK_SUFFIX));
}

function parseSelector(json: unknown): LabelSelector {
  const { matchLabels, matchExpressions } = isRecord(json) ? json : {};
  return {
    matchLabels: isRecord(matchLabels) ? (matchLabels as LabelSelector["matchLabels"]) : {},
    matchExpressions: Array.isArray(matchExpressions) ? matchExpressions.filter(isRecord).map(parseRequirement) : [],
  };
}

function parseRequirement({ key, operator, values }: JsonObject): LabelRequirement {
  return {
    key: String(key),
    operator: operator as LabelRequirement["operator"],
    values: Array.isArray(values) ? values.map(String) : [],
  };
}
