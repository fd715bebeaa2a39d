/** The lab's first screen and look inside, as a person uses them in a real browser: spikes that run, tabs by keyboard, pictures that show something. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../support/browser.ts";
import { axeFindings, canvasPixels, type LabPage, openLab, trainedTo } from "../support/lab-visit.ts";

/** Steps by which the first setup has learned something. */
const TRAINED = 60;
/** Seconds; ours may be one of several jobs on the machine. */
const PATIENCE = 180;
const TABS = ["Spikes", "Firing rates", "Weights", "Alignment", "Similarity", "Confusions"];

describe.skipIf(!chromiumPath)("the lab (needs Chromium: /usr/bin/chromium, or where CHROMIUM says)", () => {
  let lab: LabPage;
  const chosen = () => lab.page.locator("[role=tab][aria-selected=true]");
  const panel = () => lab.page.getByRole("tabpanel");

  beforeAll(
    async () => {
      lab = await openLab();
      await trainedTo(lab.page, TRAINED, PATIENCE);
    },
    1000 * (PATIENCE + 20),
  );

  afterAll(async () => {
    await lab?.close();
  });

  /** Milliseconds after one batch when spikes are first seen on their way, from the concept down to the stimulus; null where none are. */
  async function firstSeen(side: "perception" | "recall"): Promise<(number | null)[]> {
    const { page } = lab;
    const name = side === "perception" ? 0 : 1;
    return page.evaluate(async (at) => {
      const flows = [...document.querySelectorAll(".between")].map(
        (between) => between.querySelectorAll<HTMLCanvasElement>(".flow")[at]!,
      );
      const look = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
      const isEmpty = (flow: HTMLCanvasElement) => {
        look.canvas.width = flow.width;
        look.canvas.height = flow.height;
        look.drawImage(flow, 0, 0);
        return look.getImageData(0, 0, flow.width, flow.height).data.every((value) => value === 0);
      };
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
      const step = [...document.querySelectorAll("button")].find((button) => button.textContent === "One batch")!;
      const began = await frame();
      step.click();
      const seen = flows.map((): number | null => null);
      for (let now = began; now < began + 4000; now = await frame()) {
        for (const [k, flow] of flows.entries()) if (seen[k] === null && !isEmpty(flow)) seen[k] = now - began;
      }
      return seen;
    }, name);
  }

  it("runs spikes up perception and down recall, stage by stage, and stands still when paused", async () => {
    const { page } = lab;
    await page.getByRole("button", { name: "Pause" }).click();
    await page.waitForTimeout(2500);
    const up = await firstSeen("perception");
    const down = await firstSeen("recall");
    expect(up).toHaveLength(3);
    expect([...up, ...down]).not.toContain(null);
    const times = (seen: (number | null)[]) => seen.map((time) => time ?? 0);
    // From the concept down: perception's first spikes leave the stimulus, which is the last of these, recall's the concept.
    expect(times(up)).toEqual(times(up).toSorted((a, b) => b - a));
    expect(times(down)).toEqual(times(down).toSorted((a, b) => a - b));
    expect(times(up)[0]! - times(up)[2]!).toBeGreaterThan(100);
    expect(times(down)[2]! - times(down)[0]!).toBeGreaterThan(100);
    // The wave is over, and nothing trains.
    const before = await canvasPixels(page.locator(".field").first());
    await page.waitForTimeout(400);
    expect(await canvasPixels(page.locator(".field").first())).toEqual(before);
    expect(before.some((value) => value > 0)).toBe(true);
  });

  it("shows spikes still to people who ask for less motion", async () => {
    const { page } = lab;
    await page.emulateMedia({ reducedMotion: "reduce" });
    const before = await canvasPixels(page.locator(".field").first());
    expect(await firstSeen("perception")).toEqual([null, null, null]);
    const after = await canvasPixels(page.locator(".field").first());
    expect(after).not.toEqual(before);
    expect(after.some((value) => value > 0)).toBe(true);
    await page.emulateMedia({ reducedMotion: "no-preference" });
  });

  it("tells how well it does and how far the networks agree", async () => {
    const { page } = lab;
    const share = Number.parseFloat((await page.locator(".headline strong").textContent()) ?? "");
    // Well above the 10 % of guessing after 60 steps.
    expect(share).toBeGreaterThan(60);
    const [shown, points] = await page.locator(".networks .agreement:has(meter)").evaluateAll(([stage]) => {
      const way = stage!.querySelector("polyline")!.getAttribute("points")!;
      return [Number(/agree (-?\d\.\d\d)/.exec(stage!.textContent ?? "")?.[1]), way] as const;
    });
    // An untrained pair is near 0.
    expect(shown).toBeGreaterThan(0.3);
    // The way ends at what is shown, drawn from -0.1 at the bottom to 1 at the top, 24 high.
    const heights = points.split(" ").map((point) => Number(point.split(",")[1]));
    expect(heights.length).toBeGreaterThan(1);
    expect(heights.at(-1)!).toBeCloseTo(24 * (1 - (shown + 0.1) / 1.1), 0);
    expect(await page.getByRole("meter").count()).toBe(2);
    // What the fields, the dots and the number mean stands below them.
    const legend = page.locator(".networks > .note");
    expect(await legend.textContent()).toMatch(
      /A cell is a neuron.*dots are spikes.*mean cosine of their firing rates/,
    );
  });

  it("opens look inside and goes through its tabs by keyboard", async () => {
    const { page } = lab;
    await page.getByRole("button", { name: "Train" }).click();
    await page.locator(".look > summary").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("tab").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("tab");
    for (const name of TABS) {
      expect(await chosen().textContent()).toBe(name);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name);
      expect(await panel().getAttribute("aria-labelledby")).toBe(await chosen().getAttribute("id"));
      await page.keyboard.press("ArrowRight");
    }
    expect(await chosen().textContent()).toBe(TABS[0]);
    await page.keyboard.press("End");
    expect(await chosen().textContent()).toBe(TABS.at(-1));
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Home");
    expect(await chosen().textContent()).toBe(TABS[0]);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("tabpanel");
  });

  /** Whether a canvas holds something: pixels that differ. */
  const isPicture = (at: number) =>
    panel()
      .locator("canvas")
      .nth(at)
      .evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
        copy.drawImage(element as HTMLCanvasElement, 0, 0);
        const pixels = new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
        return pixels.some((pixel) => pixel !== pixels[0]);
      });

  it.each(["stage 2", "stage 3", "concept"])("shows the spikes and rates of both networks at %s", async (stage) => {
    const { page } = lab;
    const choose = async () => {
      const select = panel().getByLabel("Stage", { exact: true });
      const options = await select.locator("option").allTextContents();
      await select.selectOption(options.find((option) => option.startsWith(stage))!);
    };
    await page.getByRole("tab", { name: "Spikes" }).click();
    await choose();
    await expect.poll(() => panel().locator("canvas").count(), { timeout: 20_000 }).toBe(2);
    for (const at of [0, 1]) await expect.poll(() => isPicture(at), { timeout: 20_000 }).toBe(true);
    await page.getByRole("tab", { name: "Firing rates" }).click();
    // The stage stays the chosen one.
    expect(await panel().getByLabel("Stage", { exact: true }).locator("option:checked").textContent()).toContain(stage);
    await expect.poll(() => panel().locator("svg").count(), { timeout: 20_000 }).toBe(2);
    for (const svg of await panel().locator("svg").all()) {
      const heights = await svg
        .locator("rect")
        .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
      expect(Math.max(...heights)).toBe(40);
    }
  });

  it("shows other neurons of a large stage", async () => {
    const { page } = lab;
    await page.getByRole("tab", { name: "Spikes" }).click();
    await panel().getByLabel("Stage", { exact: true }).selectOption({ index: 0 });
    const slider = panel().getByRole("slider");
    await slider.press("End");
    await expect.poll(() => panel().textContent(), { timeout: 20_000 }).toContain("Neurons 385 to 512 of 512");
    await page.keyboard.press("Home");
    await expect.poll(() => panel().textContent(), { timeout: 20_000 }).toContain("Neurons 1 to 128 of 512");
  });

  it("never shows what it knows of one stage as another's", async () => {
    const { page } = lab;
    const choose = (stage: number) => panel().getByLabel("Stage", { exact: true }).selectOption({ index: stage });
    const shown = () => panel().locator(".choices").textContent();
    await choose(2);
    await expect.poll(shown, { timeout: 20_000 }).not.toContain("Neurons");
    await panel().locator("canvas").first().waitFor();
    // Every label of the slider from the choice on, were it there for less than a frame.
    await panel().evaluate((element) => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => seen.push(/Neurons.*/.exec(element.textContent!.slice(0, 500))?.[0] ?? "")).observe(
        element,
        { childList: true, characterData: true, subtree: true },
      );
    });
    await choose(0);
    await expect.poll(shown, { timeout: 20_000 }).toContain("of 512");
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.filter((label) => label && !label.startsWith("Neurons 193 to 320 of 512"))).toEqual([]);
  });

  it("shows weights, alignment and similarity", async () => {
    const { page } = lab;
    await page.getByRole("tab", { name: "Weights" }).click();
    await expect.poll(() => panel().locator("rect").count(), { timeout: 20_000 }).toBe(2 * 41);
    await page.getByRole("tab", { name: "Alignment" }).click();
    await expect.poll(() => panel().locator("canvas").count(), { timeout: 20_000 }).toBe(1);
    await panel().getByText("Alignment as a table").click();
    const cell = panel().locator("tbody tr").last().locator("td").first();
    // The weights next to the concept have begun to mirror each other.
    await expect.poll(async () => Number(await cell.textContent()), { timeout: 20_000 }).toBeGreaterThan(0.2);
    expect(await isPicture(0)).toBe(true);
    await page.getByRole("tab", { name: "Similarity" }).click();
    for (const compared of ["perception with recall", "perception with itself", "recall with itself"]) {
      await panel().getByLabel("Compare").selectOption(compared);
      await expect.poll(() => panel().locator("canvas").count(), { timeout: 20_000 }).toBe(1);
      expect(await isPicture(0)).toBe(true);
    }
  });

  it("tests on images it never saw, and goes on training", async () => {
    const { page } = lab;
    // A young run: that of the tests before may have come to its end, and would not go on.
    await page.getByRole("button", { name: "Reset" }).click();
    await page.getByText(/^Fetching the images.* …$/).waitFor();
    await trainedTo(page, 2, PATIENCE);
    await page.getByRole("tab", { name: "Confusions" }).click();
    await panel()
      .getByRole("button", { name: /Test on 10,000 images/ })
      .click();
    await panel()
      .locator("table")
      .waitFor({ timeout: 1000 * PATIENCE });
    const counts = (await panel().locator("tbody td").allTextContents()).map(Number);
    expect(counts).toHaveLength(100);
    expect(counts.reduce((a, b) => a + b)).toBe(10_000);
    const step = Number(/Step (\d+)/.exec((await page.locator(".status").textContent()) ?? "")?.[1]);
    await trainedTo(page, step + 5, PATIENCE);
  }, 240_000);

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const)(
    "axe finds nothing on the page and its tabs, %s, %d pixels wide; nothing scrolls sideways",
    async (colorScheme, width) => {
      const { page } = lab;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      for (const name of TABS) {
        await page.getByRole("tab", { name }).click();
        if (name !== "Confusions")
          await expect.poll(() => panel().locator("canvas, svg").count(), { timeout: 20_000 }).toBeGreaterThan(0);
        expect(await axeFindings(page), name).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width);
      }
    },
    180_000,
  );

  it("names the similarity's rows beside an open drawing, and stays at its tab when the run is reset", async () => {
    const { page } = lab;
    await page.locator("summary").filter({ hasText: /^Draw/ }).click();
    await page.getByRole("button", { name: "Take a test image" }).waitFor();
    await page.getByRole("tab", { name: "Similarity" }).click();
    await panel().locator("canvas").waitFor();
    const heights = await panel()
      .locator(".matrix :is(.rows, canvas)")
      .evaluateAll((both) => both.map((one) => one.getBoundingClientRect().height));
    expect(heights[0]).toBeCloseTo(heights[1]!, 0);
    await page.getByRole("button", { name: "Reset" }).click();
    await page.getByText(/^Fetching the images.* …$/).waitFor();
    await trainedTo(page, 2, PATIENCE);
    await panel().waitFor();
    expect(await chosen().textContent()).toBe("Similarity");
  }, 240_000);

  it("asks nothing once it is closed, and has nothing to complain of", async () => {
    const { page } = lab;
    await page.locator(".look > summary").click();
    expect(await page.getByRole("tab").count()).toBe(0);
    expect(lab.problems).toEqual([]);
  });
});
