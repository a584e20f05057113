import * as pulumi from "@pulumi/pulumi";
import { GlobalNamespace, Mesh, type MeshArgs } from "pulumi-global-namespace";
import namespaces from "./namespaces.json";

// One program for all environments; Pulumi.<stack>.yaml says which clusters there are and which Istio revision injects.
const config = new pulumi.Config();
const mesh = new Mesh("mesh", config.requireObject<MeshArgs>("mesh"));
const revision = config.require("revision");

for (const [name, { team }] of Object.entries(namespaces)) {
  new GlobalNamespace(name, { labels: { team }, injection: { revision } }, { provider: mesh });
}
