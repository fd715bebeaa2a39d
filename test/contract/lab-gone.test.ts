/** The lab in Chromium when its server goes, answers by halves, or comes back: nothing is lost without a word, and a person can go on. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../support/browser.ts";
import { noBrowser, openPage, saved, startLab, stepPast } from "../support/lab-visit.ts";

const LONG = 900_000;
const GONE = /The page's server does not answer/i;

/** What the page itself complains of; a browser also notes every answer that did not come. */
const faults = (complaints: readonly string[]) => complaints.filter((text) => !text.startsWith("Failed to load"));

const alert = (page: Page, text: RegExp) => page.getByRole("alert").filter({ hasText: text });

describe.skipIf(noBrowser)("a server that goes, in Chromium", () => {
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("what is not here yet says so and can be asked for again; a reset trains on the images it has", {
    timeout: LONG,
  }, async () => {
    const lab = await startLab();
    const { page, complaints } = await openPage(browser, lab.url);
    await stepPast(page, 1);
    await lab.close();
    const doors = [/^Choose/, /^Draw/, /^Energy/, /^Look/];
    for (const door of doors) await page.locator("summary").filter({ hasText: door }).click();
    const again = page.getByRole("button", { name: "Try again" });
    await expect.poll(() => again.count(), { timeout: 20_000 }).toBe(doors.length);
    await page.getByRole("button", { name: "Save checkpoint" }).click();
    await page.getByText(GONE).waitFor();
    await page.getByRole("button", { name: "Reset" }).click();
    await page.getByText(/^Fetching the images.* …$/).waitFor();
    await stepPast(page, 1);
    const back = await startLab(["--port", new URL(lab.url).port]);
    try {
      for (let left = doors.length; left > 0; left--) {
        await again.first().click();
        await expect.poll(() => again.count(), { timeout: 20_000 }).toBe(left - 1);
      }
      for (const name of ["Apply", "Clear"]) await page.getByRole("button", { name }).waitFor();
      await page.getByRole("tab").first().waitFor();
      expect((await saved(page, "Save checkpoint")).length).toBeGreaterThan(1e6);
      expect(faults(complaints)).toEqual([]);
      await page.close();
    } finally {
      await back.close();
    }
  });

  test("images that break off, and a worker that does not come, are said, and Reset tries again", {
    timeout: LONG,
  }, async () => {
    const lab = await startLab();
    let breaks = true;
    // Between the page and the lab, with a wire that is cut.
    const wire = createServer(async ({ url }, response) => {
      if (breaks && url?.includes("train-images")) {
        response.writeHead(200, { "Content-Length": 1e7 }).write(Buffer.alloc(1e5));
        setTimeout(() => response.destroy(), 200);
        return;
      }
      const answer = await fetch(new URL(url ?? "/", lab.url));
      response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "text/plain" });
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = wire.address() as AddressInfo;
      const { page, complaints } = await openPage(browser, `http://127.0.0.1:${port}/`);
      await alert(page, GONE).waitFor();
      breaks = false;
      await page.getByRole("button", { name: "Reset" }).click();
      await stepPast(page, 1);
      await page.route(/assets\/main-.*\.js/, (route) => route.abort());
      await page.getByRole("button", { name: "Reset" }).click();
      await alert(page, GONE).waitFor();
      await page.getByText("No run").waitFor();
      await page.unroute(/assets\/main-.*\.js/);
      await page.getByRole("button", { name: "Reset" }).click();
      await stepPast(page, 1);
      expect(await page.getByRole("alert").count()).toBe(0);
      expect(faults(complaints)).toEqual([]);
      await page.close();
    } finally {
      wire.close();
      wire.closeAllConnections();
      await lab.close();
    }
  });

  test("images over a slow wire: the page says how many of how many megabytes have come", {
    timeout: LONG,
  }, async () => {
    const lab = await startLab();
    let goOn = () => {};
    const asked = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let all = 0;
    const wire = createServer(async ({ url }, response) => {
      const answer = await fetch(new URL(url ?? "/", lab.url));
      const bytes = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, {
        "Content-Type": answer.headers.get("content-type") ?? "text/plain",
        "Content-Length": bytes.length,
      });
      if (url?.includes("/data/")) all += bytes.length;
      if (!url?.includes("train-images")) {
        response.end(bytes);
        return;
      }
      response.write(bytes.subarray(0, 4e6));
      await asked;
      response.end(bytes.subarray(4e6));
    });
    await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = wire.address() as AddressInfo;
      const { page, complaints } = await openPage(browser, `http://127.0.0.1:${port}/`);
      const line = page.getByText(/^Fetching the images: [\d.]+ of [\d.]+ MB …$/);
      await line.waitFor();
      const [come, of] = (await line.textContent())!.match(/[\d.]+/g)!.map(Number);
      expect(of).toBeCloseTo(all / 1e6, 1);
      expect(come).toBeGreaterThan(0);
      expect(come).toBeLessThan(of!);
      goOn();
      await stepPast(page, 1);
      expect(faults(complaints)).toEqual([]);
      await page.close();
    } finally {
      goOn();
      wire.close();
      wire.closeAllConnections();
      await lab.close();
    }
  });
});
