import { describe, expect, onTestFinished, test } from "vitest";
import { createClusterClient } from "../../../provider/kube/cluster-client.ts";
import { listItems } from "../../../provider/kube/list-pages.ts";
import type { ResolvedCluster } from "../../../provider/kube/resolved-cluster.ts";
import type { ClusterError } from "../../../provider/model/cluster-error.ts";
import { aCluster, aWorld, namespaceJson, rejection, type TestWorld, TOKEN } from "./builders.ts";
import { type Answer, closedPort, gzipJson, json, startServer, status } from "./servers.ts";

async function aClient(answer: Answer, fields: Partial<ResolvedCluster> = {}, world: TestWorld = aWorld()) {
  const server = await startServer(answer);
  return { server, world, client: clientOf(aCluster(server, fields), world) };
}

function clientOf(cluster: ResolvedCluster, world: TestWorld, requestTimeLimitMs = 60_000) {
  const options = { execPlugins: "allow", version: "1.2.3", callsAtOnce: 32, requestTimeLimitMs } as const;
  const client = createClusterClient(cluster, options, world);
  onTestFinished(() => client.close());
  return client;
}

const body = { name: "payments", labels: { team: "a" }, annotations: { note: "b" } };

describe("a request", () => {
  test("says who we are", async () => {
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()));
    await client.get("payments");
    expect(server.seen[0]).toMatchObject({
      method: "GET",
      path: "/api/v1/namespaces/payments",
      headers: {
        authorization: `Bearer ${TOKEN}`,
        "user-agent": "pulumi-global-namespace/1.2.3",
        accept: "application/json",
      },
    });
  });

  test("goes below the path of the server's URL", async () => {
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()));
    await clientOf(aCluster({ ...server, url: `${server.url}/k8s/clusters/c-1` }), aWorld()).get("payments");
    expect(server.seen[0]?.path).toBe("/k8s/clusters/c-1/api/v1/namespaces/payments");
    client.close();
  });

  test("acts as another user where the kubeconfig says so", async () => {
    const impersonation = { user: "deploy", uid: "9", groups: ["a", "b"], extra: { "acme.com/Scope": ["x"] } };
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()), {
      user: { token: TOKEN, impersonation },
    });
    await client.get("payments");
    expect(server.seen[0]?.headers).toMatchObject({
      "impersonate-user": "deploy",
      "impersonate-uid": "9",
      "impersonate-group": "a, b",
      "impersonate-extra-acme.com%2fscope": "x",
    });
  });

  test("names another user in UTF-8, as kubectl does", async () => {
    const impersonation = { user: "jürgen@müller.example", groups: ["größe", "名"], extra: { scope: ["ø"] } };
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()), {
      user: { token: TOKEN, impersonation },
    });
    await client.get("payments");
    const received = (name: string) => Buffer.from(String(server.seen[0]?.headers[name]), "latin1").toString("utf8");
    expect(received("impersonate-user")).toBe("jürgen@müller.example");
    expect(received("impersonate-group")).toBe("größe, 名");
    expect(received("impersonate-extra-scope")).toBe("ø");
  });

  test("cannot leave its path by way of a name", async () => {
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()));
    await client.get("../secrets?x=y");
    expect(server.seen[0]?.path).toBe("/api/v1/namespaces/..%2Fsecrets%3Fx%3Dy");
  });
});

describe("an apply", () => {
  test("is a server-side apply of what is declared and nothing else", async () => {
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()));
    await client.apply({ ...body, uid: "uid-1" }, { fieldManager: "us", force: true });
    expect(server.seen[0]).toMatchObject({
      method: "PATCH",
      path: "/api/v1/namespaces/payments?fieldManager=us&force=true&fieldValidation=Strict",
      headers: { "content-type": "application/apply-patch+yaml" },
    });
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "payments", uid: "uid-1", labels: { team: "a" }, annotations: { note: "b" } },
    });
  });

  for (const [code, created] of [
    [201, true],
    [200, false],
  ] as const) {
    test(`that is answered with ${code} has ${created ? "" : "not "}created the namespace`, async () => {
      const { client } = await aClient((_, response) => json(response, code, namespaceJson()));
      expect(await client.apply(body, { fieldManager: "us", force: false })).toMatchObject({ created });
    });
  }
});

test("removeLabels is a merge patch under the uid and version that were read", async () => {
  const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()));
  await client.removeLabels({ name: "payments", uid: "uid-1", resourceVersion: "7" }, ["a", "b"], "us");
  expect(server.seen[0]).toMatchObject({
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: '{"metadata":{"uid":"uid-1","resourceVersion":"7","labels":{"a":null,"b":null}}}',
  });
});

