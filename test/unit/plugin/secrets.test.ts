import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asSecret, conceal, noSecrets, reveal } from "../../../plugin/secrets.ts";

describe("secrets", () => {
  test("come off on the way in and are put back where they were", () => {
    const given = { name: "shop", labels: { team: "a", key: asSecret("hush") }, list: [asSecret(1), 2] };
    const secrets = noSecrets();
    const plain = reveal(given, secrets);
    expect(plain).toEqual({ name: "shop", labels: { team: "a", key: "hush" }, list: [1, 2] });
    expect(conceal(plain, secrets)).toEqual(given);
  });

  test("are secrets wherever their text is used", () => {
    const secrets = noSecrets();
    reveal({ labels: asSecret({ key: "hush" }) }, secrets);
    const targets = { east: { labels: { key: "hush", team: "a" } } };
    expect(conceal({ targets }, secrets)).toEqual({
      targets: { east: { labels: { key: asSecret("hush"), team: "a" } } },
    });
  });

  test("of which there are none change no value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const secrets = noSecrets();
        expect(conceal(reveal(value, secrets), secrets)).toEqual(value);
      }),
    );
  });
});
