/** HTML that is safe by construction: what is put into a template is text, unless a template made it. */

const TEXT: unique symbol = Symbol("markup");

export interface Markup {
  readonly [TEXT]: string;
}

/** What a template takes; nothing is shown of `undefined`. */
export type Content = string | number | undefined | Markup | readonly Content[];

/** Values are escaped for text and for attributes in double quotes; they may stand nowhere else. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { [TEXT]: parts.reduce((text, part, index) => text + textOf(values[index - 1]) + part) };
}

/** For text of this package's own: a style sheet, a script. */
export function trusted(text: string): Markup {
  return { [TEXT]: text };
}

export function renderMarkup(markup: Markup): string {
  return markup[TEXT];
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  if (typeof content === "string" || typeof content === "number") return escapeText(String(content));
  return TEXT in content ? content[TEXT] : content.map(textOf).join("");
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
