import { PolicyPack, type ResourceValidationArgs, type ResourceValidationPolicy } from "@pulumi/policy";
import type { Unwrap } from "@pulumi/pulumi";
import type { GlobalNamespaceArgs } from "pulumi-global-namespace";

/** What a rule is told of a namespace: the program's arguments, with the values that a preview does not know left out. */
type Declared = Unwrap<GlobalNamespaceArgs>;

/** A rule is a question about one namespace, and the answer is what is wrong with it. */
function rule(
  name: string,
  description: string,
  wrong: (declared: Declared, args: ResourceValidationArgs) => string | undefined,
): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource: (args, report) => {
      for (const [namespace, declared] of Object.entries(namespacesOf(args))) {
        const reason = wrong(declared, args);
        if (reason !== undefined) report(`${namespace}: ${reason}`);
      }
    },
  };
}

/** As the dynamic provider's resources are called, and as the plugin's are. */
const TYPES = /^(?:pulumi-nodejs:dynamic\/global-namespace|global-namespace:index):(GlobalNamespaces?)$/;

/** A GlobalNamespace is one, GlobalNamespaces are many. */
function namespacesOf({ type, name, props }: ResourceValidationArgs): Record<string, Declared> {
  const kind = TYPES.exec(type)?.[1];
  if (kind === "GlobalNamespace") return { [name]: props as Declared };
  if (kind === "GlobalNamespaces") return props.namespaces ?? {};
  return {};
}

/** Out of `urn:pulumi:<stack>::<project>::<type>::<name>`. */
function stackOf({ urn }: ResourceValidationArgs): string {
  return urn.split("::")[0]?.replace("urn:pulumi:", "") ?? "";
}

const injectionIsDeclared = rule(
  "injection-is-declared",
  "Whether a namespace is in the mesh is written down, not left to what somebody set by hand.",
  ({ injection }) =>
    injection === undefined ? 'say injection: "enabled", or "disabled" for outside the mesh' : undefined,
);

const nothingIsForced = rule(
  "nothing-is-forced",
  "A namespace of another stack is not taken over by a setting that stays in the program.",
  ({ force }) => (force === true ? "take the namespace out where it is declared, instead of force: true" : undefined),
);

const productionKeepsWhatItHolds: ResourceValidationPolicy = {
  ...rule(
    "production-keeps-what-it-holds",
    "In production no namespace goes together with the workloads in it.",
    ({ deleteNonEmpty }, args) => {
      const { stacks } = args.getConfig<{ stacks: string[] }>();
      if (deleteNonEmpty !== true || !stacks.includes(stackOf(args))) return undefined;
      return "with deleteNonEmpty: true a destroy deletes what runs there, on the mesh whatever onDelete says";
    },
  ),
  configSchema: { properties: { stacks: { type: "array", items: { type: "string" }, default: ["prod"] } } },
};

new PolicyPack("global-namespaces", {
  policies: [injectionIsDeclared, nothingIsForced, productionKeepsWhatItHolds],
});
