/** Seconds between the lines that say that something long is still going on. */
const PROGRESS_SECONDS = 15;

/** Says what is begun, that it goes on, and how long it took. */
export async function withProgress(what, say, work) {
  const started = Date.now();
  const elapsed = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  say(`${what} ...`);
  const timer = setInterval(() => say(`${what}: ${elapsed()} so far`), PROGRESS_SECONDS * 1000);
  try {
    const result = await work();
    say(`${what}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
