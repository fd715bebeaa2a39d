/** The lab as `bispike lab` serves it, open in a browser. */
import { tmpdir } from "node:os";
import type { Locator, Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { startCli } from "./cli.ts";

export interface LabPage {
  readonly page: Page;
  /** What the page's console warned of, and errors nobody caught: to be empty. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** Serves the built lab on a free port and opens it; it begins to train. */
export async function openLab(viewport = { width: 1280, height: 900 }): Promise<LabPage> {
  const server = startCli(["lab", "--port", "0"], tmpdir());
  let url = "";
  server.child.stdout.on("data", (bytes: Buffer) => {
    url += bytes.toString();
  });
  await server.shown("/\n");
  const { context, close } = await openBrowser(viewport);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(url.trim());
  return {
    page,
    problems,
    close: async () => {
      await close();
      server.child.kill();
      await server.ended;
    },
  };
}

/** Red, green, blue and alpha of every pixel of a canvas. */
export function canvasPixels(canvas: Locator): Promise<number[]> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    // Of a copy: browsers warn of canvases that are read often.
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    copy.drawImage(element as HTMLCanvasElement, 0, 0);
    return [...copy.getImageData(0, 0, width, height).data];
  });
}

/** Waits until a run has done so many steps. */
export async function trainedTo(page: Page, steps: number, seconds: number): Promise<void> {
  const until = Date.now() + 1000 * seconds;
  for (;;) {
    const status = (await page.locator(".status").first().textContent()) ?? "";
    if (Number(/Step (\d+)/.exec(status)?.[1]) >= steps) return;
    if (Date.now() > until) throw new Error(`not at step ${steps} within ${seconds} s: ${status}`);
    await page.waitForTimeout(250);
  }
}
