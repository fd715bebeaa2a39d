/** examples/in-a-page.ts as a page runs it, bundled, in Chromium: it decides as Node does, whether or not the page may share memory. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { decideImages } from "../../src/measure/decide.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { type OpenBrowser, openBrowser } from "../support/browser.ts";
import { bundleForBrowsers } from "../support/browser-bundle.ts";
import { temporaryFolders } from "../support/folder.ts";
import { noBrowser } from "../support/lab-visit.ts";
import { smallDigits } from "../support/small-digits.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const newFolder = temporaryFolders();
const SHOWN = 12;
const PATIENCE = 120_000;
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

describe.skipIf(noBrowser)("a trained model in a page", () => {
  const dataset = smallDigits();
  let checkpoint = new Uint8Array();
  let decided: string[] = [];
  let code = "";
  let browser: OpenBrowser;
  beforeAll(async () => {
    const team = await Team.create();
    const settings = { data: { path: "bars" }, network: { hidden: [16] }, train: { epochs: 3, batch: 24 } };
    const { task, model } = createExperiment(team, resolveConfig(settings), dataset);
    await trainExperiment({ task }, { sink: { onCheckpoint: (_, bytes) => (checkpoint = new Uint8Array(bytes)) } });
    model.load(
      dataset.test,
      Int32Array.from({ length: SHOWN }, (_, i) => i),
      0,
      SHOWN,
    );
    model.perceive(SHOWN);
    decided = decideImages(model, SHOWN).map((one) => dataset.classNames[one.class]!);
    await team.close();
    const page = `export { open } from ${JSON.stringify(`${root}examples/in-a-page.ts`)};\n`;
    ({ code } = await bundleForBrowsers(newFolder(), page));
    browser = await openBrowser();
  }, PATIENCE);
  afterAll(() => browser?.close());

  it.each([
    ["alone", {}],
    ["isolated", ISOLATED],
  ])("%s", { timeout: PATIENCE }, async (_, headers) => {
    const answers: Readonly<Record<string, readonly [string, string | Uint8Array]>> = {
      "/": [
        "text/html",
        `<!doctype html><script type="module">import * as example from "./page.js"; Object.assign(globalThis, { example });</script>`,
      ],
      "/page.js": ["text/javascript", code],
      "/last.safetensors": ["application/octet-stream", checkpoint],
    };
    const server = createServer(({ url }, response) => {
      const [type, bytes] = answers[url ?? ""] ?? [];
      response.writeHead(type ? 200 : 404, { "Content-Type": type ?? "text/plain", ...headers }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const page = await browser.context.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const pictures = Array.from({ length: SHOWN }, (_, i) => [...dataset.test.images.subarray(64 * i, 64 * (i + 1))]);
      const named = await page.evaluate(async (pictures) => {
        const { open } = (globalThis as unknown as { example: typeof import("../../examples/in-a-page.ts") }).example;
        const pair = await open("last.safetensors");
        const names = pictures.map((grey) => {
          const canvas = new OffscreenCanvas(8, 8);
          const rgba = Uint8ClampedArray.from({ length: 256 }, (_, i) => (i % 4 === 3 ? 255 : grey[i >> 2]!));
          canvas.getContext("2d")!.putImageData(new ImageData(rgba, 8, 8), 0, 0);
          return pair.classOf(canvas);
        });
        await pair.close();
        const missing = await open("none.safetensors").catch((error: unknown) => String(error));
        return { names, missing, isolated: crossOriginIsolated };
      }, pictures);
      expect(named).toEqual({
        names: decided,
        missing: "Error: none.safetensors: the server answered 404",
        isolated: headers === ISOLATED,
      });
      expect(new Set(decided).size).toBeGreaterThan(1);
      await page.close();
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
