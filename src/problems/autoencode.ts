/** Image → image: images in random order, and how well the validation images are reconstructed at an epoch's end. */
import type { Dataset } from "../data/dataset.ts";
import { reconstructedErrors } from "../measure/reconstruction.ts";
import type { AutoencoderReport, LearningRates } from "../rules/rule.ts";
import type { AutoencoderModel } from "./autoencode-learners.ts";
import { evenBatch, type Problem, type ProblemKind, type SumsShape } from "./problem.ts";

/** Figures of a batch, times its images. */
export interface AutoencodeSums {
  readonly [key: string]: number | readonly number[];
  readonly images: number;
  readonly loss: number;
  /** Of either end's loss. */
  readonly perceptionLoss: number;
  readonly recallLoss: number;
  /** One a hidden stage. */
  readonly dead: readonly number[];
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
}

export const autoencodeSums: SumsShape = {
  images: "count",
  loss: "number",
  perceptionLoss: "number",
  recallLoss: "number",
  dead: "numbers",
  perceptionRates: "numbers",
  recallRates: "numbers",
};

/** Mean squared errors of each network's images; null where a network does not reconstruct. */
export interface Reconstructed {
  readonly perception: number | null;
  readonly recall: number | null;
}

/** An epoch's figures. Validation figures are in pixel units (0 black, 1 white); null where nothing is held out, or the network does not reconstruct. */
export interface AutoencodeFigures {
  /** Mean squared error of perception's images. */
  readonly validationPerceptionMse: number | null;
  /** Of recall's. */
  readonly validationRecallMse: number | null;
  /** Peak signal-to-noise ratio of that error, in dB. */
  readonly validationPerceptionPsnr: number | null;
  /** Likewise of recall's. */
  readonly validationRecallPsnr: number | null;
  /** Mean over the epoch's images of all stages' losses. */
  readonly trainLoss: number;
  /** Mean of the loss of perception's images, in normalised pixels. */
  readonly trainPerceptionLoss: number;
  /** Of recall's. */
  readonly trainRecallLoss: number;
  /** Firing rates of perception's hidden stages, 2 to L - 1, while training, spikes a neuron and step. */
  readonly perceptionRates: readonly number[];
  /** Of recall's. */
  readonly recallRates: readonly number[];
}

export interface AutoencodeKind extends ProblemKind {
  readonly report: AutoencoderReport;
  readonly sums: AutoencodeSums;
  readonly measured: Reconstructed;
  readonly speed: { readonly imagesPerSecond: number };
  readonly figures: AutoencodeFigures;
}

/** Two autoencoders with their rule and data. */
export interface AutoencodeParts {
  readonly model: AutoencoderModel;
  readonly dataset: Dataset;
  /** Indices into the training part. */
  readonly trainIndices: Int32Array;
  readonly validationIndices: Int32Array;
}

export class Autoencode implements Problem<AutoencodeKind> {
  readonly name = "autoencode";
  readonly nothing: AutoencodeSums = {
    images: 0,
    loss: 0,
    perceptionLoss: 0,
    recallLoss: 0,
    dead: [],
    perceptionRates: [],
    recallRates: [],
  };
  readonly #parts: AutoencodeParts;

  constructor(parts: AutoencodeParts) {
    this.#parts = parts;
  }

  get items(): Int32Array {
    return this.#parts.trainIndices;
  }

  batchAt(k: number, items: number, _size: number, batches: number): { from: number; count: number } {
    return evenBatch(k, items, batches);
  }

  step(
    order: Int32Array,
    from: number,
    count: number,
    _counter: number,
    learningRates: LearningRates,
  ): AutoencoderReport {
    const { model, dataset } = this.#parts;
    model.load(dataset.train, order, from, count);
    return model.learner.step(count, learningRates);
  }

  speed(batchesPerSecond: number, itemsPerBatch: number): { imagesPerSecond: number } {
    return { imagesPerSecond: batchesPerSecond * itemsPerBatch };
  }

  add(sums: AutoencodeSums, report: AutoencoderReport, count: number): AutoencodeSums {
    const add = (sum: readonly number[], values: readonly number[]) =>
      values.map((value, k) => (sum[k] ?? 0) + value * count);
    return {
      images: sums.images + count,
      loss: sums.loss + report.loss * count,
      perceptionLoss: sums.perceptionLoss + report.stageLosses.at(-1)! * count,
      recallLoss: sums.recallLoss + report.stageLosses[0]! * count,
      dead: add(sums.dead, report.dead),
      perceptionRates: add(sums.perceptionRates, report.perceptionRates),
      recallRates: add(sums.recallRates, report.recallRates),
    };
  }

  async measure(pause?: () => Promise<void>): Promise<Reconstructed | null> {
    const { model, dataset, validationIndices } = this.#parts;
    if (validationIndices.length === 0) return null;
    const { reconstructors } = model.learner;
    const errors = await reconstructedErrors(model, dataset.train, validationIndices, reconstructors, pause);
    const errorOf = (by: "perception" | "recall") => errors[reconstructors.indexOf(by)] ?? null;
    return { perception: errorOf("perception"), recall: errorOf("recall") };
  }

  score({ perception }: Reconstructed): number | null {
    return perception === null ? null : -perception;
  }

  figures(sums: AutoencodeSums, measured: Reconstructed | null): AutoencodeFigures {
    const [perception, recall] = [measured?.perception ?? null, measured?.recall ?? null];
    return {
      validationPerceptionMse: perception,
      validationRecallMse: recall,
      validationPerceptionPsnr: decibels(perception),
      validationRecallPsnr: decibels(recall),
      trainLoss: sums.loss / sums.images,
      trainPerceptionLoss: sums.perceptionLoss / sums.images,
      trainRecallLoss: sums.recallLoss / sums.images,
      perceptionRates: sums.perceptionRates.map((value) => value / sums.images),
      recallRates: sums.recallRates.map((value) => value / sums.images),
    };
  }

  firing({ images, perceptionRates, recallRates, dead }: AutoencodeSums) {
    const mean = (values: readonly number[]) => values.map((value) => value / images);
    return { perception: mean(perceptionRates), recall: mean(recallRates), dead: mean(dead) };
  }

  slots(optimiser: boolean) {
    return this.#parts.model.learner.slots(optimiser);
  }

  get optimiser() {
    return this.#parts.model.learner.optimiser;
  }
}

/** Peak signal-to-noise ratio of a mean squared error where the peak is 1; null for none, and for no error at all, whose ratio is infinite. */
function decibels(error: number | null): number | null {
  return error === null || error === 0 ? null : -10 * Math.log10(error);
}
