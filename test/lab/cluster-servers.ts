/** The servers of one cluster, as its keeper runs them: an API server and the controllers. */

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { createAuthority, createServerCertificate, createSigningKey } from "./certificates.ts";
import { type IstiodPlan, startIstiod } from "./istiod-server.ts";
import { connect, type KubeClient } from "./kube-client.ts";
import { type Access, writeKubeconfig } from "./kubeconfig.ts";
import type { LabFolder } from "./lab-folder.ts";
import { onFreePort } from "./port.ts";
import type { clusterPrograms } from "./programs.ts";
import { auditPolicy } from "./request-log.ts";
import type { ServerProcess, ServerRack } from "./server-process.ts";

/** Generous: a machine that builds something at the same time is no failure. */
const READY_TIMEOUT_MS = 120_000;

/** Deletions of namespaces finish, and workloads make Pods (which nothing runs: see pods.ts). */
const CONTROLLERS = [
  "namespace-controller",
  "serviceaccount-controller",
  "root-ca-certificate-publisher-controller",
  "garbage-collector-controller",
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "daemonset-controller",
];

const DEFAULT_SERVICE_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default";
const ROOT_CERTIFICATE = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";
/** Of its own namespaces the API server makes this one last, some time after it is ready. */
const LAST_NAMESPACE = "/api/v1/namespaces/kube-node-lease";

/** Paths of the programs of a cluster. */
export type ClusterProgramPaths = Readonly<Record<(typeof clusterPrograms)[number], string>>;

/** What a cluster's servers are made from. */
export interface ClusterPlan {
  readonly name: string;
  readonly folder: LabFolder;
  readonly programs: ClusterProgramPaths;
  readonly etcdUrl: string;
  readonly rack: ServerRack;
}

/** An API server and its controllers, which can be stopped and started again, and what was started for them. */
export class ClusterServers {
  readonly #plan: ClusterPlan;
  readonly #files: Files;
  readonly #api: ServerProcess;
  readonly #controllers: ServerProcess;
  /** The URL of each istiod, by its revision. */
  readonly #istiods = new Map<string, string>();
  #admin: Access | undefined;

  constructor(plan: ClusterPlan) {
    this.#plan = plan;
    const directory = plan.folder.serversOf(plan.name);
    this.#files = filesIn(directory);
    this.#api = plan.rack.add({
      name: `kube-apiserver of ${plan.name}`,
      path: plan.programs["kube-apiserver"],
      logPath: join(directory, "kube-apiserver.log"),
    });
    this.#controllers = plan.rack.add({
      name: `kube-controller-manager of ${plan.name}`,
      path: plan.programs["kube-controller-manager"],
      logPath: join(directory, "kube-controller-manager.log"),
    });
  }

  /** For the first time: writes the keys and finds a port. Returns how an administrator gets in. */
  async create(): Promise<Access> {
    const { name, folder } = this.#plan;
    const keys = await writeKeys(name, this.#files);
    const access = (port: number): Access => ({
      cluster: name,
      server: `https://127.0.0.1:${port}`,
      authority: keys.authority,
      user: "admin",
      token: keys.adminToken,
    });
    const admin = access(await onFreePort((port) => this.#startApi(port, access(port))));
    this.#admin = admin;
    writePrivate(folder.kubeconfigOf(name), writeKubeconfig([admin]));
    const controllers = { ...admin, user: "controllers", token: keys.controllersToken };
    writePrivate(this.#files.controllersKubeconfig, writeKubeconfig([controllers]));
    await this.#startControllers(admin);
    return admin;
  }

  /** Again, on the same port and with the same data. */
  async start(): Promise<void> {
    const admin = this.#admin;
    if (admin === undefined || this.#api.isRunning) return;
    await this.#startApi(Number(new URL(admin.server).port), admin);
    await this.#startControllers(admin);
  }

  /** The URL of the istiod of this revision, which is started if there is none. It stays up while the cluster is down. */
  async startIstiod(plan: IstiodPlan): Promise<string> {
    const { name, folder, rack } = this.#plan;
    const url = this.#istiods.get(plan.revision) ?? (await startIstiod(plan, { cluster: name, folder, rack }));
    this.#istiods.set(plan.revision, url);
    return url;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#controllers.kill(), this.#api.kill()]);
  }

  /** Connections are taken, and nothing answers. */
  pause(): Promise<void> {
    return this.#api.pause();
  }

  resume(): void {
    this.#api.resume();
  }

  async #startApi(port: number, access: Access): Promise<void> {
    const { name, etcdUrl } = this.#plan;
    const files = this.#files;
    this.#api.start([
      `--etcd-servers=${etcdUrl}`,
      `--etcd-prefix=/${name}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${port}`,
      `--tls-cert-file=${files.serverCertificate}`,
      `--tls-private-key-file=${files.serverKey}`,
      `--client-ca-file=${files.authority}`,
      `--token-auth-file=${files.tokens}`,
      "--authorization-mode=RBAC",
      "--allow-privileged=true",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-signing-key-file=${files.serviceAccountKey}`,
      `--service-account-key-file=${files.serviceAccountKey}`,
      "--service-cluster-ip-range=10.96.0.0/16",
      // Would publish its address as the endpoint of the service `kubernetes`, which refuses a loopback address.
      "--endpoint-reconciler-type=none",
      `--audit-policy-file=${files.auditPolicy}`,
      `--audit-log-path=${this.#plan.folder.auditLogOf(name)}`,
      // Megabytes. Beyond that the log starts anew, and marks in it mean nothing.
      "--audit-log-maxsize=10000",
    ]);
    const client = connect(writeKubeconfig([access]), { timeoutMs: 5_000 });
    await this.#api.ready(() => isReady(client), READY_TIMEOUT_MS);
  }

  async #startControllers(admin: Access): Promise<void> {
    const client = connect(writeKubeconfig([admin]));
    // Made by the controllers when it is missing, which shows that they are at work. (A namespace that is made and deleted
    // would show more, and take 5 s: the namespace controller lets that pass before it looks at a deleted one.)
    if (await exists(client, ROOT_CERTIFICATE)) await client.delete(ROOT_CERTIFICATE);
    this.#controllers.start([
      `--kubeconfig=${this.#files.controllersKubeconfig}`,
      `--controllers=${CONTROLLERS.join(",")}`,
      "--leader-elect=false",
      "--use-service-account-credentials=false",
      `--root-ca-file=${this.#files.authority}`,
      // By default 20 requests a second, which makes the deletion of a few namespaces a matter of a minute.
      "--kube-api-qps=1000",
      "--kube-api-burst=1000",
      // Serves nothing: nobody asks it.
      "--secure-port=0",
    ]);
    await this.#controllers.ready(() => hasNamespaceContents(client), READY_TIMEOUT_MS);
  }
}

