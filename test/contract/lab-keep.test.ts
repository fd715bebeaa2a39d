/** Keeping and following in real Chromium: files of the page and of the command line are the same ones, and bad ones are refused in its words. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodePng } from "../../src/data/png.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { type OpenBrowser, openBrowser } from "../support/browser.ts";
import { runCli, startCli } from "../support/cli.ts";
import { temporaryFolders } from "../support/folder.ts";
import {
  noBrowser,
  openPage,
  type ServedLab,
  saved,
  startLab,
  stepOf,
  stepPast,
  trainedInNode,
} from "../support/lab-visit.ts";

const newFolder = temporaryFolders();
const LONG = 900_000;

/** Pauses and waits until it is. */
async function pause(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Train" }).waitFor();
}

/** Lets a file of this name and content fall on the page's panel Keep, or anywhere on it. */
async function drop(page: Page, onto: string, name: string, bytes: Uint8Array): Promise<void> {
  const file = { name, base64: Buffer.from(bytes).toString("base64") };
  const dataTransfer = await page.evaluateHandle(({ name, base64 }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, file);
  await page.dispatchEvent(onto, "drop", { dataTransfer });
}

describe.skipIf(noBrowser)("keeping, in Chromium", () => {
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

  test("what is saved is the command line's: checkpoint, run folder, ONNX graphs; and a picture", {
    timeout: LONG,
  }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    await stepPast(page, 2);
    await pause(page);
    const folder = newFolder();
    const last = await saved(page, "Save checkpoint");
    writeFileSync(join(folder, "last.safetensors"), last);
    const zip = await saved(page, "Save run folder");
    const [perception, recall] = [await saved(page, "Perception as ONNX"), await saved(page, "Recall as ONNX")];
    const picture = decodePng(await saved(page, "Recalled picture as PNG"), "recall.png");
    expect([picture.width, picture.height]).toEqual([10 * (4 * 28 + 4) + 4, 4 * 28 + 8]);
    expect(new Set(picture.pixels).size).toBeGreaterThan(20);
    for (const [network, bytes] of Object.entries({ perception, recall })) {
      const args = ["export", "last.safetensors", "--format", "onnx", "--network", network, "--out", `${network}.onnx`];
      const { code, stderr } = await runCli(args, folder);
      expect(code, stderr).toBe(0);
      expect(Buffer.compare(bytes, readFileSync(join(folder, `${network}.onnx`))), network).toBe(0);
    }
    const { step } = decodeCheckpoint(last, "last").position;
    const files = unzipSync(zip);
    const names = ["", "config.yaml", "last.safetensors"].map((name) => `mnist-mlp-seed1/${name}`);
    expect(Object.keys(files).toSorted()).toEqual(names);
    await runCli(["inspect", "last.safetensors"], folder).then(({ stdout }) =>
      expect(stdout).toContain(`step ${step},`),
    );
    const run = newFolder();
    for (const name of names.slice(1)) writeFileSync(join(run, name.split("/")[1]!), files[name]!);
    const resumed = startCli(["train", "--resume", run], folder);
    await resumed.shown(`going on from step ${step} of`);
    resumed.child.kill("SIGINT");
    const { code, stdout, stderr } = await resumed.ended;
    expect(code, stdout + stderr).toBe(130);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a checkpoint is gone on from, with Node's bytes; a bad one is refused and the run goes on", {
    timeout: LONG,
  }, async () => {
    const { page, complaints } = await openPage(browser, lab.url);
    await stepPast(page, 1);
    // Node is to repeat its steps.
    await page.getByLabel("Speed").selectOption("5");
    await pause(page);
    const bytes = await saved(page, "Save checkpoint");
    const { step } = decodeCheckpoint(bytes, "last").position;
    await page.getByRole("button", { name: "Train" }).click();
    const refused = async (message: RegExp) => {
      await page.getByRole("alert").filter({ hasText: message }).waitFor();
      const before = await stepOf(page);
      await page.getByRole("button", { name: "Dismiss" }).click();
      await stepPast(page, before);
    };
    await page
      .getByLabel("Checkpoint to open")
      .setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no weights") });
    await refused(/notes\.txt: safetensors: /);
    const bent = Buffer.from(bytes);
    bent[bent.length - 5]! ^= 1;
    await drop(page, "section.keep", "bent.safetensors", bent);
    await refused(/bent\.safetensors: is damaged: its checksum is/);
    await drop(page, "h1", "cut.safetensors", bytes.subarray(0, 100_000));
    await refused(/cut\.safetensors: safetensors: /);

    await drop(page, "h1", "mine.safetensors", bytes);
    await page.getByText(`Opened mine.safetensors, at step ${step}.`).waitFor();
    await stepPast(page, step + 1);
    await pause(page);
    const later = await saved(page, "Save checkpoint");
    expect(decodeCheckpoint(later, "later").position.step).toBeGreaterThan(step);
    expect(Buffer.compare(later, await trainedInNode(later))).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a server that does not isolate the page: one thread, which it says, and the same bytes", {
    timeout: LONG,
  }, async () => {
    const plain = await plainServer(lab.url);
    try {
      const { page, complaints } = await openPage(browser, plain.url);
      await page.getByText(/Training on one thread: .*not cross-origin isolated/).waitFor();
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      await stepPast(page, 2);
      await pause(page);
      const bytes = await saved(page, "Save checkpoint");
      expect(Buffer.compare(bytes, await trainedInNode(bytes))).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      plain.server.close();
      plain.server.closeAllConnections();
    }
  });
});

