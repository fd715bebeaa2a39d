/** The lab as a person uses it: served by the built command, in a real browser, watched for what a browser complains of. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import axe from "axe-core";
import type { Download, Locator, Page } from "playwright-core";
import { loadDataset } from "../../src/data/load.ts";
import { createTeam } from "../../src/node/open.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { chromiumPath, type OpenBrowser, openBrowser } from "./browser.ts";
import { startCli } from "./cli.ts";

/** Said once where tests that need a browser are left out. */
export const noBrowser = chromiumPath === undefined;
if (noBrowser)
  console.warn("left out: the lab's tests in a browser, as there is no chromium here (install it, or set CHROMIUM)");

export interface ServedLab {
  readonly url: string;
  close(): Promise<void>;
}

/** `bispike lab --port 0 ...args`. */
export async function startLab(args: readonly string[] = [], cwd = "."): Promise<ServedLab> {
  const lab = startCli(["lab", "--port", "0", ...args], cwd);
  let url = "";
  lab.child.stdout.on("data", (bytes: Buffer) => {
    url += bytes.toString();
  });
  await lab.shown("\n");
  return {
    url: url.trim(),
    close: async () => {
      lab.child.kill("SIGINT");
      await lab.ended;
    },
  };
}

export interface WatchedPage {
  readonly page: Page;
  /** Console errors, exceptions, and what the content security policy forbade. */
  readonly complaints: readonly string[];
}

/** A page at an address, in a browser that is open already. */
export async function openPage({ context }: OpenBrowser, url: string): Promise<WatchedPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.exposeFunction("complain", (text: string) => complaints.push(text));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      (window as unknown as { complain(text: string): void }).complain(`${violatedDirective} forbids ${blockedURI}`),
    ),
  );
  await page.goto(url);
  return { page, complaints };
}

export interface LabPage {
  readonly page: Page;
  /** What `WatchedPage.complaints` has; to be empty. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** Serves the built lab on a free port and opens it in a browser of its own; it begins to train. */
export async function openLab(viewport = { width: 1280, height: 900 }): Promise<LabPage> {
  const lab = await startLab([], tmpdir());
  const browser = await openBrowser(viewport);
  const { page, complaints } = await openPage(browser, lab.url);
  return {
    page,
    problems: complaints,
    close: async () => {
      await browser.close();
      await lab.close();
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

/** The step the page says it has done. */
export async function stepOf(page: Page): Promise<number> {
  const text = await page.getByText(/Step \d+ of \d+/).textContent();
  return Number(/Step (\d+) of/.exec(text ?? "")?.[1]);
}

/** Waits until the page says that it has done a step after this one. */
export async function stepPast(page: Page, step: number, timeout = 120_000): Promise<void> {
  await page.waitForFunction(
    (past) => Number(/Step (\d+) of/.exec(document.body.textContent ?? "")?.[1]) > past,
    step,
    {
      timeout,
    },
  );
}

/** Presses a button and gives what it saves. */
export async function saved(page: Page, button: string | RegExp): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return bytesOf(download);
}

async function bytesOf(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}

/** Moves the focus by Tab alone until it is on a control of this name. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus");
    if ((await focused.count()) === 0) continue;
    const named = await focused.evaluate((element) => {
      const label = (element as HTMLInputElement).labels?.[0];
      return (element.getAttribute("aria-label") ?? label?.textContent ?? element.textContent ?? "").trim();
    });
    if (named.startsWith(name)) return;
  }
  throw new Error(`no control ${name} is reached by Tab`);
}

/** What Node has after the steps of a checkpoint, trained with its configuration from the start; threads differ from the page's. */
export async function trainedInNode(checkpoint: Uint8Array, threads = 2): Promise<Uint8Array> {
  const { config, position } = decodeCheckpoint(checkpoint, "the page's checkpoint");
  const team = await createTeam(threads);
  try {
    const experiment = createExperiment(team, config, await loadDataset(config.data));
    let step = 0;
    let last: Uint8Array | undefined;
    await trainExperiment(experiment, {
      sink: {
        onStep: (_, line) => {
          step = line.step;
        },
        onCheckpoint: (which, bytes) => {
          if (which === "last") last = bytes.slice();
        },
      },
      stopped: () => step >= position.step,
    });
    return last!;
  } finally {
    await team.close();
  }
}

/** Waits until the page says that it has done so many steps. */
export function trainedTo(page: Page, steps: number, seconds: number): Promise<void> {
  return stepPast(page, steps - 1, 1000 * seconds);
}

/** What axe finds wrong with the page as it is: a rule's name and the elements that break it. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}
