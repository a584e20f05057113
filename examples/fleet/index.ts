import * as pulumi from "@pulumi/pulumi";
import { GlobalNamespaces, Mesh, type MeshArgs } from "pulumi-global-namespace";

const mesh = new Mesh("mesh", new pulumi.Config().requireObject<MeshArgs>("mesh"));
const teams = ["payments", "orders", "search"];

const namespaces = Object.fromEntries(teams.map((team) => [`fleet-${team}`, { labels: { team } }]));
export const members = new GlobalNamespaces("teams", { namespaces }, { provider: mesh }).namespaces;
