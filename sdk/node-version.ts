/** Loaded before everything else: on an older Node.js the dependencies fail in ways that nobody understands. */

const OLDEST = 22;

const major = Number(process.versions.node.split(".")[0]);
if (major < OLDEST) {
  // The brand of Pulumi's RunError: the message is printed without a stack trace.
  throw Object.assign(
    new Error(
      `pulumi-global-namespace needs Node.js ${OLDEST} or newer, this is ${process.versions.node}: put a newer "node" first on PATH`,
    ),
    { __pulumiRunError: true },
  );
}

export {};
