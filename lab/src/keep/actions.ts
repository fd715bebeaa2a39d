/** What the Keep panel does; loaded with its first use. Each says what came of it in a sentence. */
import { pictureGrid } from "../../../src/measure/picture-grid.ts";
import { drawPicture } from "../draw/picture.ts";
import { replaceRun, setupOf, trainingThreads } from "../state/lab.ts";
import { Run } from "../state/run.ts";
import type { About, DataSource } from "../worker/protocol.ts";
import type { ExportedNetwork } from "../worker/protocol-keep.ts";
import { save } from "./save.ts";

/** A checkpoint is held whole, beside the engine's own memory of as much. */
const MOST_BYTES = 2 ** 30;

export async function saveCheckpoint(run: Run, which: "last" | "best"): Promise<string> {
  const bytes = await run.ask((api) => api.checkpoint(which));
  if (!bytes) return "";
  save(bytes.slice(), `${which}.safetensors`);
  return `Saved ${which}.safetensors; bispike eval ${which}.safetensors reads it.`;
}

export async function saveRunFolder(run: Run): Promise<string> {
  const about = run.about.peek();
  const bytes = await run.ask((api) => api.runFolder());
  if (!bytes || !about) return "";
  const name = runName(about);
  save(bytes.slice(), `${name}.zip`);
  return `Saved ${name}.zip; unpacked, bispike train --resume ${name} goes on with it.`;
}

export async function saveOnnx(run: Run, network: ExportedNetwork): Promise<string> {
  const bytes = await run.ask((api) => api.onnx(network));
  if (!bytes) return "";
  save(bytes.slice(), `${network}.onnx`);
  return `Saved ${network}.onnx, for any program that runs ONNX graphs.`;
}

/** Every class as recall reconstructs it, in a row, four times the size. */
export async function savePicture(run: Run): Promise<string> {
  const about = run.about.peek();
  const recalled = run.snapshot.peek()?.recalled;
  if (!about || !recalled) return "There is no picture yet: train a batch first.";
  const { width, height, channels } = about.shape;
  const size = width * height * channels;
  const tiles = about.classNames.map((_, c) => ({
    ...{ width, height },
    channels: channels === 3 ? (3 as const) : (1 as const),
    pixels: recalled.slice(c * size, (c + 1) * size),
  }));
  const grid = pictureGrid([tiles]);
  const canvas = document.createElement("canvas");
  drawPicture(canvas, grid.pixels, grid);
  const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!picture) return "This browser did not make a picture of it.";
  save(picture, "recall.png");
  return "Saved recall.png.";
}

/**
 * Opens a checkpoint in a run of its own, which takes the given one's place once it stands: a file that is refused leaves what was there as it was,
 * and its complaint in `run.failure`.
 */
export async function openCheckpoint(run: Run, file: File): Promise<string> {
  const next = new Run();
  next.speed.value = run.speed.peek();
  const bytes = await bytesOf(file, run);
  if (!bytes) return "";
  const chosen = setupOf(run);
  await next.open(chosen, trainingThreads(), { bytes, name: file.name });
  const about = next.about.peek();
  if (!about) {
    run.failure.value = next.failure.peek();
    next.close();
    return "";
  }
  replaceRun(run, next, { config: about.config, data: dataOf(about, chosen.data) });
  if (!next.finished.peek()) await next.start();
  next.said.value = about.startedFrom
    ? `Opened ${file.name}. It holds the networks but not the optimiser's state, so training starts anew from them.`
    : `Opened ${file.name}, at step ${about.step}.`;
  return "";
}

async function bytesOf(file: File, run: Run): Promise<Uint8Array | undefined> {
  const refuse = (why: string): undefined => {
    run.failure.value = { code: "checkpoint", message: `${file.name}: ${why}` };
  };
  if (file.size > MOST_BYTES) return refuse(`expected a checkpoint of at most 1 GiB, got ${file.size} bytes`);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    return refuse(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** The worker takes the site's images where the checkpoint is of those. */
function dataOf({ dataName }: About, open: DataSource): DataSource {
  return dataName === "mnist" || dataName === "fashion-mnist" ? { kind: "site", name: dataName } : open;
}

function runName({ config }: About): string {
  return `${config.name}-seed${config.train.seed}`;
}