interface Files {
  readonly authority: string;
  readonly authorityKey: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly serviceAccountKey: string;
  readonly tokens: string;
  readonly auditPolicy: string;
  readonly controllersKubeconfig: string;
}

function filesIn(directory: string): Files {
  return {
    authority: join(directory, "ca.crt"),
    authorityKey: join(directory, "ca.key"),
    serverCertificate: join(directory, "server.crt"),
    serverKey: join(directory, "server.key"),
    serviceAccountKey: join(directory, "service-account.key"),
    tokens: join(directory, "tokens.csv"),
    auditPolicy: join(directory, "audit-policy.json"),
    controllersKubeconfig: join(directory, "controllers.kubeconfig"),
  };
}

async function writeKeys(name: string, files: Files) {
  fs.mkdirSync(dirname(files.authority), { recursive: true });
  const authority = await createAuthority(name);
  const server = await createServerCertificate(authority);
  const adminToken = randomBytes(24).toString("hex");
  const controllersToken = randomBytes(24).toString("hex");
  writePrivate(files.authority, authority.certificate);
  writePrivate(files.authorityKey, authority.key);
  writePrivate(files.serverCertificate, server.certificate);
  writePrivate(files.serverKey, server.key);
  writePrivate(files.serviceAccountKey, createSigningKey());
  writePrivate(files.auditPolicy, JSON.stringify(auditPolicy));
  writePrivate(
    files.tokens,
    // In system:masters too: their roles are bound to service accounts of their own, which they do not use here.
    `${adminToken},admin,admin,"system:masters"\n` +
      `${controllersToken},system:kube-controller-manager,controllers,"system:masters"\n`,
  );
  return { authority: authority.certificate, adminToken, controllersToken };
}

function writePrivate(path: string, text: string): void {
  fs.writeFileSync(path, text, { mode: 0o600 });
}

async function isReady(client: KubeClient): Promise<boolean> {
  return (await client.request({ method: "GET", path: "/readyz" })).status === 200;
}

async function hasNamespaceContents(client: KubeClient): Promise<boolean> {
  const paths = [DEFAULT_SERVICE_ACCOUNT, ROOT_CERTIFICATE, LAST_NAMESPACE];
  const found = await Promise.all(paths.map((path) => exists(client, path)));
  return found.every(Boolean);
}

async function exists(client: KubeClient, path: string): Promise<boolean> {
  return (await client.find(path)) !== undefined;
}
