/** What a README shows of a program: the commands with what they print, and the changes of a file between them. */

export type Step = Command | Change;

export interface Command {
  readonly kind: "command";
  readonly command: string;
  /** Passages of the output, each of lines that follow one another. `...` in the README stands between them. */
  readonly passages: readonly string[];
  readonly fails: boolean;
}

interface Change {
  readonly kind: "change";
  readonly diff: string;
}

const PROMPT = "$ ";
const LEFT_OUT = "...";

/** How Pulumi begins the lines by which a command fails. */
const FAILURE = /^ *(error:|❌)/m;

/** The blocks of `console` and `diff`, in their order. */
export function stepsOf(readme: string): Step[] {
  return [...readme.matchAll(/^```(console|diff)\n([\s\S]*?)^```$/gm)].flatMap(([, language, text = ""]): Step[] =>
    language === "diff" ? [{ kind: "change", diff: text }] : commandsOf(text),
  );
}

function commandsOf(block: string): Command[] {
  return block
    .split(/^(?=\$ )/m)
    .filter((text) => text.startsWith(PROMPT))
    .map((text) => {
      const [prompt = "", ...shown] = text.trimEnd().split("\n");
      return {
        kind: "command",
        command: prompt.slice(PROMPT.length),
        passages: passagesOf(shown),
        fails: FAILURE.test(shown.join("\n")),
      };
    });
}

function passagesOf(lines: readonly string[]): string[] {
  const text = lines.map((line) => (line === LEFT_OUT ? "\0" : line)).join("\n");
  return text
    .split("\0")
    .map((passage) => passage.replace(/^\n|\n$/g, ""))
    .filter((passage) => passage !== "");
}

/** What a command prints, as a README shows it: no colours, no spaces at the ends of lines. */
export function asShown(output: string): string {
  const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
  return output.replace(colours, "").replace(/[ \t]+$/gm, "");
}

/** The program with the lines of a diff changed. */
export function changed(program: string, diff: string): string {
  const lines = diff.trimEnd().split("\n");
  const side = (sign: string) =>
    lines
      .filter((line) => line === "" || line.startsWith(" ") || line.startsWith(sign))
      .map((line) => line.slice(1))
      .join("\n");
  const before = side("-");
  if (!program.includes(before)) throw new Error(`the program does not have the lines of the diff:\n${before}`);
  return program.replace(before, () => side("+"));
}