describe("remove", () => {
  test("names the uid that it means", async () => {
    const { server, client } = await aClient((_, response) => json(response, 200, namespaceJson()));
    expect(await client.remove({ name: "payments", uid: "uid-1", resourceVersion: "7" })).toBe("accepted");
    expect(server.seen[0]).toMatchObject({ method: "DELETE", path: "/api/v1/namespaces/payments" });
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: { uid: "uid-1", resourceVersion: "7" },
    });
  });

  test("of what is not there is done", async () => {
    const gone = status(404, "NotFound", "not found", { name: "payments", kind: "namespaces" });
    const { client } = await aClient((_, response) => json(response, 404, gone));
    expect(await client.remove({ name: "payments", uid: "uid-1" })).toBe("absent");
  });

  test("is not done because a proxy knows no such page", async () => {
    const { client } = await aClient((_, response) => {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("404 page not found");
    });
    expect((await rejection(client.remove({ name: "payments", uid: "uid-1" }))).code).toBe("protocol");
  });
});

describe("a namespace that the server does not have", () => {
  test("is absent", async () => {
    const gone = status(404, "NotFound", "not found", { name: "payments", kind: "namespaces" });
    const { client } = await aClient((_, response) => json(response, 404, gone));
    expect(await client.get("payments")).toBeUndefined();
  });

  test("is not absent because the server knows no such path", async () => {
    const unknown = status(404, "NotFound", "the server could not find the requested resource");
    const { client } = await aClient((_, response) => json(response, 404, unknown));
    expect((await rejection(client.get("payments"))).code).toBe("protocol");
  });

  test("is not absent because we may not see it", async () => {
    const { client } = await aClient((_, response) => json(response, 403, status(403, "Forbidden", "no")));
    expect((await rejection(client.get("payments"))).code).toBe("forbidden");
  });
});

describe("a list", () => {
  const item = (name: string) => ({ metadata: { ...(namespaceJson({ name }).metadata as object) } });
  const page = (names: readonly string[], next?: string) => ({
    apiVersion: "v1",
    kind: "NamespaceList",
    metadata: { continue: next },
    items: names.map(item),
  });

  test("is read page by page", async () => {
    const { server, client } = await aClient((_, response, nth) =>
      json(response, 200, nth === 1 ? page(["a", "b"], "more/=") : page(["c"])),
    );
    expect((await client.list()).map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/api/v1/namespaces?limit=1000",
      "/api/v1/namespaces?limit=1000&continue=more%2F%3D",
    ]);
  });

  test("asks again for the page that failed, and not for those before it", async () => {
    const { server, client } = await aClient((_, response, nth) => {
      if (nth === 2) json(response, 503, status(503, "x", "busy"));
      else json(response, 200, nth === 1 ? page(["a"], "more") : page(["b"]));
    });
    expect((await client.list()).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/api/v1/namespaces?limit=1000",
      "/api/v1/namespaces?limit=1000&continue=more",
      "/api/v1/namespaces?limit=1000&continue=more",
    ]);
  });

  test("of a thousand namespaces and Kubernetes' own is two pages", async () => {
    const all = Array.from({ length: 1004 }, (_, index) => `n-${index}`);
    const { server, client } = await aClient(({ path }, response) => {
      const query = new URL(path, "https://server").searchParams;
      const from = Number(query.get("continue") ?? 0);
      const to = from + Number(query.get("limit"));
      json(response, 200, page(all.slice(from, to), to < all.length ? String(to) : undefined));
    });
    expect(await client.list()).toHaveLength(1004);
    expect(server.seen).toHaveLength(2);
  });

  test("whose snapshot has expired is read anew and whole", async () => {
    const { server, client } = await aClient((_, response, nth) => {
      if (nth === 2) json(response, 410, status(410, "Expired", "too old"));
      else json(response, 200, nth === 1 ? page(["a"], "more") : page(["a", "b"]));
    });
    expect((await client.list()).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(server.seen[2]?.path).toBe("/api/v1/namespaces");
  });

  test("may come packed", async () => {
    const { server, client } = await aClient((_, response) => gzipJson(response, page(["a"])));
    expect(await client.list()).toHaveLength(1);
    expect(server.seen[0]?.headers["accept-encoding"]).toBe("gzip");
  });

  test("is not asked for packed where the kubeconfig forbids it", async () => {
    const { server, client } = await aClient((_, response) => json(response, 200, page([])), { compress: false });
    await client.list();
    expect(server.seen[0]?.headers["accept-encoding"]).toBeUndefined();
  });

  test("that is empty may be null", async () => {
    const { client } = await aClient((_, response) =>
      json(response, 200, { apiVersion: "v1", kind: "NamespaceList", items: null }),
    );
    expect(await client.list()).toEqual([]);
  });

  test("of another kind is refused", async () => {
    const { client } = await aClient((_, response) => json(response, 200, { ...page([]), kind: "PodList" }));
    expect((await rejection(client.list())).code).toBe("protocol");
  });

  test("of anything else is read with the same care", async () => {
    const { client } = await aClient((_, response) => json(response, 200, { kind: "XList", items: [1, 2] }));
    expect(await listItems(client.server, "/apis/x/v1/xs", "XList")).toEqual([1, 2]);
  });
});

