import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { dynamicInputs } from "../../../sdk/dynamic-inputs.ts";

const pathsOf = (args: pulumi.Inputs) => dynamicInputs("shop", args, "loader").secretPaths;

test("where the arguments hold secrets is told, at any depth, and of outputs as a whole", async () => {
  const args = {
    name: pulumi.secret("shop"),
    labels: { team: "a", token: pulumi.secret("hush"), tier: pulumi.output("gold") },
    annotations: pulumi.output({ note: pulumi.secret("hush"), plain: "a" }),
    overrides: Promise.resolve({ east: { labels: { zone: pulumi.secret("b") } } }),
    clusters: ["east", pulumi.secret("west")],
    members: undefined,
  };
  expect(await pathsOf(args)).toEqual([
    ["name"],
    ["labels", "token"],
    ["annotations"],
    ["overrides", "east", "labels", "zone"],
    ["clusters", 1],
  ]);
});

test("of arguments without a secret nothing is told", async () => {
  expect(await pathsOf({ name: "shop", labels: pulumi.output({ team: "a" }), clusters: null })).toBeUndefined();
});
