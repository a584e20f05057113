/** What a person sees of a page. The scripts run in the browser, whose types are not those of this repository. */

import type { Page } from "playwright-core";

/** The words of the matrix, row by row, without what is hidden. */
export function visibleTable(page: Page): Promise<string[][]> {
  return page.evaluate(`
    [...document.querySelectorAll("table tr")].filter((row) => !row.hidden).map((row) =>
      [...row.cells]
        .filter((cell) => !cell.hidden)
        .map((cell) => (cell.querySelector(".pill, .name") ?? cell).textContent))`);
}

export interface Contrast {
  readonly text: string;
  /** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio; 4.5 and more is level AA. */
  readonly ratio: number;
}

interface TextColor {
  readonly text: string;
  /** As `rgb(1, 2, 3)`. */
  readonly color: string;
  readonly ground: string;
}

/** Of every element that shows text of its own: how far it stands out from what is behind it. */
export async function contrastsOf(page: Page): Promise<Contrast[]> {
  const colors: TextColor[] = await page.evaluate(`
    [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility()).flatMap((element) => {
      const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent).join("").trim();
      if (text === "" || element.tagName === "SCRIPT") return [];
      let behind = element;
      while (behind.parentElement !== null && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") {
        behind = behind.parentElement;
      }
      return [{ text, color: getComputedStyle(element).color, ground: getComputedStyle(behind).backgroundColor }];
    })`);
  return colors.map(({ text, color, ground }) => ({ text, ratio: ratioOf(luminanceOf(color), luminanceOf(ground)) }));
}

function ratioOf(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
