/** How large a run of the fault suite is, and the chance in it, which a printed number brings back. */

/** `npm run test:long` sets it. */
export const IS_LONG: boolean = process.env.GLOBAL_NAMESPACE_TEST_LONG === "1";

/** Steps of the model-based test. */
export const STEPS: number = Number(process.env.GLOBAL_NAMESPACE_TEST_STEPS ?? (IS_LONG ? 10_000 : 1_000));

/** How often each write is killed. */
export const ROUNDS: number = Number(process.env.GLOBAL_NAMESPACE_TEST_ROUNDS ?? (IS_LONG ? 10 : 1));

/** Of a run in which the model itself had once been wrong. */
const KNOWN_SEED = 517_007_060;

/** The long run takes a new one each time; `npm test` is the same run again, so that it fails for what was changed. */
export const SEED: number = Number(
  process.env.GLOBAL_NAMESPACE_TEST_SEED ?? (IS_LONG ? Date.now() % 1_000_000_007 : KNOWN_SEED),
);

/** 0 ≤ x < 1, mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** A line of a run's result, beside the tests' own. */
export function report(line: string): void {
  process.stdout.write(`${line}\n`);
}
