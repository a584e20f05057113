/** What every command of the package is. */
export interface Command {
  /** Its name and one line about it. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** Writes to standard output and gives the exit code; what it throws is a sentence for standard error. */
  run(args: readonly string[]): Promise<number>;
}
