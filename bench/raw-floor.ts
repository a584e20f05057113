/**
 * The floor of the requests: those that this package makes for a job, over one HTTP/2 session a cluster, and nothing else.
 * No diff, no ownership, no retry, no look at the answer but its status.
 */

import * as http2 from "node:http2";
import type { Access } from "../test/lab/kubeconfig.ts";
import { answer, type Cost, costOf } from "./child.ts";
import { settled } from "./settled.ts";

export interface RawGiven {
  /** The first is the control plane. */
  readonly clusters: readonly Access[];
  readonly namespaces: number;
}

export interface Alone {
  readonly "first up": Cost;
  readonly "one label on all": Cost;
  readonly refresh: Cost;
}

/** As many at once to one cluster as the package's default. */
const AT_ONCE = 32;

/** Objects a page, as the package asks for. */
const PAGE = 1000;

type Send = (method: string, path: string, body?: object) => Promise<string>;

await answer<RawGiven>(async ({ clusters, namespaces }): Promise<Alone> => {
  const sessions: http2.ClientHttp2Session[] = [];
  /** Each job has connections of its own, as each command has. */
  const connect = () =>
    clusters.map(({ server, authority, token }) => {
      const session = http2.connect(server, { ca: authority });
      sessions.push(session);
      return sender(session, String(token));
    });
  const names = Array.from({ length: namespaces }, (_, index) => `bench-${index}`);
  const applyAll = async (team: string) => {
    const senders = connect();
    await Promise.all(senders.map(list));
    await Promise.all(senders.map((send) => atOnce(names, (name) => apply(send, name, team))));
    return senders.length * (namespaces + 1);
  };
  const created = await costOf(() => applyAll("a"));
  await settled(clusters);
  const result = {
    "first up": created,
    "one label on all": await costOf(() => applyAll("b")),
    refresh: await costOf(async () => {
      await Promise.all(connect().map(list));
      return clusters.length;
    }),
  };
  for (const session of sessions) session.close();
  return result;
});

function apply(send: Send, name: string, team: string): Promise<string> {
  const annotations = { "global-namespace.dev/owner": `organization/bench/bench/mesh/${name}` };
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { team }, annotations } };
  return send("PATCH", `/api/v1/namespaces/${name}?fieldManager=bench`, body);
}

async function list(send: Send): Promise<void> {
  JSON.parse(await send("GET", `/api/v1/namespaces?limit=${PAGE}`));
}

async function atOnce(names: readonly string[], act: (name: string) => Promise<unknown>): Promise<void> {
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await act(name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function sender(session: http2.ClientHttp2Session, token: string): Send {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": method,
        ":path": path,
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/apply-patch+yaml" }),
      });
      let status = 0;
      let text = "";
      stream.setEncoding("utf8");
      stream.on("response", (headers) => {
        status = Number(headers[":status"]);
      });
      stream.on("data", (chunk) => {
        text += chunk;
      });
      stream.on("end", () => {
        if (status < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${status} ${text}`));
      });
      stream.on("error", reject);
      stream.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
