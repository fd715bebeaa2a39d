/** What the newest training step left in the engine's memory, as the page shows it. */
import { type Dataset, imageBytes } from "../../../src/data/dataset.ts";
import { fromFrameRows, type ImageModel, recallImages, type VariedBatch } from "../../../src/index.ts";
import type { NetworkPair } from "../../../src/nets/pair.ts";
import { sizeOf } from "../../../src/nets/shape.ts";
import type { Snapshot } from "./protocol.ts";
import { centredCosines, firingRates, spikeRows } from "./spikes.ts";

/** Images of the batch that cosines are taken over: enough for a steady mean, few enough for ten a second. */
const COMPARED = 24;

/** The newest batch: places in the training part, and their classes. */
export interface NewestBatch {
  readonly indices: Int32Array;
  readonly labels: Uint16Array;
  /** What made the variants of its images that the step learned from; absent where it learned from the images themselves. */
  readonly varied?: VariedBatch | undefined;
}

/** @param means mean training image of each class */
export function snapshotOf(
  model: ImageModel,
  dataset: Dataset,
  batch: NewestBatch,
  about: { step: number; sample: number; means: Float32Array; prototypes: boolean },
): Snapshot {
  const at = Math.min(about.sample, batch.labels.length - 1);
  const image = seenImage(dataset, batch, at);
  const label = batch.labels[at]!;
  const plain = { step: about.step, image, label };
  if (!model.spiking)
    return { ...plain, perception: [], recall: [], agreement: [], recalled: null, ownIsNearest: null };
  const { pair } = model;
  const perception = pair.perception.slice(0, -1).map((layer) => spikeRows(layer.output!, at));
  if (!pair.recalls) return { ...plain, perception, recall: [], agreement: [], recalled: null, ownIsNearest: null };
  // With prototypes recall ran once a class, else once an image of the batch.
  const row = about.prototypes ? label : at;
  const recall = recallLayers(pair).map((layer) => spikeRows(layer.output!, row));
  const agreement = agreements(pair, batch.labels, about.prototypes);
  // Last: recall runs anew, without learning, in place of what the step left.
  const { images, ownIsNearest } = recallImages(model, about.means);
  return { ...plain, perception, recall, agreement, recalled: pixels(images), ownIsNearest };
}

/** An image of the batch as the net saw it, without its frame's margin. */
function seenImage({ train, shape }: Dataset, { indices, varied }: NewestBatch, at: number): Uint8Array {
  const size = imageBytes(shape);
  if (!varied) return train.images.slice(indices[at]! * size, (indices[at]! + 1) * size);
  const { augmenter, counter } = varied;
  const row = new Float32Array(augmenter.layout.stride);
  augmenter.fill(row, train, indices, at, 1, counter);
  return pixels(fromFrameRows(row, 1, augmenter.layout));
}

/** Recall's halves of the hidden stages, from the stimulus up. */
function recallLayers(pair: NetworkPair) {
  return Array.from(pair.hiddenStages(), ({ recall }) => recall);
}

function agreements(pair: NetworkPair, labels: Uint16Array, prototypes: boolean): Snapshot["agreement"] {
  const count = Math.min(COMPARED, labels.length);
  const columns = prototypes
    ? Array.from({ length: pair.target.classes }, (_, c) => c)
    : Array.from(labels.subarray(0, count));
  return Array.from(pair.hiddenStages(), ({ perception, recall }) => {
    const seen = perception.output!;
    const cosines = centredCosines(
      firingRates(seen, count),
      firingRates(recall.output!, columns.length),
      sizeOf(seen.shape),
    );
    return meanAgreement(cosines, labels, columns);
  });
}

/** Means over pairs of the same class, and over pairs of different ones. */
export function meanAgreement(
  cosines: readonly (readonly number[])[],
  labels: ArrayLike<number>,
  columns: readonly number[],
): { own: number; others: number } {
  const sums = { own: 0, others: 0, owns: 0, differ: 0 };
  for (const [row, line] of cosines.entries()) {
    for (const [column, cosine] of line.entries()) {
      if (labels[row] === columns[column]) {
        sums.own += cosine;
        sums.owns++;
      } else {
        sums.others += cosine;
        sums.differ++;
      }
    }
  }
  return { own: sums.own / Math.max(1, sums.owns), others: sums.others / Math.max(1, sums.differ) };
}

/** Bytes of pictures in 0..1. */
export function pixels(images: Float32Array): Uint8Array {
  return Uint8Array.from(images, (value) => Math.round(255 * value));
}

/** Hidden stages of a pair, as the page names them. */
export function stagesOf(model: ImageModel) {
  if (!model.spiking) return [];
  return model.pair.perception.slice(0, -1).map((layer, k) => {
    const { shape } = layer.output!;
    return {
      name: `stage ${k + 2}`,
      neurons: sizeOf(shape),
      pixels: shape.height * shape.width,
      width: shape.width,
      channels: shape.channels,
    };
  });
}