describe("an answer that is no answer", () => {
  const cases: readonly (readonly [string, Answer])[] = [
    [
      "a login page",
      (_, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end("<html>log in</html>");
      },
    ],
    [
      "half a JSON text",
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end('{"kind":"Namespace","metadata":{');
      },
    ],
    [
      "packed rubbish",
      (_, response) => {
        response.writeHead(200, { "content-encoding": "gzip" });
        response.end("rubbish");
      },
    ],
    [
      "packed in another way",
      (_, response) => {
        response.writeHead(200, { "content-encoding": "br" });
        response.end("rubbish");
      },
    ],
    ["a redirect", (_, response) => json(response, 302, {}, { location: "https://login.example" })],
    ["another kind", (_, response) => json(response, 200, { kind: "Secret", apiVersion: "v1" })],
    ["a list", (_, response) => json(response, 200, [])],
    ["nothing", (_, response) => void response.writeHead(200).end()],
  ];
  for (const [title, answer] of cases) {
    test(`${title} is an error that is not repeated`, async () => {
      const { server, client } = await aClient(answer);
      expect(await rejection(client.get("payments"))).toMatchObject({ code: "protocol", retryable: false });
      expect(server.seen).toHaveLength(1);
    });
  }

  test("that unpacks to more than allowed is refused", async () => {
    const { client } = await aClient((_, response) => gzipJson(response, "x".repeat(5 * 1024 * 1024)));
    expect((await rejection(client.get("payments"))).code).toBe("protocol");
  });
});

describe("a failure that passes by itself", () => {
  const busy =
    (code: number, headers: Record<string, string> = {}): Answer =>
    (_, response, nth) =>
      nth === 1 ? json(response, code, status(code, "x", "busy"), headers) : json(response, 200, namespaceJson());

  for (const code of [429, 500, 502, 503, 504]) {
    test(`with status ${code} is not seen by the caller`, async () => {
      const { server, client } = await aClient(busy(code));
      expect((await client.get("payments"))?.name).toBe("payments");
      expect(server.seen).toHaveLength(2);
    });
  }

  test("waits as the server asks", async () => {
    const { client, world } = await aClient(busy(429, { "retry-after": "5" }));
    await client.get("payments");
    expect(world.slept).toEqual([6000]);
  });

  test("by a broken connection is not seen by the caller", async () => {
    const { client } = await aClient((_, response, nth) => {
      if (nth === 1) response.stream.session?.destroy();
      else json(response, 200, namespaceJson());
    });
    expect((await client.get("payments"))?.name).toBe("payments");
  });
});

describe("an apply whose answer was lost", () => {
  test("is applied again", async () => {
    const { server, client } = await aClient((_, response, nth) => {
      if (nth === 1) response.stream.session?.destroy();
      else json(response, 200, namespaceJson());
    });
    expect(await client.apply(body, { fieldManager: "us", force: false })).toMatchObject({ created: false });
    expect(server.seen).toHaveLength(2);
  });
});

describe("a cluster that is down", () => {
  test("is reported after three tries", async () => {
    const world = aWorld();
    const port = await closedPort();
    const client = clientOf(aCluster({ url: `https://127.0.0.1:${port}` }), world);
    expect(await rejection(client.get("payments"))).toMatchObject({
      code: "unreachable",
      message: `connection refused: 127.0.0.1:${port} (ECONNREFUSED)`,
    });
    expect(world.slept).toHaveLength(2);
  });

  test("costs a hundred namespaces the tries of those that run at once", async () => {
    const world = aWorld();
    const port = await closedPort();
    const client = clientOf(aCluster({ url: `https://127.0.0.1:${port}` }), world);
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => rejection(client.get(`n${i}`))));
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set(["unreachable"]));
    expect(world.slept.length).toBeLessThanOrEqual(64);
  });
});

