/** Debian's Chromium, driven by playwright-core: the lab as a person uses it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a browser is; undefined on a machine without one. */
export const chromiumPath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));

/** Keeps the browser from calling home: a closed network would refuse it many times a second. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface OpenBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/**
 * Starts a browser with an empty profile.
 *
 * @param more arguments of Chromium
 */
export async function openBrowser(
  viewport = { width: 1280, height: 900 },
  more: readonly string[] = [],
): Promise<OpenBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "bispike-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath!,
    headless: true,
    args: [...QUIET, ...more],
    viewport,
  });
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
