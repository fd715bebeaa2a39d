/**
 * A trained model in a page: reads a checkpoint that the command line or the lab saved, and names what is on a canvas. Bundle it with any bundler; it needs no Node.
 *
 *   const pair = await open("best.safetensors");
 *   console.log(pair.classOf(document.querySelector("canvas")));
 *   await pair.close();
 */
import { createModel, decideImages, decodeCheckpoint, importState, Team } from "bispike";

/** A pair that names digits. */
export interface OpenedPair {
  /** Name of the class that perception decides for; the canvas is scaled to the images it was trained on. */
  classOf(canvas: HTMLCanvasElement | OffscreenCanvas): string;
  /** Lets the memory go: the pair is of no use from then on. */
  close(): Promise<void>;
}

/** @param url of `best.safetensors` or `last.safetensors` of a run on grey images */
export async function open(url: string | URL): Promise<OpenedPair> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: the server answered ${answer.status}`);
  const { config, data, tensors } = decodeCheckpoint(new Uint8Array(await answer.arrayBuffer()), String(url));
  // Memory can be shared between threads in a page that is cross-origin isolated; one thread does without.
  const team = await Team.create({ shared: globalThis.crossOriginIsolated });
  const model = createModel(team, config, data);
  importState(model, tensors, { optimiser: false });
  const { width, height } = data.shape;
  const small = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!small) throw new Error("this browser draws on no canvas");
  return {
    classOf(canvas) {
      small.clearRect(0, 0, width, height);
      small.drawImage(canvas, 0, 0, width, height);
      // Red, green, blue and alpha of each pixel: what is not drawn on counts as black.
      const { data: rgba } = small.getImageData(0, 0, width, height);
      const images = Uint8Array.from(
        { length: width * height },
        (_, p) => ((rgba[4 * p] ?? 0) * (rgba[4 * p + 3] ?? 0)) / 255,
      );
      model.load({ images, labels: Uint16Array.of(0), count: 1 }, Int32Array.of(0), 0, 1);
      model.perceive(1);
      const decided = decideImages(model, 1)[0]?.class ?? 0;
      return data.classNames[decided] ?? String(decided);
    },
    close: () => team.close(),
  };
}
