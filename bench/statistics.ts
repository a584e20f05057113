export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}

/** How far the values lie apart, as a part of their median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

/** What a run has measured, if it has: with `--add`, not each has measured the same programs. */
export type PerRun<T> = readonly (T | undefined)[];

export function known<T>(values: PerRun<T>): T[] {
  return values.filter((value) => value !== undefined);
}

/** Of the runs that measured both, one ratio each. */
export function ratios(values: PerRun<number>, others: PerRun<number>): number[] {
  return values.flatMap((value, run) => {
    const other = others[run];
    return value === undefined || other === undefined ? [] : [value / other];
  });
}