describe.skipIf(noBrowser)("following, in Chromium", () => {
  const SMALL = [
    ..."--data.limit=1500 --network.hidden=[48] --train.epochs=30 --train.threads=1 --observe.every=10".split(" "),
  ];
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("curves grow while the command line trains; then the folder is opened, and followed, without the server", {
    timeout: LONG,
  }, async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "small.yaml"), "name: small\ndata: { name: mnist }\n");
    const run = join(folder, "run");
    const training = startCli(["train", "small.yaml", "--out", run, ...SMALL], folder);
    await expect.poll(() => existsSync(join(run, "config.yaml")), { timeout: 60_000 }).toBe(true);
    const lab = await startLab(["--run", run]);
    try {
      const { page, complaints } = await openPage(browser, lab.url);
      const followed = page.locator(".followed");
      const step = async () => Number(/step (\d+)/.exec((await followed.textContent()) ?? "")?.[1] ?? 0);
      await expect.poll(step, { timeout: 120_000 }).toBeGreaterThan(0);
      // The page's own networks wait: the command line needs the cores.
      await page.getByRole("button", { name: "Train" }).waitFor();
      const early = await step();
      await expect.poll(step, { timeout: 120_000, interval: 200 }).toBeGreaterThan(early);
      expect((await training.ended).code).toBe(0);
      await followed.getByText(", done").waitFor({ timeout: 30_000 });
      const titles = await followed.locator("figcaption strong").allTextContents();
      expect(titles).toEqual([
        ...["Accuracy", "Loss", "Loss by stage", "Firing rates of perception", "Firing rates of recall"],
        ...["Angle to backprop", "Weights up and down"],
      ]);
      expect(await followed.locator("canvas").count()).toBe(titles.length);
      const end = await step();
      expect(await stepOf(page)).toBe(0);

      // As on a static site, from the disk; first a folder that holds no run.
      const other = newFolder();
      writeFileSync(join(other, "notes.txt"), "");
      await page.getByLabel("Run folder to open").setInputFiles(other);
      await page.getByText(/expected a run folder with metrics\.jsonl, found none there/).waitFor();
      const copy = join(other, "copy");
      mkdirSync(copy);
      copyFileSync(join(run, "metrics.jsonl"), join(copy, "metrics.jsonl"));
      await page.getByLabel("Run folder to open").setInputFiles(copy);
      await page.getByText("this browser shows it as it was when it was opened").waitFor();
      // The folder is named before its metrics are read.
      await expect.poll(() => followed.textContent(), { timeout: 30_000 }).toContain("copy: step");
      expect(await step()).toBe(end);
      expect(await followed.locator("canvas").count()).toBe(5);

      // Its checkpoints are the page's too.
      await page.getByLabel("Checkpoint to open").setInputFiles(join(run, "last.safetensors"));
      await page.getByText(`Opened last.safetensors, at step ${end}.`).waitFor();
      await page.getByLabel("Checkpoint to open").setInputFiles(join(run, "best.safetensors"));
      await page.getByText("It holds the networks but not the optimiser's state").waitFor();
      await stepPast(page, 0);
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await lab.close();
    }
  });

  test("a folder a person lets the page read is followed live; a torn last line comes when it is whole, a bad one is said", {
    timeout: LONG,
  }, async () => {
    const lab = await startLab();
    try {
      const { page, complaints } = await openPage(browser, lab.url);
      await stepPast(page, 0);
      await pause(page);
      // The chooser itself cannot be driven; a folder of the browser's own is of the same kind.
      const write = (text: string) =>
        page.evaluate(async (content) => {
          const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("mine", { create: true });
          const file = await (await folder.getFileHandle("metrics.jsonl", { create: true })).createWritable();
          await file.write(content);
          await file.close();
          Object.assign(window, { showDirectoryPicker: async () => folder });
        }, text);
      const line = (step: number) => JSON.stringify({ kind: "step", step, epoch: 1, seconds: 0, loss: 1 / step });
      await write(`${line(1)}\n${line(2)}\n${line(3).slice(0, 9)}`);
      await page.getByRole("button", { name: "Follow a run folder" }).click();
      await page.getByText("step 2, followed live").waitFor();
      await write(`${line(1)}\n${line(2)}\n${line(3)}\n`);
      await page.getByText("step 3, followed live").waitFor();
      await write(`${line(1)}\n`);
      await page.getByText("step 1, followed live").waitFor();
      await write(`${line(1)}\nnot a metric\n`);
      await page.getByText("mine/metrics.jsonl: line 2: expected the metrics of a step or an epoch as JSON").waitFor();
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await lab.close();
    }
  });
});

/** A static server as many are: the same files, without the headers that isolate a page. */
async function plainServer(from: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    fetch(new URL(request.url ?? "/", from))
      .then(async (answer) => {
        response.statusCode = answer.status;
        response.setHeader("Content-Type", answer.headers.get("content-type") ?? "application/octet-stream");
        response.end(new Uint8Array(await answer.arrayBuffer()));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
