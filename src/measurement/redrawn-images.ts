/** Goes through images and what the networks of an autoencoder draw of them, a batch at a time. */
import type { Split } from "../data/dataset.ts";
import type { Network } from "../network/autoencoder/pair.ts";
import type { AutoencoderModel } from "../problems/autoencode-model.ts";

/** A batch, all rows [image][height][width][channel] in units of pixel / 255. */
export interface RedrawnBatch {
  /** Place of its first image in the list that was asked for. */
  readonly from: number;
  readonly images: number;
  readonly originals: Float32Array;
  /** One array a network, in the order asked for. */
  readonly redrawn: readonly Float32Array[];
}

/**
 * Goes through images and what an autoencoder's networks draw of them, a batch at a time.
 *
 * @param indices of the images in `split`
 * @param pause awaited between batches; may throw to give up
 * @example
 * for await (const { images, originals, redrawn } of redrawnBatches(model, dataset.test, indices, ["perception"]))
 *   console.log(meanSquaredErrors(originals, redrawn[0]!, dataset.shape, images));
 */
export async function* redrawnBatches(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  networks: readonly Network[],
  pause?: () => Promise<void>,
): AsyncGenerator<RedrawnBatch> {
  const { maxImages } = model.learner;
  for (let from = 0; from < indices.length; from += maxImages) {
    const images = Math.min(maxImages, indices.length - from);
    model.load(split, indices, from, images);
    const redrawn = networks.map((by) => model.redraw(images, by));
    yield { from, images, originals: model.originals(split, indices, from, images), redrawn };
    await pause?.();
  }
}

/**
 * Mean squared error of each network's drawings over all images and values, in units of (pixel / 255) squared.
 *
 * @example
 * const [perception, recall] = await redrawnErrors(model, dataset.test, indices, ["perception", "recall"]);
 */
export async function redrawnErrors(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  networks: readonly Network[],
  pause?: () => Promise<void>,
): Promise<number[]> {
  const squares = networks.map(() => 0);
  let values = 0;
  for await (const { originals, redrawn } of redrawnBatches(model, split, indices, networks, pause)) {
    values += originals.length;
    for (const [k, drawing] of redrawn.entries()) {
      let sum = 0;
      for (let i = 0; i < originals.length; i++) sum += (drawing[i]! - originals[i]!) ** 2;
      squares[k]! += sum;
    }
  }
  return squares.map((sum) => sum / values);
}