describe("a refused credential", () => {
  const unauthorized = status(401, "Unauthorized", "Unauthorized");
  const execUser = {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1" as const,
      spelled: "aws",
      command: "aws",
      args: [],
      env: [],
      provideClusterInfo: false,
    },
  };
  const pluginWorld = () => {
    let runs = 0;
    return aWorld({
      run: async () => ({
        kind: "exited",
        code: 0,
        stdout: JSON.stringify({
          apiVersion: "client.authentication.k8s.io/v1",
          kind: "ExecCredential",
          status: { token: `token-${++runs}` },
        }),
      }),
    });
  };
  const onlySecond: Answer = ({ headers }, response) =>
    headers.authorization === "Bearer token-2"
      ? json(response, 200, namespaceJson())
      : json(response, 401, unauthorized);

  test("is renewed once, unseen by the caller", async () => {
    const world = pluginWorld();
    let accepted = "Bearer token-1";
    const { server, client } = await aClient(
      ({ headers }, response) =>
        headers.authorization === accepted ? json(response, 200, namespaceJson()) : json(response, 401, unauthorized),
      { user: execUser },
      world,
    );
    await client.get("payments");
    accepted = "Bearer token-2";
    world.pass(3_600_000);
    await Promise.all(Array.from({ length: 10 }, () => client.get("payments")));
    expect(server.seen.filter(({ headers }) => headers.authorization === "Bearer token-1")).toHaveLength(11);
    expect(server.seen.filter(({ headers }) => headers.authorization === "Bearer token-2")).toHaveLength(10);
  });

  test("that is fresh is reported without another run of the plugin", async () => {
    const { server, client } = await aClient(onlySecond, { user: execUser }, pluginWorld());
    expect((await rejection(client.get("payments"))).code).toBe("unauthorized");
    expect(server.seen).toHaveLength(1);
  });

  test("that cannot be renewed is reported at once", async () => {
    const { server, client } = await aClient((_, response) => json(response, 401, unauthorized));
    expect(await rejection(client.get("payments"))).toMatchObject({ code: "unauthorized", retryable: false });
    expect(server.seen).toHaveLength(1);
  });
});

describe("any other request", () => {
  test("is repeated like the namespaces' own", async () => {
    const { client } = await aClient((_, response, nth) =>
      nth === 1 ? json(response, 503, status(503, "x", "busy")) : json(response, 200, { kind: "X" }),
    );
    expect(await client.server.request({ method: "GET", path: "/apis/x" })).toMatchObject({ json: { kind: "X" } });
  });

  test("that creates something is not repeated when it may have been done", async () => {
    const { server, client } = await aClient((_, response) => json(response, 503, status(503, "x", "busy")));
    await rejection(client.server.request({ method: "POST", path: "/apis/x" }));
    expect(server.seen).toHaveLength(1);
  });
});

test("a text of the cluster is masked, and cut before that where it is megabytes long", () => {
  const client = clientOf(aCluster({ url: "https://api" }), aWorld());
  expect(client.redact(`you sent ${TOKEN}`)).toBe("you sent [redacted]");
  expect(client.redact("word ".repeat(1_000_000)).length).toBeLessThanOrEqual(8192);
});

describe("no error holds the token", () => {
  const echo = `Authorization: Bearer ${TOKEN} ${TOKEN} ${Buffer.from(TOKEN).toString("base64")}`;
  const answers: readonly (readonly [string, Answer])[] = [
    ...[400, 401, 403, 404, 409, 410, 422, 429, 500, 503].map((code): readonly [string, Answer] => [
      `of a ${code} that repeats it`,
      (_, response) => json(response, code, status(code, echo, echo, { name: echo, causes: [{ field: echo }] })),
    ]),
    [
      "of a page that repeats it",
      (_, response) => {
        response.writeHead(403, { "content-type": echo, "x-token": TOKEN });
        response.end(echo);
      },
    ],
    [
      "of a redirect that repeats it",
      (_, response) => json(response, 302, {}, { location: `https://x/?token=${TOKEN}` }),
    ],
    ["of a Namespace that is none and repeats it", (_, response) => json(response, 200, { kind: echo })],
    [
      "of an apply conflict that repeats it",
      (_, response) =>
        json(
          response,
          409,
          status(409, "Conflict", echo, {
            causes: [{ reason: "FieldManagerConflict", message: `conflict with "${TOKEN}"`, field: echo }],
          }),
        ),
    ],
    ["of a broken connection", (_, response) => void response.stream.session?.destroy()],
  ];
  for (const [title, answer] of answers) {
    test(title, async () => {
      const { client } = await aClient(answer);
      const error: ClusterError = await rejection(client.apply(body, { fieldManager: "us", force: false }));
      expect(error.name).toBe("ClusterError");
      const everything = [error.message, error.stack, JSON.stringify(error), JSON.stringify(error.conflicts)];
      for (let cause = error.cause; cause instanceof Error; cause = cause.cause) everything.push(cause.stack);
      expect(everything.join("\n")).not.toContain(TOKEN);
    });
  }
});
