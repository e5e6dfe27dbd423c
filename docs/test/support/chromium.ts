import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const isThere = existsSync(executablePath);
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Tests in a browser that starts before the first and ends behind the last; skipped, aloud, where there is none. */
export function inChromium(define: (browser: () => Browser) => void): void {
  if (process.env.CI) {
    test(`Chromium is at ${executablePath}`, () => expect(isThere).toBe(true));
  } else if (!isThere) {
    console.warn(`!!!! no browser was tested: ${executablePath} is not there, and $CHROMIUM names no other`);
    test.skip(`Chromium: ${executablePath} is not there, and $CHROMIUM names no other`);
  }
  describe.runIf(isThere)("Chromium", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: flags });
      // A browser that starts for the first time on a busy machine takes its time.
    }, 60_000);
    afterAll(() => browser.close());
    define(() => browser);
  });
}
