/** A GitHub and a GitLab of one pull request, as far as its comments and labels go. Both have the same comments. */

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Comment {
  readonly id: number;
  readonly author: string;
  readonly body: string;
}

export interface Forge {
  readonly url: string;
  readonly comments: Comment[];
  /** Labels of the pull request. */
  labels: readonly string[];
  readonly token: string;
  close(): Promise<void>;
}

/** As whom the token's holder writes. */
export const BOT = "github-actions[bot]";

/** Comments a page: few, so that one page is not all there is. */
const PAGE = 2;

const NUMBER = 7;
const PROJECT = 12;
const GITHUB_COMMENTS = `/repos/acme/infra/issues/${NUMBER}/comments`;
const GITLAB_NOTES = `/api/v4/projects/${PROJECT}/merge_requests/${NUMBER}/notes`;

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly text: string;
}

interface Answer {
  readonly json: unknown;
  readonly link?: string;
}

export async function startForge(): Promise<Forge> {
  const comments: Comment[] = [];
  const token = "forge-secret-token";
  const server = createServer(async (request, response) => {
    const isKnown = [request.headers.authorization, `token ${request.headers["private-token"]}`].includes(
      `token ${token}`,
    );
    const url = new URL(request.url ?? "/", forge.url);
    const answer = isKnown
      ? answerTo({ method: request.method ?? "GET", url, text: await textOf(request) })
      : undefined;
    response.statusCode = answer === undefined ? 404 : 200;
    if (answer?.link !== undefined) response.setHeader("link", `<${answer.link}>; rel="next"`);
    response.end(JSON.stringify(answer?.json ?? { message: "Not Found" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const forge: Forge = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    labels: [],
    token,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return forge;

  function answerTo({ method, url, text }: Request): Answer | undefined {
    const path = url.pathname;
    if (path === "/api/v4/user") return { json: { id: idOf(BOT) } };
    if (path === GITHUB_COMMENTS || path === GITLAB_NOTES) {
      if (method === "POST") return { json: render(write(comments.length + 1, bodyOf(path, text))) };
      return page(url);
    }
    const [, id] = /^(?:\/repos\/acme\/infra\/issues\/comments|\/api\/v4\/.*\/notes)\/(\d+)$/.exec(path) ?? [];
    if (id !== undefined && (method === "PATCH" || method === "PUT")) {
      return { json: render(write(Number(id), bodyOf(path, text))) };
    }
    if (path.startsWith("/repos/acme/infra/commits/")) {
      const labels = forge.labels.map((name) => ({ name }));
      // A pull request that was not merged may hold the same commit.
      return {
        json: [
          { merged_at: null, labels: [{ name: "destructive-ok" }] },
          { merged_at: "2026-11-24T06:00:00Z", labels },
        ],
      };
    }
    if (path.startsWith(`/api/v4/projects/${PROJECT}/repository/commits/`)) {
      return {
        json: [
          { state: "opened", labels: ["destructive-ok"] },
          { state: "merged", labels: forge.labels },
        ],
      };
    }
    return undefined;
  }

  /** GitLab's pages have as many notes as are asked for, GitHub's a link to the next one. */
  function page(url: URL): Answer {
    const number = Number(url.searchParams.get("page") ?? "1");
    const size = Number(url.searchParams.get("per_page") ?? PAGE);
    const next = new URL(url);
    next.searchParams.set("page", String(number + 1));
    const json = comments.slice((number - 1) * size, number * size).map(render);
    return number * size < comments.length ? { json, link: next.href } : { json };
  }

  function write(id: number, body: string): Comment {
    const comment = { id, author: comments[id - 1]?.author ?? BOT, body };
    comments[id - 1] = comment;
    return comment;
  }
}

/** As both of them say it. */
function render({ id, author, body }: Comment): unknown {
  return { id, body, user: { login: author }, author: { id: idOf(author) } };
}

function idOf(author: string): number {
  return author === BOT ? 1 : 2;
}

function bodyOf(path: string, text: string): string {
  if (path.startsWith("/api/v4/")) return new URLSearchParams(text).get("body") ?? "";
  return (JSON.parse(text) as { readonly body: string }).body;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
