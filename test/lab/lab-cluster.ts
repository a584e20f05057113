/** One cluster of a running lab, as a test sees it. */

import * as fs from "node:fs";
import { join } from "node:path";
import { createUserCertificate } from "./certificates.ts";
import { until } from "./condition.ts";
import type { IstiodPlan } from "./istiod-server.ts";
import type { KeeperCommand } from "./keeper.ts";
import { connect, type KubeClient } from "./kube-client.ts";
import { readKubeconfig, writeKubeconfig } from "./kubeconfig.ts";
import type { LabFolder } from "./lab-folder.ts";
import { countRequests, type Mark, markRequests, type RequestCounts, type RequestFilter } from "./request-log.ts";

/** A rule of a ClusterRole, as Kubernetes writes it. */
export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** A user who may do what the rules say, and nothing else. */
export interface RestrictedUser {
  readonly user: string;
  readonly rules: readonly PolicyRule[];
}

/** Has the lab's keeper do something to a cluster; returns its answer. */
type Command = (command: KeeperCommand, cluster: string, body?: unknown) => Promise<string>;

/** One cluster of a running lab. */
export class LabCluster {
  readonly name: string;
  /** The administrator's, with a bearer token. */
  readonly kubeconfigPath: string;
  readonly kubeconfig: string;
  /** Such as `https://127.0.0.1:23456`; the same after a stop and a start. */
  readonly server: string;
  /** The administrator's client. */
  readonly kube: KubeClient;
  readonly #folder: LabFolder;
  readonly #command: Command;

  constructor(name: string, folder: LabFolder, command: Command) {
    this.name = name;
    this.kubeconfigPath = folder.kubeconfigOf(name);
    this.kubeconfig = fs.readFileSync(this.kubeconfigPath, "utf8");
    this.server = readKubeconfig(this.kubeconfig).server;
    this.kube = connect(this.kubeconfig);
    this.#folder = folder;
    this.#command = command;
  }

  /** Ends the API server: connections are refused. */
  async stop(): Promise<void> {
    await this.#command("stop", this.name);
  }

  /** Starts it again with what it held, and waits until it and its controllers work. */
  async start(): Promise<void> {
    await this.#command("start", this.name);
  }

  /** Freezes the API server: connections are taken, and nothing answers. */
  async pause(): Promise<void> {
    await this.#command("pause", this.name);
  }

  async resume(): Promise<void> {
    await this.#command("resume", this.name);
  }

  /** Has an istiod run for this cluster until the lab ends; see istio.ts for what else it needs. Returns its URL. */
  startIstiod(plan: IstiodPlan): Promise<string> {
    return this.#command("istiod", this.name, plan);
  }

  /** The present end of the record of requests. */
  mark(): Mark {
    return markRequests(this.#folder.auditLogOf(this.name));
  }

  /** The requests this cluster got. */
  requests(filter: RequestFilter = {}): RequestCounts {
    return countRequests(this.#folder.auditLogOf(this.name), filter);
  }

  /** Makes a user with these rights alone; returns a kubeconfig with a client certificate. */
  async restrictedKubeconfig({ user, rules }: RestrictedUser): Promise<string> {
    const role = encodeURIComponent(user);
    const group = "/apis/rbac.authorization.k8s.io/v1";
    const subject = { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: user };
    const write = { type: "apply", fieldManager: "global-namespace-lab", force: true } as const;
    await this.kube.patch(
      `${group}/clusterroles/${role}`,
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: user }, rules },
      write,
    );
    await this.kube.patch(
      `${group}/clusterrolebindings/${role}`,
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: user },
        subjects: [subject],
        roleRef,
      },
      write,
    );
    await until(async () => (await Promise.all(rules.map((rule) => this.#isAllowed(user, rule)))).every(Boolean), {
      what: `the rights of ${user} on ${this.name}`,
    });
    const { cluster, server, authority } = readKubeconfig(this.kubeconfig);
    const directory = this.#folder.serversOf(this.name);
    const signer = { certificate: authority, key: fs.readFileSync(join(directory, "ca.key"), "utf8") };
    const identity = await createUserCertificate(signer, user, []);
    return writeKubeconfig([{ cluster, server, authority, user, ...identity }]);
  }

  /** The authorizer learns of a new rule a moment after it was written. */
  async #isAllowed(user: string, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule) {
    const [verb] = verbs;
    const attributes = nonResourceURLs
      ? { nonResourceAttributes: { verb, path: nonResourceURLs[0] } }
      : { resourceAttributes: { verb, group: apiGroups?.[0], resource: resources?.[0], name: resourceNames?.[0] } };
    const review = await this.kube.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      spec: { user, ...attributes },
    });
    return review.status?.allowed === true;
  }
}
