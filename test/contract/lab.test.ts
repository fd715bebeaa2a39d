/** The lab as a person uses it, in real Chromium: the page trains by itself, is driven by mouse and by keyboard, and has Node's bytes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { type OpenBrowser, openBrowser } from "../support/browser.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { temporaryFolders } from "../support/folder.ts";
import {
  noBrowser,
  openPage,
  type ServedLab,
  saved,
  startLab,
  stepOf,
  stepPast,
  tabTo,
  trainedInNode,
} from "../support/lab-visit.ts";

const newFolder = temporaryFolders();

/** A loaded machine of two cores trains some hundred images a second. */
const LONG = 900_000;
/** Bytes of all that a first visit loads, packed, without the images. */
const FIRST_LOAD = 150_000;

describe.skipIf(noBrowser)("the lab in Chromium", () => {
  let lab: ServedLab;
  let browser: OpenBrowser;
  beforeAll(async () => {
    lab = await startLab();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });

  test("trains by itself to 95 % on images held out, without a complaint, and the command line agrees", {
    timeout: LONG,
  }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    await stepPast(page, 0);
    const best = page.getByRole("button", { name: /Save the best, (9[5-9]|100)\./ });
    await best.waitFor({ timeout: LONG });
    // Said aloud too, once an epoch.
    expect(await page.locator(".headline").getByRole("status").textContent()).toMatch(/^\d\d\.\d % of images it never/);
    const bytes = await saved(page, /Save the best/);
    expect(decodeCheckpoint(bytes, "best").position.best?.score).toBeGreaterThanOrEqual(0.95);
    expect(complaints).toEqual([]);
    await page.close();
    const folder = newFolder();
    writeFileSync(join(folder, "best.safetensors"), bytes);
    const { stdout } = await runCli(["eval", "best.safetensors", "--json"], folder);
    expect(jsonLines(stdout)[0]?.accuracy).toBeGreaterThan(0.94);
  });

  test("paused, stepped, slowed: the checkpoint has the bytes of Node after the same steps", {
    timeout: LONG,
  }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    await stepPast(page, 1);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Train" }).waitFor();
    const paused = await stepOf(page);
    await page.getByRole("button", { name: "One batch" }).click();
    await stepPast(page, paused);
    await page.getByRole("button", { name: "Train" }).waitFor();
    // Paused means paused.
    await page.waitForTimeout(500);
    expect(await stepOf(page)).toBe(paused + 1);
    await page.getByLabel("Speed").selectOption("5");
    const began = Date.now();
    await page.getByRole("button", { name: "Train" }).click();
    await stepPast(page, paused + 4);
    // Three steps after the first at five a second.
    expect(Date.now() - began).toBeGreaterThan(500);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Train" }).waitFor();
    const bytes = await saved(page, "Save checkpoint");
    expect(decodeCheckpoint(bytes, "last").position.step).toBe(await stepOf(page));
    expect(Buffer.compare(bytes, await trainedInNode(bytes))).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("opened by a link that asks for variants of images, it trains on Node's", { timeout: LONG }, async () => {
    const asked = "data.augment.shift=2&data.augment.flip=true&data.augment.rotate=10&data.augment.erase=6";
    const { page, complaints } = await openPage(browser, `${lab.url}#data=mnist&hidden=32&rule=bsd&${asked}`);
    await stepPast(page, 3);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Train" }).waitFor();
    const bytes = await saved(page, "Save checkpoint");
    const augment = { shift: 2, flip: true, rotate: 10, erase: 6 };
    expect(decodeCheckpoint(bytes, "last").config.data.augment).toEqual(augment);
    expect(Buffer.compare(bytes, await trainedInNode(bytes))).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("by keyboard alone: pause, one batch, speed, reset; and after a reload it begins anew", {
    timeout: LONG,
  }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    await stepPast(page, 2);
    await tabTo(page, "Pause");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Train" }).waitFor();
    const paused = await stepOf(page);
    await tabTo(page, "One batch");
    // One after the other, without looking for the button anew.
    for (const batch of [1, 2]) {
      await page.keyboard.press("Space");
      await stepPast(page, paused + batch - 1);
      await page.getByRole("button", { name: "Train" }).waitFor();
    }
    await tabTo(page, "Speed");
    await page.keyboard.press("End");
    expect(await page.getByLabel("Speed").inputValue()).toBe("1");
    await tabTo(page, "Reset");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /Step [0-2] of/.test(document.body.textContent ?? ""), null, { timeout: 60_000 });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Reset");
    await stepPast(page, 0);
    // The first step that the page shows, whatever this test is too late to see on a loaded machine.
    await page.addInitScript(() => {
      new MutationObserver((_, watch) => {
        const shown = /Step ([\d,]+) of/.exec(document.body?.textContent ?? "");
        if (!shown) return;
        watch.disconnect();
        document.documentElement.dataset.firstStep = shown[1]!;
      }).observe(document, { childList: true, subtree: true, characterData: true });
    });
    await page.reload();
    await stepPast(page, 0);
    expect(Number(await page.evaluate(() => document.documentElement.dataset.firstStep))).toBeLessThan(3);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("no sideways scrolling at 360 pixels", { timeout: LONG }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    await page.setViewportSize({ width: 360, height: 740 });
    await stepPast(page, 1);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    await expect.poll(width, { timeout: 10_000 }).toBeLessThanOrEqual(360);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("what a finger is to hit is 44 pixels high at least", { timeout: LONG }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    const session = await browser.context.newCDPSession(page);
    await session.send("Emulation.setTouchEmulationEnabled", { enabled: true });
    await stepPast(page, 1);
    for (const door of [/^Choose/, /^Draw/, /^Look/]) await page.locator("summary").filter({ hasText: door }).click();
    for (const name of ["Apply", "Clear"]) await page.getByRole("button", { name }).waitFor();
    // What comes once a stage's spikes have come.
    await page.getByRole("slider", { name: /^Neurons/ }).waitFor();
    const low = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("button, select, summary, input:not([hidden])")]
          .map((control) => control.closest<HTMLElement>("label:has(input)") ?? control)
          .filter((target) => target.checkVisibility() && target.getBoundingClientRect().height < 44)
          .map(({ outerHTML }) => outerHTML),
      );
    const tabs = await page.getByRole("tab").all();
    expect(tabs.length).toBeGreaterThan(3);
    for (const tab of tabs) {
      await tab.click();
      await page.getByText("Waiting for the training worker").waitFor({ state: "detached" });
      expect(await low(), (await tab.textContent()) ?? "").toEqual([]);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test(`a first visit loads at most ${FIRST_LOAD / 1000} KB, packed, beside the images`, {
    timeout: LONG,
  }, async () => {
    const page = await browser.context.newPage();
    const sizes = new Map<string, Promise<number>>();
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      // The icon is asked for by the browser, which may take its time.
      if (!pathname.startsWith("/data/") && pathname !== "/icon.svg")
        sizes.set(
          pathname,
          response.body().then((bytes) => gzipSync(bytes).length),
        );
    });
    await page.goto(lab.url);
    await stepPast(page, 1);
    const all = await Promise.all(Array.from(sizes, async ([path, size]) => [path, await size] as const));
    await page.close();
    for (const kind of ["/", ".css", ".js", ".wasm"])
      expect(
        all.some(([path]) => path.endsWith(kind)),
        kind,
      ).toBe(true);
    const total = all.reduce((sum, [, size]) => sum + size, 0);
    expect(total, JSON.stringify(all)).toBeLessThanOrEqual(FIRST_LOAD);
    // The page's script, the worker's and the kernels are among them: less would mean that something was not counted.
    expect(total).toBeGreaterThan(100_000);
  });
});
