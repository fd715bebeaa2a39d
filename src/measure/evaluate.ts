/** Accuracy, confusion and spike similarity of a model over a part of a data set. */
import { checkLabels, type Split } from "../data/dataset.ts";
import { placeOfLargest } from "../engine/elementary.ts";
import { BispikeError } from "../errors.ts";
import type { ImageModel } from "../nets/model.ts";
import { decideImages } from "./decide.ts";
import { SpikeSimilarity } from "./similarity.ts";

/** What a pass over images measured. */
export interface Evaluation {
  /** Images evaluated. */
  readonly images: number;
  /** Share of right decisions, 0..1: by the concept's spikes, or the largest output of a non-spiking net. */
  readonly accuracy: number;
  /** The same by the concept's mean drive alone. */
  readonly driveAccuracy: number;
  /** confusion[truth][decision], counts. */
  readonly confusion: readonly (readonly number[])[];
  /** Mean firing rate of each hidden stage of perception, spikes a neuron and step; empty for nets that do not spike. */
  readonly rates: readonly number[];
  /** Hamming similarity of the networks' spikes, 0..1, a hidden stage; empty where there is no recall. */
  readonly hamming: readonly number[];
  /** The same with recall of another class: the control. */
  readonly hammingShuffled: readonly number[];
}

/** Sees each batch of an evaluation right after it was perceived: what else is to be measured in the same pass. */
export interface Meter {
  /**
   * Takes a batch in, while the net still holds what it made of it.
   *
   * @param labels true classes of the batch's images
   */
  add(images: number, labels: readonly number[]): void;
}

/**
 * Evaluates on the images at `indices` of a split.
 *
 * @param pause awaited between batches; may throw to give up
 * @param indices one or more
 * @param meters see every batch. Default: none
 * @throws BispikeError "usage" for no images, "shape" for those of another size, "data" for a label that is no class of the model's
 * @example
 * const { accuracy } = await evaluate(model, dataset.test, Int32Array.from(dataset.test.labels, (_, i) => i));
 */
export async function evaluate(
  model: ImageModel,
  split: Split,
  indices: Int32Array,
  pause?: () => Promise<void>,
  meters: readonly Meter[] = [],
): Promise<Evaluation> {
  if (indices.length === 0) throw new BispikeError("usage", "evaluate: expected images, got none");
  const { maxImages } = model;
  const classes = model.data.classNames.length;
  checkLabels(split.labels, classes, "evaluate");
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const rates: number[] = [];
  const similarity = model.pair?.recalls ? new SpikeSimilarity(model.pair) : undefined;
  let right = 0;
  let rightByDrive = 0;
  for (let from = 0; from < indices.length; from += maxImages) {
    const count = model.load(split, indices, from, Math.min(maxImages, indices.length - from));
    const labels = Array.from({ length: count }, (_, k) => split.labels[indices[from + k]!]!);
    model.perceive(count);
    similarity?.add(labels);
    for (const meter of meters) meter.add(count, labels);
    for (const [k, rate] of model.rates().entries()) rates[k] = (rates[k] ?? 0) + count * rate;
    for (const [k, decision] of decideImages(model, count).entries()) {
      const truth = labels[k]!;
      confusion[truth]![decision.class]!++;
      if (decision.class === truth) right++;
      if (placeOfLargest(decision.drives) === truth) rightByDrive++;
    }
    await pause?.();
  }
  const images = indices.length;
  const { own, shuffled } = similarity?.means() ?? { own: [], shuffled: [] };
  return {
    images,
    accuracy: right / images,
    driveAccuracy: rightByDrive / images,
    confusion,
    rates: rates.map((sum) => sum / images),
    hamming: own,
    hammingShuffled: shuffled,
  };
}
