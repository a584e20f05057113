import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asSecret,
  conceal,
  noSecrets,
  reveal,
  secretPathsIn,
  secretsAt,
  secretsOfUpdate,
} from "../../../provider/model/secrets.ts";
import { UNKNOWN } from "../../../provider/model/unknown.ts";

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

  test("are secrets where they are quoted, if they can be told from ordinary text", () => {
    const secrets = noSecrets();
    reveal({ labels: asSecret({ key: "hush", zone: "a" }) }, secrets);
    expect(conceal({ error: "no hush here", zone: "a", why: "a rule" }, secrets)).toEqual({
      error: asSecret("no hush here"),
      zone: asSecret("a"),
      why: "a rule",
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

describe("secrets of a value without marks", () => {
  const value = { name: "shop", labels: { team: "a", key: "hush" }, list: ["b", "quiet"] };

  test("are the texts at the given paths and below", () => {
    expect([...secretsAt([["labels"], ["list", 1]], value).texts]).toEqual(["a", "hush", "quiet"]);
  });

  test("are not what is empty, and not what is unknown", () => {
    expect(secretsAt([["a"], ["b"]], { a: "", b: UNKNOWN }).texts.size).toBe(0);
  });

  test("are none where the paths are damaged", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (paths) => {
        fc.pre(!Array.isArray(paths) || !paths.some(Array.isArray));
        expect(secretsAt(paths, value)).toEqual(noSecrets());
      }),
    );
  });

  test("are found again at the paths where they stand", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ minLength: 1 }), (other, text) => {
        const all = { labels: { key: text }, other, targets: { east: [text] } };
        const secrets = secretsAt([["labels", "key"]], all);
        const found = secretsAt(secretPathsIn(all, secrets), all);
        expect(found.texts).toEqual(secrets.texts);
        expect(conceal(all, found)).toEqual(conceal(all, secrets));
      }),
    );
  });
});

describe("secrets of an update", () => {
  const at = (text: string) => ({ labels: { key: text } });
  const secretsIn = (text: string) => secretsAt([["labels", "key"]], at(text));

  test("are the new one, and the old one that a cluster may carry still", () => {
    expect(secretsOfUpdate(secretsIn("old"), at("new"), secretsIn("new")).texts).toEqual(new Set(["old", "new"]));
  });

  test("are not what is given in plain text now", () => {
    expect(secretsOfUpdate(secretsIn("old"), at("old"), noSecrets()).texts.size).toBe(0);
  });

  test("are also what is given as a secret and in plain text", () => {
    const inputs = { ...at("old"), targets: { east: "old" } };
    expect(secretsOfUpdate(secretsIn("old"), inputs, secretsIn("old")).texts).toEqual(new Set(["old"]));
  });
});
