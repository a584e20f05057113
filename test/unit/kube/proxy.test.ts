import { describe, expect, test } from "vitest";
import { chooseProxy } from "../../../provider/kube/proxy.ts";

const PROXY = "http://proxy:3128";

describe("chooseProxy", () => {
  const cases: readonly {
    readonly title: string;
    readonly server: string;
    readonly env: Record<string, string>;
    readonly proxy: string | undefined;
  }[] = [
    { title: "is direct without variables", server: "https://a.example", env: {}, proxy: undefined },
    { title: "takes HTTPS_PROXY for https", server: "https://a.example", env: { HTTPS_PROXY: PROXY }, proxy: PROXY },
    { title: "reads lower case too", server: "https://a.example", env: { https_proxy: PROXY }, proxy: PROXY },
    { title: "takes HTTP_PROXY for http", server: "http://a.example", env: { HTTP_PROXY: PROXY }, proxy: PROXY },
    {
      title: "does not take HTTP_PROXY for https",
      server: "https://a.example",
      env: { HTTP_PROXY: PROXY },
      proxy: undefined,
    },
    {
      title: "takes a proxy without a scheme for http",
      server: "https://a",
      env: { HTTPS_PROXY: "p:1" },
      proxy: "http://p:1",
    },
    {
      title: "never proxies localhost",
      server: "https://localhost:6443",
      env: { HTTPS_PROXY: PROXY },
      proxy: undefined,
    },
    {
      title: "never proxies a loopback address",
      server: "https://127.0.0.1",
      env: { HTTPS_PROXY: PROXY },
      proxy: undefined,
    },
    { title: "never proxies ::1", server: "https://[::1]:6443", env: { HTTPS_PROXY: PROXY }, proxy: undefined },
  ];
  for (const { title, server, env, proxy } of cases) {
    test(title, () => expect(chooseProxy(new URL(server), env)).toBe(proxy));
  }
});

describe("NO_PROXY", () => {
  const cases: readonly { readonly rule: string; readonly server: string; readonly direct: boolean }[] = [
    { rule: "*", server: "https://a.example", direct: true },
    { rule: "example.com", server: "https://example.com", direct: true },
    { rule: "example.com", server: "https://api.example.com", direct: true },
    { rule: "example.com", server: "https://notexample.com", direct: false },
    { rule: ".example.com", server: "https://api.example.com", direct: true },
    { rule: ".example.com", server: "https://example.com", direct: false },
    { rule: "*.example.com", server: "https://api.example.com", direct: true },
    { rule: "EXAMPLE.com", server: "https://Example.COM", direct: true },
    { rule: "a.example, example.com", server: "https://example.com", direct: true },
    { rule: "example.com:6443", server: "https://example.com:6443", direct: true },
    { rule: "example.com:6443", server: "https://example.com", direct: false },
    { rule: "example.com:443", server: "https://example.com", direct: true },
    { rule: "10.0.0.0/8", server: "https://10.1.2.3", direct: true },
    { rule: "10.0.0.0/8", server: "https://11.1.2.3", direct: false },
    { rule: "10.0.0.0/8", server: "https://ten.example", direct: false },
    { rule: "10.0.0.0/99", server: "https://10.1.2.3", direct: false },
    { rule: "10.1.2.3", server: "https://10.1.2.3", direct: true },
    { rule: "fd00::/8", server: "https://[fd00::1]:6443", direct: true },
    { rule: "fd00::1", server: "https://[fd00::1]:6443", direct: true },
    { rule: "", server: "https://a.example", direct: false },
  ];
  for (const { rule, server, direct } of cases) {
    test(`"${rule}" ${direct ? "excepts" : "does not except"} ${server}`, () => {
      const env = { HTTPS_PROXY: PROXY, NO_PROXY: rule };
      expect(chooseProxy(new URL(server), env)).toBe(direct ? undefined : PROXY);
    });
  }
});
