/** The provider's two faces, and which of them the projects of a test file use. */

/** `dynamic` is loaded from the program's node_modules, `plugin` is a program of its own. */
export type Face = "dynamic" | "plugin";

/** What a program imports. */
export const MODULES: Readonly<Record<Face, string>> = {
  dynamic: "pulumi-global-namespace",
  plugin: "pulumi-global-namespace/plugin",
};

/** What `Pulumi.yaml` says for the plugin; the dynamic provider needs nothing. */
export const PLUGINS = `plugins:
  providers:
    - name: global-namespace
      path: node_modules/.bin
`;

/** Any file can be run with the plugin; those that are run so each time are in `plugin/`. */
let face: Face = process.env.GLOBAL_NAMESPACE_TEST_FACE === "plugin" ? "plugin" : "dynamic";

/** Of projects that are made from now on: tests that were written for one face run again for the other. */
export function useFace(chosen: Face): void {
  face = chosen;
}

export function faceInUse(): Face {
  return face;
}
