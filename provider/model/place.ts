/** What a mesh calls its clusters. Loads nothing: a program needs it too. */

/** The control plane's key among kubeconfigs and clients. No cluster can have this name: it has an upper-case letter. */
export const CONTROL_PLANE = "controlPlane";

/** A mesh's name for one of its connections, as messages say it. */
export function describePlace(place: string): string {
  return place === CONTROL_PLANE ? "the control plane" : `cluster ${JSON.stringify(place)}`;
}
