/** Choosing in the lab, as a person does it in a real browser: two runs, own files good and bad, links good and bad. Needs the built site. */
import { zipSync } from "fflate";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { serveLab } from "../../src/node/lab-server.ts";
import { chromiumPath, type OpenBrowser, openBrowser } from "../support/browser.ts";
import { greyPng, ramp } from "../support/data-files.ts";
import { axeFindings } from "../support/lab-visit.ts";

/** Of the built command, which knows where the site is. */
const BUILT = new URL("../../dist/node/lab-server.js", import.meta.url).href;
/** A busy machine takes its time. */
const PATIENCE = 60_000;
const SMALL = "data=mnist&data.limit=1280&hidden=32&rule=bsd&epochs=2";

if (!chromiumPath) console.warn("lab-choose: skipped, as there is no Chromium here (set CHROMIUM to its path)");

describe.skipIf(!chromiumPath)("choosing in the lab", { timeout: 3 * PATIENCE }, () => {
  let lab: Awaited<ReturnType<typeof serveLab>>;
  let browser: OpenBrowser;
  const faults: string[] = [];
  beforeAll(async () => {
    const built = (await import(/* @vite-ignore */ BUILT)) as { serveLab: typeof serveLab };
    lab = await built.serveLab({ host: "127.0.0.1", port: 0, runs: [] });
    browser = await openBrowser();
    browser.context.setDefaultTimeout(PATIENCE);
  }, 2 * PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
    // What a policy forbids, and what nobody caught, is told on the console.
    expect(faults).toEqual([]);
  });

  async function open(hash: string): Promise<Page> {
    const page = await browser.context.newPage();
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(`${lab.url}${hash}`);
    return page;
  }
  const openChoices = async (page: Page) => {
    await page.getByText("Choose images, net and rule").click();
    await page.getByRole("button", { name: "Apply" }).waitFor();
  };
  const done = (page: Page, run = 0) =>
    page
      .locator("article.run")
      .nth(run)
      .getByText(/Step (\d+) of \1,.* done/);
  const step = async (page: Page) =>
    Number(/Step (\d+)/.exec((await page.locator(".status").first().textContent()) ?? "")?.[1] ?? 0);

  it("trains two rules side by side, on one chart, and shares both", async () => {
    const page = await open(`#${SMALL}`);
    await openChoices(page);
    await page.getByLabel("two side by side").check();
    await expect.poll(() => page.getByLabel("Learning rule").count()).toBe(2);
    expect(await page.getByLabel("Learning rule").nth(1).inputValue()).toBe("backprop");
    // Only what a rule reads is there.
    expect(await page.getByLabel("Temperature").count()).toBe(1);
    await page.getByRole("button", { name: "Apply" }).click();
    await done(page, 0).waitFor();
    await done(page, 1).waitFor();
    expect(page.url()).toBe(`${lab.url}#data=mnist&data.limit=1280&hidden=32&rule=bsd&epochs=2&2.rule=backprop`);
    expect(await page.locator(".uplot").count()).toBe(1);
    const legend = await page.locator(".u-legend").textContent();
    for (const line of ["1 bsd, batches", "1 bsd, validation", "2 backprop, batches", "2 backprop, validation"])
      expect(legend).toContain(line);
    expect(await page.getByLabel("Command of run 2", { exact: true }).inputValue()).toBe(
      "npx bispike train --data.name=mnist --data.limit=1280 '--network.hidden=[32]' --rule.name=backprop --train.epochs=2",
    );
    await page.getByText("Energy and operations").first().click();
    await page.getByRole("row", { name: /learn from an image by bsd/ }).waitFor();
    expect(await page.getByText(/A step of .* energy/).count()).toBe(1);
    for (const words of ["Draw a", "Look inside"]) {
      for (const door of await page.locator("summary", { hasText: words }).all()) await door.click();
    }
    await expect.poll(() => page.getByRole("tablist").count()).toBe(2);
    expect(await axeFindings(page)).toEqual([]);
    // And the link of both opens both.
    const again = await open(new URL(page.url()).hash);
    await page.close();
    await expect.poll(() => again.locator("article.run").count(), { timeout: PATIENCE }).toBe(2);
    await done(again, 1).waitFor();
    await again.close();
  });

  it("trains two where the browser cannot keep the images, as in a private window", async () => {
    // A cache takes files of up to an eighth of it.
    const small = await openBrowser(undefined, ["--disk-cache-size=20000000"]);
    try {
      const page = await small.context.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(`${lab.url}#${SMALL}&2.rule=backprop`);
      await done(page, 0).waitFor();
      await done(page, 1).waitFor();
      expect(await page.getByRole("alert").count()).toBe(0);
    } finally {
      await small.close();
    }
  });

  it("says what is wrong with what is typed, where it is typed, and starts nothing", async () => {
    const page = await open(`#${SMALL}`);
    await openChoices(page);
    await page.getByLabel("Hidden stages").fill("64, big");
    await page.getByText('expected an integer from 1 to 65535, got the text "big"').waitFor();
    expect(await page.getByLabel("Hidden stages").getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByRole("button", { name: "Apply" }).isDisabled()).toBe(true);
    await page.getByLabel("Hidden stages").fill("24");
    await page.getByLabel("Learning rule").selectOption("r-stdp");
    expect(await page.getByLabel("Learning rate").getAttribute("placeholder")).toBe("0.01");
    // By the keyboard alone.
    await page.getByLabel("Seed").fill("7");
    await page.getByLabel("Seed").press("Enter");
    await expect.poll(() => new URL(page.url()).hash).toContain("rule=r-stdp");
    expect(new URL(page.url()).hash).toContain("seed=7");
    await page.close();
  });

  it("tells what is wrong with a dropped file, goes on training, and takes a good one", async () => {
    const page = await open("#data=mnist&hidden=32&rule=bsd&epochs=1000");
    await openChoices(page);
    await expect.poll(() => step(page), { timeout: PATIENCE }).toBeGreaterThan(0);
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array([80, 75, 3, 4, 0, 0])], "broken.zip"));
      return data;
    });
    await page.locator(".drop").dispatchEvent("drop", { dataTransfer: transfer });
    await page.getByRole("alert").filter({ hasText: "broken.zip: expected a zip file's directory" }).waitFor();
    const before = await step(page);
    await expect.poll(() => step(page), { timeout: PATIENCE }).toBeGreaterThan(before);
    // A file dropped beside the place for files does not take the page away.
    await page.locator("h1").dispatchEvent("drop", { dataTransfer: transfer });
    expect(page.url()).toContain(lab.url);

    const pictures = Object.fromEntries(
      ["cat", "dog"].flatMap((name, k) =>
        Array.from({ length: 40 }, (_, i) => [`set/${name}/${100 + i}.png`, greyPng(8, 8, ramp(64, 90 * k + i))]),
      ),
    );
    await page.getByLabel("choose files").setInputFiles({
      name: "pets.zip",
      mimeType: "application/zip",
      buffer: Buffer.from(zipSync(pictures)),
    });
    await page.getByText("72 images to train on and 8 to test, 8 × 8 pixels, grey; 2 classes: cat, dog").waitFor();
    expect(await page.getByLabel("your own: pets.zip").isChecked()).toBe(true);
    await page.getByLabel("Epochs").fill("3");
    await page.getByRole("button", { name: "Apply" }).click();
    await done(page).waitFor();
    expect(await page.locator(".recalled li").allTextContents()).toEqual(["cat", "dog"]);
    expect(await page.getByLabel("Command", { exact: true }).inputValue()).toContain("--data.path=PATH/TO/pets ");
    // The link has no images: who comes by it is told, and trains on others.
    const again = await open(new URL(page.url()).hash);
    await page.close();
    await again.getByRole("alert").filter({ hasText: "images of someone's own (pets)" }).waitFor();
    await expect.poll(() => step(again), { timeout: PATIENCE }).toBeGreaterThan(0);
    await again.close();
  });

  it("says what a bad link is, and trains as on a first visit", async () => {
    const page = await open("#data=mnist&epochs=many");
    await page
      .getByRole("alert")
      .filter({ hasText: 'Epochs: expected an integer from 1 to 1000000, got the text "many"' })
      .waitFor();
    await expect.poll(() => step(page), { timeout: PATIENCE }).toBeGreaterThan(0);
    // And a good one in its place is followed at once.
    await page.evaluate(() => {
      location.hash = "data=mnist&data.limit=1280&hidden=16&rule=backprop&epochs=1";
    });
    await done(page).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.close();
  });
});
