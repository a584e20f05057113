/** Which HTTP proxy stands between us and a server, by the variables that kubectl and curl obey too. Pure. */

/**
 * The proxy for `server`, or `undefined` for a direct connection. `NO_PROXY` holds host names (each also for its
 * subdomains), addresses, CIDR ranges, `host:port`, or `*`. As in Go, localhost and loopback addresses are never
 * proxied, and the lower-case spelling of a variable is read after the upper-case one.
 *
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function chooseProxy(server: URL, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const read = (name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;
  const proxy = read(server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === undefined) return undefined;
  const host = bareHost(server.hostname);
  if (host === "localhost" || /^127\./.test(host) || host === "::1") return undefined;
  const port = server.port || (server.protocol === "https:" ? "443" : "80");
  const excepted = (read("NO_PROXY") ?? "").split(",").some((rule) => matches(rule.trim().toLowerCase(), host, port));
  if (excepted) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** A host name without the brackets that a URL puts around an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").toLowerCase();
}

function matches(rule: string, host: string, port: string): boolean {
  if (rule === "") return false;
  if (rule === "*") return true;
  if (rule.includes("/")) return inRange(rule, host);
  const [, name = "", rulePort] = /^(\[[^\]]+\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/.exec(rule) ?? [];
  if (rulePort !== undefined && rulePort !== port) return false;
  const wanted = bareHost(name).replace(/^\*?\./, "");
  const onlySubdomains = /^\*?\./.test(name);
  return (!onlySubdomains && host === wanted) || host.endsWith(`.${wanted}`);
}

function inRange(cidr: string, host: string): boolean {
  const { BlockList, isIP } = require("node:net") as typeof import("node:net");
  const [address = "", bits = ""] = cidr.split("/");
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  range.addSubnet(address, Number(bits), type);
  return range.check(host, type);
}
