/** Image → class: batches of images with labels, decisions counted, accuracy on the validation images. */
import type { Augmenter } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Evaluation, evaluate } from "../measure/evaluate.ts";
import type { ImageModel } from "../nets/model.ts";
import type { LearningRates, Rule, StepReport } from "../rules/rule.ts";
import type { Observation } from "../training/observation.ts";
import type { Observer } from "../training/observer.ts";
import { fullBatch, type Problem, type ProblemKind, type SumsShape } from "./problem.ts";

/** Figures of a batch times its images; decisions and images are counts. */
export interface ClassifySums {
  readonly [key: string]: number | readonly number[];
  readonly loss: number;
  readonly correct: number;
  readonly images: number;
  /** Share of each hidden stage's neurons that did not fire once in a batch. */
  readonly dead: readonly number[];
}

export const classifySums: SumsShape = { loss: "number", correct: "count", images: "count", dead: "numbers" };

/** An epoch's figures. */
export interface ClassifyFigures {
  /** By the concept's spikes, 0..1; null where nothing is held out. */
  readonly validationAccuracy: number | null;
  /** Mean over the epoch's images, as training showed them (`data.augment`) and taught them (`data.labelNoise`). */
  readonly trainLoss: number;
  /** Share of right decisions by the read-out while training, 0..1. */
  readonly trainAccuracy: number;
  /** Hamming similarity, 0..1, of the two networks' validation spikes, a hidden stage; empty where there is no recall. */
  readonly hamming: readonly number[];
  /** The same with recall of another class: the control. */
  readonly hammingShuffled: readonly number[];
  /** Firing rates of perception's hidden stages on the validation images, in evaluation, spikes a neuron and step. */
  readonly rates: readonly number[];
}

export interface ClassifyKind extends ProblemKind {
  readonly report: StepReport;
  readonly sums: ClassifySums;
  readonly measured: Evaluation;
  readonly speed: { readonly imagesPerSecond: number };
  readonly figures: ClassifyFigures;
}

/** A model with its data and learning rule. */
export interface ClassifyParts {
  readonly model: ImageModel;
  readonly dataset: Dataset;
  readonly rule: Rule;
  /** Indices into the training part. */
  readonly trainIndices: Int32Array;
  /** Labels of the training part as they are taught: its own, but for label noise. */
  readonly taughtLabels: Uint16Array;
  readonly validationIndices: Int32Array;
  /** Makes the variants of images that training shows, where the configuration asks for them. */
  readonly augmenter?: Augmenter;
  /** Watches some of the steps, where the configuration asks for it. */
  readonly observer?: Observer;
}

export class Classify implements Problem<ClassifyKind> {
  readonly name = "classify";
  readonly nothing: ClassifySums = { loss: 0, correct: 0, images: 0, dead: [] };
  /** What was observed of the newest step; undefined where it was not. */
  observation: Observation | undefined;
  readonly #parts: ClassifyParts;

  constructor(parts: ClassifyParts) {
    this.#parts = parts;
  }

  get items(): Int32Array {
    return this.#parts.trainIndices;
  }

  batchAt(k: number, items: number, size: number): { from: number; count: number } {
    return fullBatch(k, items, size);
  }

  step(order: Int32Array, from: number, count: number, counter: number, learningRates: LearningRates): StepReport {
    const { model, dataset, rule, taughtLabels, augmenter, observer: all } = this.#parts;
    const labels = Uint16Array.from({ length: count }, (_, k) => taughtLabels[order[from + k]!]!);
    const batch = { labels, counter };
    const observer = all?.isDue(counter) ? all : undefined;
    observer?.measure();
    model.load(dataset.train, order, from, count, augmenter && { augmenter, counter });
    observer?.compare(batch);
    const report = rule.step(batch, learningRates);
    this.observation = observer?.observation(counter);
    return report;
  }

  speed(batchesPerSecond: number, itemsPerBatch: number): { imagesPerSecond: number } {
    return { imagesPerSecond: batchesPerSecond * itemsPerBatch };
  }

  add({ loss, correct, images, dead }: ClassifySums, report: StepReport, count: number): ClassifySums {
    return {
      loss: loss + report.loss * count,
      correct: correct + report.correct,
      images: images + count,
      dead: report.dead.map((share, k) => (dead[k] ?? 0) + share * count),
    };
  }

  async measure(pause?: () => Promise<void>): Promise<Evaluation | null> {
    const { model, dataset, validationIndices } = this.#parts;
    return validationIndices.length > 0 ? evaluate(model, dataset.train, validationIndices, pause) : null;
  }

  score({ accuracy }: Evaluation): number {
    return accuracy;
  }

  figures({ loss, correct, images }: ClassifySums, measured: Evaluation | null): ClassifyFigures {
    return {
      validationAccuracy: measured?.accuracy ?? null,
      trainLoss: loss / images,
      trainAccuracy: correct / images,
      hamming: measured?.hamming ?? [],
      hammingShuffled: measured?.hammingShuffled ?? [],
      rates: measured?.rates ?? [],
    };
  }

  firing({ dead, images }: ClassifySums, report: StepReport | undefined) {
    if (!report) return undefined;
    const { perceptionRates, recallRates } = report;
    return { perception: perceptionRates, recall: recallRates, dead: dead.map((sum) => sum / images) };
  }

  slots(optimiser: boolean) {
    return this.#parts.rule.slots(optimiser);
  }

  get optimiser() {
    return this.#parts.rule.optimiser;
  }
}
