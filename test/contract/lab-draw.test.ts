/** Draws in the lab as a person does, by mouse and by keys, in a real browser. */
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../support/browser.ts";
import { axeFindings, canvasPixels, type LabPage, openLab, trainedTo } from "../support/lab-visit.ts";

/** By then the first setup is above 95 % on the images it holds out. */
const TRAINED = 400;
/** Seconds; ours may be one of several jobs on the machine. */
const PATIENCE = 180;

type Line = readonly (readonly [number, number])[];
const DIGITS: Readonly<Record<string, readonly Line[]>> = {
  1: [
    [
      [0.5, 0.15],
      [0.5, 0.85],
    ],
  ],
  7: [
    [
      [0.25, 0.2],
      [0.75, 0.2],
      [0.45, 0.85],
    ],
  ],
  // Small and in a corner: scaled and centred before it is perceived.
  0: [
    Array.from({ length: 25 }, (_, k) => {
      const angle = (k / 12) * Math.PI;
      return [0.2 + 0.08 * Math.sin(angle), 0.2 - 0.12 * Math.cos(angle)] as const;
    }),
  ],
};

describe.skipIf(!chromiumPath)("a drawing (needs Chromium: /usr/bin/chromium, or where CHROMIUM says)", () => {
  let lab: LabPage;
  let paper: Locator;
  const decided = () => lab.page.locator(".decided").textContent();
  const button = (name: string) => lab.page.getByRole("button", { name, exact: true });
  const slider = (name: string | RegExp) => lab.page.getByRole("slider", { name });
  const expectDecided = (name: string) => expect.poll(decided, { timeout: 20_000 }).toBe(name);

  beforeAll(
    async () => {
      lab = await openLab();
      const { page } = lab;
      await trainedTo(page, TRAINED, PATIENCE);
      await button("Pause").click();
      await page.getByText("Draw a digit, ask for a concept").click();
      paper = page.getByRole("application", { name: "Drawing surface" });
      await paper.scrollIntoViewIfNeeded();
    },
    1000 * (PATIENCE + 20),
  );

  afterAll(async () => {
    await lab?.close();
  });

  async function mouseAt([x, y]: readonly [number, number]): Promise<void> {
    const { x: left, y: top, width, height } = (await paper.boundingBox())!;
    await lab.page.mouse.move(left + x * width, top + y * height, { steps: 4 });
  }

  async function draw(lines: readonly Line[]): Promise<void> {
    for (const [first, ...others] of lines) {
      await mouseAt(first!);
      await lab.page.mouse.down();
      for (const place of others) await mouseAt(place);
      await lab.page.mouse.up();
    }
  }

  it.each(Object.entries(DIGITS))("by mouse: a %s is decided to be one", async (name, lines) => {
    await draw(lines);
    await expectDecided(name);
    const meter = lab.page.getByRole("meter", { name: `${name}, decided` });
    expect(Number(await meter.getAttribute("value"))).toBeGreaterThan(0.5);
    await button("Clear").click();
    await expectDecided("–");
  });

  it("is perceived while it is drawn, with the mouse still down", async () => {
    await mouseAt([0.5, 0.15]);
    await lab.page.mouse.down();
    await mouseAt([0.5, 0.85]);
    await expectDecided("1");
    await lab.page.mouse.up();
    await button("Undo").click();
    await expectDecided("–");
  });

  it("by keys: space, arrows, space", async () => {
    await paper.focus();
    const press = async (key: string, times: number) => {
      for (let k = 0; k < times; k++) await lab.page.keyboard.press(key);
    };
    await press("ArrowUp", 9);
    await press(" ", 1);
    await press("ArrowDown", 18);
    await press(" ", 1);
    await press("ArrowRight", 5);
    await expectDecided("1");
    await press("Delete", 1);
    await expectDecided("–");
  });

  it("in its place a test image, spoilt and as it was", async () => {
    const shown = lab.page.getByRole("img", { name: "The picture as perception is shown it" });
    await button("Take a test image").click();
    // MNIST's first test image is a 7.
    await lab.page.getByText("Test image 0: 7").waitFor();
    await expectDecided("7");
    const whole = await canvasPixels(shown);
    await slider("Hide").fill("0.5");
    await slider("Noise").fill("0.4");
    await expect.poll(() => canvasPixels(shown)).not.toEqual(whole);
    await button("As it was").click();
    await expect.poll(() => canvasPixels(shown)).toEqual(whole);
    await expectDecided("7");
    await button("Another test image").click();
    await lab.page.getByText("Test image 7919").waitFor();
    await button("Clear").click();
  });

  it("leaves concepts to be asked for: each as it is drawn above, half way neither", async () => {
    const { page } = lab;
    const concepts = page.getByRole("region", { name: "Ask recall for a concept" });
    const picture = concepts.getByRole("img", { name: /^What recall draws/ });
    const above = (name: string) => canvasPixels(page.getByRole("img", { name: `${name}, as recall reconstructs it` }));
    /** Mean difference of two pictures, of 255. */
    const apart = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
    const [three, eight] = [await above("3"), await above("8")];
    expect(apart(three, eight)).toBeGreaterThan(5);
    await concepts.getByRole("button", { name: "3", exact: true }).click();
    await concepts.getByRole("combobox", { name: "Concept to go towards" }).selectOption("8");
    // The picture above may be a step older.
    await expect.poll(async () => apart(await canvasPixels(picture), three)).toBeLessThan(2);
    await slider(/towards/).fill("1");
    await expect.poll(async () => apart(await canvasPixels(picture), eight)).toBeLessThan(2);
    await slider(/towards/).fill("0.5");
    const half = async () => {
      const pixels = await canvasPixels(picture);
      return Math.min(apart(pixels, three), apart(pixels, eight));
    };
    await expect.poll(half).toBeGreaterThan(2);
  });

  it.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)(
    "is for everyone: axe finds nothing, %s, %d pixels wide, and nothing to scroll sideways",
    async (scheme, width) => {
      const { page } = lab;
      await draw(DIGITS[1]!);
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 800 });
      const violations = await axeFindings(page);
      expect(violations).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await button("Clear").click();
    },
  );

  it("has the page complain of nothing", () => {
    expect(lab.problems).toEqual([]);
  });
});
