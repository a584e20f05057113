import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Installation, renderIstio } from "./istio-manifest.ts";
import { findPrograms } from "./programs.ts";

/** The fixtures with which the rules of injection are tested where there is no Istio. */
const FIXTURES = join(import.meta.dirname, "../unit/fixtures/webhooks");

const installations: Readonly<Record<string, Installation>> = {
  default: { revision: "default" },
  "default-everywhere": {
    revision: "default",
    set: ["values.sidecarInjectorWebhook.enableNamespacesByDefault=true"],
  },
  canary: { revision: "canary" },
  "stable-tags-prod-default": {
    revision: "stable",
    set: ["values.revisionTags.[0]=prod", "values.revisionTags.[1]=default"],
  },
};

let istioctl: string;

beforeAll(async () => {
  ({ istioctl } = await findPrograms(["istioctl"], console.log));
});

for (const [name, installation] of Object.entries(installations)) {
  // A newer Istio: vitest's --update writes them anew.
  test(`istioctl makes the webhook configurations that the fixture ${name}.json holds`, async () => {
    const manifests = await renderIstio(istioctl, installation);
    const webhooks = manifests.filter(({ kind }) => kind === "MutatingWebhookConfiguration");
    await expect(`${JSON.stringify(webhooks, null, 2)}\n`).toMatchFileSnapshot(join(FIXTURES, `${name}.json`));
  });
}
