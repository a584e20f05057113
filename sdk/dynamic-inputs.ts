import * as pulumi from "@pulumi/pulumi";

/**
 * What a resource of the dynamic provider is registered with: its own properties, the text that loads the provider, and
 * where secrets are, of which the engine does not tell a dynamic provider.
 */
export function dynamicInputs(name: string, properties: pulumi.Inputs, provider: string): pulumi.Inputs {
  return { ...properties, secretPaths: secretPaths(properties), resource: name, __provider: provider };
}

type Path = readonly (string | number)[];

/** Of no secret there is nothing to stand in the state. */
async function secretPaths(properties: pulumi.Inputs): Promise<Path[] | undefined> {
  const paths = await secretsIn(properties, []);
  return paths.length > 0 ? paths : undefined;
}

async function secretsIn(value: unknown, path: Path): Promise<Path[]> {
  // An output that holds a secret is one as a whole.
  if (pulumi.Output.isInstance(value)) return (await pulumi.isSecret(value)) ? [path] : [];
  if (value instanceof Promise) return secretsIn(await value, path);
  if (typeof value !== "object" || value === null) return [];
  const items: (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return (await Promise.all(items.map(([key, item]) => secretsIn(item, [...path, key])))).flat();
}
