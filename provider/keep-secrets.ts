/**
 * The engine hands a dynamic provider its inputs without the marks of secrets, and marks by name what comes back. The SDK
 * says where secrets were (`secretPaths`); here what is computed from them is marked (`secretPlaces` of the outputs), and no
 * message tells them.
 */

import type { Mask } from "./kube/redact";
import type { CheckResult } from "./lifecycle/check";
import { withoutUndefined } from "./model/json";
import { conceal, isEmpty, type Path, type Secrets, secretPathsIn, secretsAt, secretsOfUpdate } from "./model/secrets";
import { PartialError } from "./partial-error";

export type Properties = Record<string, unknown>;

export interface ConfigureRequest {
  readonly config: unknown;
}

/** What the server asks of a kind of resource. */
export interface DynamicResource {
  configure(request: ConfigureRequest): Promise<void>;
  check(olds: Properties, news: Properties): Promise<CheckResult>;
  diff(id: string, olds: Properties, news: Properties): Promise<{ changes: boolean; replaces?: string[] }>;
  create(inputs: Properties): Promise<{ id: string; outs: Properties }>;
  update(id: string, olds: Properties, news: Properties): Promise<{ outs: Properties }>;
  read(id: string, props: Properties): Promise<{ id?: string; props?: Properties; inputs?: Properties }>;
  delete(id: string, props: Properties): Promise<void>;
}

/** `mask` learns the secrets, for lines that are said beside the answers. */
export function keepSecrets(resource: DynamicResource, { register, mask }: Mask): DynamicResource {
  return {
    configure: (request) => resource.configure(request),

    async check(olds, news) {
      const secrets = secretsOf(news);
      const { inputs, failures } = await masked(secrets, () => resource.check(olds, news));
      return {
        inputs: markedInputs(inputs, secrets, news),
        failures: failures.map(({ property, reason }) => ({ property, reason: mask(reason) })),
      };
    },

    async diff(id, olds, news) {
      const difference = await masked(secretsOf(news), () => resource.diff(id, olds, news));
      const own = ownOf(olds);
      const [kept, secrets] = [secretsAt(olds.secretPlaces, own), secretsAt(news.secretPaths, news)];
      return { ...difference, changes: difference.changes || isExposed(own, kept, secrets) };
    },

    async create(inputs) {
      const secrets = secretsOf(inputs);
      const { id, outs } = await masked(secrets, () => resource.create(inputs), inputs);
      return { id, outs: markedOutputs(outs, secrets, inputs) };
    },

    async update(id, olds, news) {
      const secrets = secretsOfUpdate(secretsOf(olds), news, secretsOf(news));
      const { outs } = await masked(secrets, () => resource.update(id, olds, news), news);
      return { outs: markedOutputs(outs, secrets, news) };
    },

    async read(id, props) {
      const secrets = secretsOf(props);
      const found = await masked(secrets, () => resource.read(id, props));
      return {
        ...found,
        ...(found.props && { props: markedOutputs(found.props, secrets, props) }),
        ...(found.inputs && { inputs: markedInputs(found.inputs, secrets, props) }),
      };
    },

    delete: (id, props) => masked(secretsOf(props), () => resource.delete(id, props)),
  };

  function secretsOf({ secretPaths, secretPlaces, ...properties }: Properties): Secrets {
    const secrets = secretsAt(secretPlaces ?? secretPaths, properties);
    for (const text of secrets.texts) register(text);
    return secrets;
  }

  /** `given` is what the outputs of a resource that is made in part are made from. */
  async function masked<T>(secrets: Secrets, act: () => Promise<T>, given: Properties = {}): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof PartialError) {
        throw new PartialError(error.id, error.reasons.map(mask), markedOutputs(error.properties, secrets, given));
      }
      if (error instanceof Error)
        Object.assign(error, { message: mask(error.message), stack: mask(error.stack ?? "") });
      throw error;
    }
  }
}

/** With the secrets marked, and where the program has them, as it says it in each run. Of none, nothing is added. */
function markedInputs(properties: Properties, secrets: Secrets, { secretPaths }: Properties): Properties {
  if (isEmpty(secrets)) return properties;
  const { __provider } = properties;
  return withoutUndefined({ ...(conceal(ownOf(properties), secrets) as Properties), secretPaths, __provider });
}

/** Those too, and for the next run every place where a secret stands. */
function markedOutputs(properties: Properties, secrets: Secrets, given: Properties): Properties {
  if (isEmpty(secrets)) return properties;
  return { ...markedInputs(properties, secrets, given), secretPlaces: secretPathsIn(ownOf(properties), secrets) };
}

/** Without what is said about secrets, and the loader: a secret may be a word of theirs. */
function ownOf({ secretPlaces: _, secretPaths: __, __provider: ___, ...properties }: Properties): Properties {
  return properties;
}

/** What the program calls a secret now stands in plain text in the recorded outputs, of which some is kept as secret. */
export function isExposed(recorded: Properties, kept: Secrets, secrets: Secrets): boolean {
  if (isEmpty(secrets)) return false;
  const isKept = (path: Path) =>
    path.some((_, index) => kept.paths.has(JSON.stringify(path.slice(0, path.length - index))));
  return secretPathsIn(recorded, secrets).some((path) => !isKept(path));
}
