/**
 * Pictures of the lab for README: docs/lab-light.png, of a wide window, and docs/lab-dark.png, of a phone's; needs a build and chromium.
 *
 *   npm run build && node scripts/lab-screenshots.mjs
 */
// @ts-check
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const browser = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Steps of training that are shown. */
const STEPS = 300;
const MOST_BYTES = 250_000;

/** @type {readonly { name: string, scheme: "light" | "dark", width: number, height: number }[]} */
const pictures = [
  { name: "lab-light", scheme: "light", width: 1000, height: 900 },
  { name: "lab-dark", scheme: "dark", width: 360, height: 740 },
];

const lab = spawn(process.execPath, [join(root, "dist/cli/main.js"), "lab", "--port", "0"]);
const profile = mkdtempSync(join(tmpdir(), "bispike-lab-"));
try {
  const url = await new Promise((resolve, reject) => {
    lab.stdout.once("data", (bytes) => resolve(String(bytes).trim()));
    lab.stderr.once("data", (bytes) => reject(new Error(String(bytes))));
  });
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browser,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  for (const { name, scheme, width, height } of pictures) {
    const page = await context.newPage();
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(url);
    await page.waitForFunction(
      (steps) => Number(/Step (\d+) of/.exec(document.body.textContent ?? "")?.[1]) >= steps,
      STEPS,
      { timeout: 600_000 },
    );
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Train" }).waitFor();
    const file = join(root, "docs", `${name}.png`);
    await page.screenshot({ path: file });
    await page.close();
    const { size } = statSync(file);
    console.log(`${file}: ${size} bytes`);
    if (size > MOST_BYTES) throw new Error(`${file}: expected at most ${MOST_BYTES} bytes`);
  }
  await context.close();
} finally {
  lab.kill("SIGINT");
  rmSync(profile, { recursive: true, force: true });
}
