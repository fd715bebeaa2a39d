/**
 * Both ends of a pair that learns classes (image -> class): perception is shown images, recall is told the classes' codes, once a class (prototypes) or once an image.
 *
 *   stage 1  align(stimulus, reconstructed stimulus), without a margin, of cosines
 *   stage L  the top loss on the concept's drive (rules/top.ts)
 */
import type { Region } from "../engine/memory.ts";
import type { AlignedStage, Alignment } from "../losses/align.ts";
import { partLoss, stimulusLoss } from "../losses/stage-loss.ts";
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
