import * as pulumi from "@pulumi/pulumi";
import {
  GlobalNamespace,
  type GlobalNamespaceArgs,
  Mesh,
  type MeshArgs,
  promotable,
  promotedFrom,
} from "pulumi-global-namespace";

// One program for all environments; Pulumi.<stack>.yaml says which clusters there are, and which stack comes before.
const config = new pulumi.Config();
const mesh = new Mesh("mesh", config.requireObject<MeshArgs>("mesh"));

// dev decides. Each later stack takes exactly what the one before has proven, or refuses.
const before = config.get("from");
const carried = before === undefined ? decided() : promotedFrom(new pulumi.StackReference(before), "payments");

const payments = new GlobalNamespace(
  "payments",
  {
    ...carried,
    overrides: config.getObject<GlobalNamespaceArgs["overrides"]>("overrides"),
    rollout: config.getObject<GlobalNamespaceArgs["rollout"]>("rollout"),
    restartTimeoutSeconds: config.getNumber("restartTimeoutSeconds"),
  },
  { provider: mesh },
);

// For the stack that comes after.
export const globalNamespaces = promotable(payments);

function decided(): GlobalNamespaceArgs {
  return {
    labels: { team: "payments", tier: "critical" },
    injection: { revision: config.require("revision") },
    restart: "rollout",
  };
}
