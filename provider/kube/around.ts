/** The shape that limits and breakers share: something that happens around any one call to a cluster. */

import type { NamespaceApi } from "./namespace-api";

export type Around = <T>(call: () => Promise<T>) => Promise<T>;

/** The same interface, with every call of it inside `wrap`. */
export function around(api: NamespaceApi, wrap: Around): NamespaceApi {
  return {
    get: (name) => wrap(() => api.get(name)),
    list: () => wrap(() => api.list()),
    create: (body, fieldManager) => wrap(() => api.create(body, fieldManager)),
    apply: (body, options) => wrap(() => api.apply(body, options)),
    removeLabels: (namespace, keys, fieldManager) => wrap(() => api.removeLabels(namespace, keys, fieldManager)),
    remove: (namespace) => wrap(() => api.remove(namespace)),
  };
}
