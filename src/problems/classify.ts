/** Image → class: batches of images with labels, decisions counted, accuracy on the validation images; both ends of a pair, and rule bsd on it. */
import type { Augmenter } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Region } from "../engine/memory.ts";
import type { AlignedStage, Alignment } from "../losses/align.ts";
import { partLoss, stimulusLoss } from "../losses/stage-loss.ts";
import { type Evaluation, evaluate } from "../measure/evaluate.ts";
import type { ImageModel } from "../nets/model.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { Slot } from "../nets/parameters.ts";
import { sizeOf } from "../nets/shape.ts";
import { BsdLearner, type Course } from "../rules/bsd.ts";
import { assertFit, type BsdOptions, codesOf } from "../rules/bsd-options.ts";
import type { EndLoss, Ends, Span } from "../rules/ends.ts";
import type { AdamW, OptimiserOptions } from "../rules/optimiser.ts";
import { assertBatch, type Batch, type LearningRates, type Rule, type StepReport } from "../rules/rule.ts";
import { StageCodes } from "../rules/stage-codes.ts";
import { Top } from "../rules/top.ts";
import { pairView } from "../rules/views.ts";
import { type WayBack, wayBack } from "../rules/way-back.ts";
import type { Observation, Observer } from "../training/observer.ts";
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

// Both ends of a pair that learns classes (image -> class): perception is shown images, recall is told the classes' codes, once a class (prototypes) or once an image.
//
//   stage 1  align(stimulus, reconstructed stimulus), without a margin, of cosines
//   stage L  the top loss on the concept's drive (rules/top.ts)

export type { BsdOptions } from "../rules/bsd-options.ts";

const span = (rows: number): Span => ({ positions: 1, rows });

export class ClassifyEnds implements Ends<Batch> {
  readonly room: { readonly rows: number; readonly columns: number };
  readonly aligned: readonly AlignedStage[];
  readonly #pair: NetworkPair;
  readonly #prototypes: boolean;
  /** Every class once. */
  readonly #classes: readonly number[];
  readonly #stimulus: AlignedStage;
  /** The stimulus, centred where the features are. */
  readonly #centred: Region<Float32Array>;
  /** Where the pair has the concept's stage. */
  readonly #top: Top | undefined;

  constructor(pair: NetworkPair, options: BsdOptions) {
    const { centred, rivals, stimulusWeight, top, lambda } = options;
    const { classes } = pair.target;
    const { maxImages } = pair.options;
    const width = pair.holds(1) ? pair.stimulusWidth : 0;
    this.#pair = pair;
    this.#prototypes = rivals === "prototypes";
    this.#classes = Array.from({ length: classes }, (_, c) => c);
    this.#stimulus = {
      width,
      features: sizeOf(pair.stimulusShape),
      loss: partLoss(options, stimulusWeight, stimulusLoss),
      centred,
      rivals,
    };
    this.aligned = [this.#stimulus];
    this.room = { rows: maxImages, columns: pair.recalls ? pair.maxRecalls : classes };
    this.#centred = pair.team.arena.f32(centred && pair.recalls ? maxImages * width : 0);
    if (pair.holds(pair.stages)) this.#top = new Top(pair, top, lambda);
  }

  spans({ labels }: Batch): { shown: Span; told: Span } {
    return { shown: span(labels.length), told: span(this.#told(labels).length) };
  }

  show({ labels, counter }: Batch): void {
    const { below } = this.#pair;
    if (below) below.list(labels.length, true);
    else this.#pair.encode(labels.length, counter, true);
  }

  tell({ labels }: Batch): void {
    const { above } = this.#pair;
    const told = this.#told(labels);
    if (above) above.list(told.length, true);
    else this.#pair.present(told, true);
  }

  labels({ labels }: Batch): Uint16Array {
    return labels;
  }

  stimulus({ labels }: Batch, learns: boolean, alignment: Alignment): EndLoss {
    const { stimulus, reconstructed } = this.#pair;
    const { loss, columns: gradient } = alignment.align(
      this.#stimulus,
      {
        v: stimulus.at,
        centredAt: this.#centred.at,
        rows: labels.length,
        w: reconstructed.features.at,
        columns: this.#told(labels).length,
        labels,
      },
      { rows: false, columns: learns },
    );
    return { loss, gradient };
  }

  top({ labels }: Batch): EndLoss & { correct: number } {
    return this.#top!.loss(labels);
  }

  #told(labels: Uint16Array): ArrayLike<number> {
    return this.#prototypes ? this.#classes : labels;
  }
}

/**
 * Bidirectional Spike-Based Distillation (Lv et al., arXiv 2509.20284) on a spiking pair, or on some of its stages. Each stage has one loss, to which its inputs are constants:
 *
 *     stage 1             align(stimulus, reconstructed stimulus)         trains recall's Theta_1
 *     stage i, 1 < i < L  align(perception's, recall's features)    trains W_{i-1} and Theta_i
 *     stage L             top loss on the concept's drive           trains W_{L-1}
 *
 * @example
 * const rule = new Bsd(pair, defaults.rule, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * pair.stimulus.view.set(pixels); // rows of pair.stimulusWidth floats
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 3e-3 }).stageLosses;
 */
export class Bsd implements Rule {
  readonly pair: NetworkPair;
  readonly #learner: BsdLearner<Batch>;
  readonly #wayBack: WayBack | undefined;

  /** Throws a `usage` error for a pair that is not made for these options, and a `config` error where a stage is too small for random codes. */
  constructor(pair: NetworkPair, options: BsdOptions, optimiser: OptimiserOptions) {
    assertFit(pair, options);
    const { features, recallFeatures = "same" } = options;
    const recall = recallFeatures === "same" ? features : recallFeatures;
    this.pair = pair;
    this.#wayBack = wayBack(pair, { perception: features, recall }, options, optimiser);
    this.#learner = new BsdLearner({
      team: pair.team,
      pair: pairView(pair, (layer) => new StageCodes(pair.team, layer, codesOf(pair, options))),
      ends: new ClassifyEnds(pair, options),
      options,
      optimiser,
      wayBack: this.#wayBack,
    });
  }

  get optimiser(): AdamW {
    return this.#learner.optimiser;
  }

  step(batch: Batch, learningRates: LearningRates): StepReport {
    this.#assertBatch(batch);
    return this.#learner.step(batch, learningRates);
  }

  /** A step of the stages at hand: see `BsdLearner.course`. */
  *course(batch: Batch, learningRates: LearningRates): Course<StepReport> {
    this.#assertBatch(batch);
    return yield* this.#learner.course(batch, learningRates);
  }

  *slots(optimiser: boolean): Generator<Slot> {
    yield* this.pair.slots(optimiser);
    if (optimiser) yield* this.#wayBack?.slots?.() ?? [];
  }

  #assertBatch(batch: Batch): void {
    assertBatch(batch, this.pair.options.maxImages, this.pair.target.classes);
  }
}
