/** Pages in a real browser, opened from a file as a person opens them. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { findBrowser } from "../lab/browser.ts";

/** Nothing that reaches out, or that a container without rights cannot do. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface OpenedPage {
  readonly page: Page;
  /** Every address asked for, the page's own file apart. */
  readonly requests: readonly string[];
  /** What the browser complained about: scripts that threw or were refused. */
  readonly complaints: readonly string[];
}

/** One browser for the tests of a file. Where none can be had, these tests fail, and those of other folders run. */
export function useBrowser(): (html: string, options?: BrowserContextOptions) => Promise<OpenedPage> {
  const dir = mkdtempSync(join(tmpdir(), "global-namespace-page-"));
  let browser: Browser;
  let count = 0;
  beforeAll(async () => {
    const executablePath = await findBrowser((line) => process.stdout.write(`lab: ${line}\n`));
    browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
    return () => browser.close();
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return async (html, options = {}) => {
    count += 1;
    const path = join(dir, `${count}.html`);
    writeFileSync(path, html);
    const page = await (await browser.newContext(options)).newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    const address = pathToFileURL(path).href;
    page.on("request", (request) => {
      if (request.url() !== address) requests.push(request.url());
    });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(address);
    return { page, requests, complaints };
  };
}
