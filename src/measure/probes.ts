/**
 * What each stage of a net knows of the classes, and how plainly: looked for where one net names fewer images rightly than another.
 *
 *   probe          multinomial logistic regression on the stage's features (`stage-features.ts`), standardised, fitted to training images and read on those evaluated
 *                  (linear probes: Alain and Bengio 2016)
 *   nearest mean   the class whose mean over the training images has the largest cosine with an image's features, both centred
 *   by recall      the class whose recall has the largest cosine (dot product, where stages are told apart by those) with perception's firing rates, both centred as the alignment centres
 *                  them: the stage's own decision. Recall by its firing rates, or the voltages it is compared by
 *   separation     variance between and within classes, and effective ranks of what varies within classes and of the class means
 */

import type { Split } from "../data/dataset.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { AffinityKind } from "../losses/infonce.ts";
import { recallConcepts } from "../nets/inference.ts";
import type { ImageModel } from "../nets/model.ts";
import type { Feature } from "../nets/neuron.ts";
import { sizeOf } from "../nets/shape.ts";
import { evenly } from "./decide.ts";
import type { Meter } from "./evaluate.ts";
import { effectiveRank } from "./representation.ts";
import {
  LinearDecision,
  nearestPrototype,
  type Regression,
  SoftmaxRegression,
  type Standardised,
  standardise,
} from "./softmax-regression.ts";
import {
  type ClassSeparation,
  ClassSpread,
  PROBE_DECAY,
  PROBE_IMAGES,
  recallFeatures,
  type StageFeatures,
  stageFeatures,
} from "./stage-features.ts";

/** What the probes are asked. */
export interface ProbeOptions {
  /** Training images at most, spread evenly; 0 for all. Default 5000. */
  readonly images?: number;
  /** Cells a side that planes are average-pooled to; 0 for units as they are. Default: as they are up to 4,096 units, 4 cells for larger stages. */
  readonly cells?: number;
  /** Weight of half the squared length of a probe's weights. Default 0.01. */
  readonly decay?: number;
  /** What recall is compared by, as the net was taught; see `rule.recallFeatures`. Default: firing rates. */
  readonly recallFeatures?: Feature;
  /** How the two are compared, as the net was taught; see `rule.affinity`. Default: cosines. */
  readonly affinity?: AffinityKind;
  /** Awaited between batches and stages of the fit; may throw to give up. */
  readonly pause?: () => Promise<void>;
}

/** What a stage's features tell of the classes; accuracies are shares, 0..1. */
export interface StageProbe {
  /** From 1, the stimulus. */
  readonly stage: number;
  /** Values or neurons of the stage. */
  readonly units: number;
  /** What the probe reads: the units, or cells x channels. */
  readonly features: number;
  /** Of the linear probe, on the training images it was fitted to. */
  readonly fittedAccuracy: number;
  /** Of the linear probe, on the images evaluated. */
  readonly accuracy: number;
  /** L-BFGS iterations of the fit, 200 at most. */
  readonly iterations: number;
  /** Whether the fit's gradient fell to 1e-4 of the first one's before they ended. */
  readonly converged: boolean;
  /** By the nearest class mean. */
  readonly nearestMean: number;
  /** By the nearest recalled class; null for the stimulus, and where there is no recall. */
  readonly byRecall: number | null;
  /** Of the training images. */
  readonly fittedSeparation: ClassSeparation;
  /** Of the images evaluated. */
  readonly separation: ClassSeparation;
  /** Effective rank of the evaluated images' features less their class's mean, over `rankImages` of them. */
  readonly withinRank: number;
  /** Effective rank of the class means less their mean. */
  readonly meansRank: number;
  /** Images kept for `withinRank`. */
  readonly rankImages: number;
}

/** What every stage of a net tells of the classes. */
export interface Probes {
  /** Training images the probes were fitted to. */
  readonly fittedImages: number;
  /** Images evaluated. */
  readonly images: number;
  /** As `ProbeOptions.decay`. */
  readonly decay: number;
  /** From stage 1, the stimulus, up. */
  readonly stages: readonly StageProbe[];
}

/**
 * Probes that watch an evaluation: fitted first, to images trained on.
 *
 * @example
 * const meter = await ProbeMeter.fit(team, model, { split: dataset.train, indices: trainIndices }, testIndices.length);
 * await evaluate(model, dataset.test, testIndices, undefined, [meter]);
 * meter.result().stages[1].accuracy; // of a linear reader of stage 2
 */
export class ProbeMeter implements Meter {
  readonly #fitted: number;
  readonly #decay: number;
  readonly #stages: readonly ProbedStage[];
  #seen = 0;

  private constructor(fitted: number, decay: number, stages: readonly ProbedStage[]) {
    this.#fitted = fitted;
    this.#decay = decay;
    this.#stages = stages;
  }

  /**
   * Fits a probe to every stage, one after the other; the net's newest batch is then another.
   *
   * @param trained images to fit to, of those trained on
   * @param images that will be seen: those kept for the rank are spread evenly over them
   * @throws BispikeError "usage" for no training images, or options out of range; "platform" where the features do not fit in memory
   */
  static async fit(
    team: Team,
    model: ImageModel,
    trained: { readonly split: Split; readonly indices: Int32Array },
    images: number,
    options: ProbeOptions = {},
  ): Promise<ProbeMeter> {
    const { decay = PROBE_DECAY, cells, recallFeatures, affinity, pause } = options;
    check(trained.indices, options);
    const indices = evenly(trained.indices, options.images ?? PROBE_IMAGES);
    const classes = model.data.classNames.length;
    const readers = stageFeatures(model, cells);
    const width = Math.max(...readers.map((reader) => reader.width));
    const { rows, regression } = room(team, { images: indices.length, width, classes });
    const labels = indices.map((image) => trained.split.labels[image]!);
    const recalled = recalledClasses(model, recallFeatures);
    const stages: ProbedStage[] = [];
    for (const reader of readers) {
      const { width } = reader;
      const recall = recalled.get(reader.stage);
      const fitted = new ClassSpread(classes, width);
      const features = new Float64Array(width);
      for (let from = 0; from < indices.length; from += model.maxImages) {
        const count = model.load(trained.split, indices, from, Math.min(model.maxImages, indices.length - from));
        if (reader.stage > 1) model.perceive(count);
        for (let b = 0; b < count; b++) {
          reader.read(b, features);
          rows.view.set(features, (from + b) * width);
          fitted.add(features, labels[from + b]!);
          recall?.add(b);
        }
        await pause?.();
      }
      const standardised = standardise(rows, indices.length, width);
      const fit = regression.fit({ at: rows.at, stride: width, width, labels }, { decay });
      stages.push({
        reader,
        fit,
        fitted,
        probe: onPlainFeatures(fit, standardised),
        nearestMean: nearestPrototype(fitted.means(), fitted.mean(), { present: fitted.present }),
        own: recall && {
          reader: recall.reader,
          decision: nearestPrototype(recall.prototypes, recall.mean(), { ...(affinity && { affinity }) }),
        },
        seen: new SeenImages(width, classes, images),
      });
      await pause?.();
    }
    return new ProbeMeter(indices.length, decay, stages);
  }

  /** Sees a batch. */
  add(images: number, labels: readonly number[]): void {
    for (const stage of this.#stages) readBatch(stage, images, labels);
    this.#seen += images;
  }

  /** What was measured so far. */
  result(): Probes {
    return {
      fittedImages: this.#fitted,
      images: this.#seen,
      decay: this.#decay,
      stages: this.#stages.map(({ reader, fit, fitted, own, seen }) => ({
        stage: reader.stage,
        units: sizeOf(reader.shape),
        features: reader.width,
        fittedAccuracy: fit.accuracy,
        accuracy: seen.right.probe / this.#seen,
        iterations: fit.iterations,
        converged: fit.converged,
        nearestMean: seen.right.nearestMean / this.#seen,
        byRecall: own ? seen.right.own / this.#seen : null,
        fittedSeparation: fitted.separation(),
        separation: seen.spread.separation(),
        ...seen.ranks(),
      })),
    };
  }
}

interface ProbedStage {
  readonly reader: StageFeatures;
  readonly fit: Regression;
  readonly fitted: ClassSpread;
  readonly probe: LinearDecision;
  readonly nearestMean: LinearDecision;
  readonly own: { readonly reader: StageFeatures; readonly decision: LinearDecision } | undefined;
  readonly seen: SeenImages;
}

function readBatch({ reader, probe, nearestMean, own, seen }: ProbedStage, images: number, labels: readonly number[]) {
  const features = new Float64Array(reader.width);
  const rates = new Float64Array(own?.reader.width ?? 0);
  for (let b = 0; b < images; b++) {
    const label = labels[b]!;
    reader.read(b, features);
    seen.add(features, label);
    if (probe.classOf(features) === label) seen.right.probe++;
    if (nearestMean.classOf(features) === label) seen.right.nearestMean++;
    if (!own) continue;
    own.reader.read(b, rates);
    if (own.decision.classOf(rates) === label) seen.right.own++;
  }
}

/** The probe as a reader of features that were not standardised: W (x - mean) scale + b. */
function onPlainFeatures({ weights, bias }: Regression, { mean, scale }: Standardised): LinearDecision {
  const width = mean.length;
  const rows = weights.map((weight, i) => weight * scale[i % width]!);
  const offsets = bias.map((offset, c) => {
    let sum = offset;
    for (let f = 0; f < width; f++) sum -= rows[c * width + f]! * mean[f]!;
    return sum;
  });
  return new LinearDecision(rows, offsets);
}

/** The engine's memory for the fit of the widest stage. */
function room(team: Team, sizes: { readonly images: number; readonly width: number; readonly classes: number }) {
  const { images, width } = sizes;
  try {
    return { rows: team.arena.f32(images * width), regression: new SoftmaxRegression(team, sizes) };
  } catch (cause) {
    const bytes = Math.round((images * width * 4) / 2 ** 20);
    throw new BispikeError(
      "platform",
      `probes: ${images} images of ${width} features take ${bytes} MiB, more than the engine's memory has left; fit to fewer images, or pool to fewer cells`,
      { cause },
    );
  }
}

function check(indices: Int32Array, { images = PROBE_IMAGES, cells = 0, decay = PROBE_DECAY }: ProbeOptions): void {
  const fail = (expected: string, got: unknown) =>
    new BispikeError("usage", `probes: expected ${expected}, got ${String(got)}`);
  if (indices.length === 0) throw fail("one or more training images", "none");
  if (!Number.isInteger(images) || images < 0) throw fail("a whole number of images from 0 up", images);
  if (!Number.isInteger(cells) || cells < 0) throw fail("a whole number of cells from 0 up", cells);
  if (!(decay > 0 && Number.isFinite(decay))) throw fail("a decay above 0", decay);
}

/**
 * Recall of every class at a stage, and the mean of perception's rates there: what the stage's own decision is made from. Both as the alignment sees them: pooled where it pools, recall by its
 * voltages where they are compared.
 */
class RecalledStage {
  readonly reader: StageFeatures;
  /** [class][feature]. */
  readonly prototypes: Float64Array;
  readonly #sum: Float64Array;
  readonly #rates: Float64Array;
  #images = 0;

  /** Call after the classes were recalled, in their order. */
  constructor(perception: StageFeatures, recall: StageFeatures, classes: number) {
    this.reader = perception;
    this.prototypes = new Float64Array(classes * recall.width);
    for (let c = 0; c < classes; c++)
      recall.read(c, this.prototypes.subarray(c * recall.width, (c + 1) * recall.width));
    this.#sum = new Float64Array(perception.width);
    this.#rates = new Float64Array(perception.width);
  }

  /** Takes an image of perception's newest batch into the mean. */
  add(image: number): void {
    this.reader.read(image, this.#rates);
    for (let f = 0; f < this.#rates.length; f++) this.#sum[f]! += this.#rates[f]!;
    this.#images++;
  }

  mean(): Float64Array {
    return this.#sum.map((sum) => sum / this.#images);
  }
}

/** By stage; empty where there is no recall. Recalls every class. `feature`: what recall is compared by. */
function recalledClasses(model: ImageModel, feature: Feature = "rate"): Map<number, RecalledStage> {
  if (!model.pair?.recalls) return new Map();
  const { classes } = model.pair.target;
  recallConcepts(
    model.pair,
    Array.from({ length: classes }, (_, c) => c),
    feature,
  );
  return new Map(
    recallFeatures(model.pair, feature).map(({ perception, recall }) => [
      perception.stage,
      new RecalledStage(perception, recall, classes),
    ]),
  );
}

/** Images whose features are kept: the rank's time grows with their cube. */
const RANK_IMAGES = 512;

/** A stage's features while a net is evaluated: right decisions, sums by class, and the features of some images for the rank within classes. */
class SeenImages {
  readonly right = { probe: 0, nearestMean: 0, own: 0 };
  readonly spread: ClassSpread;
  readonly #width: number;
  readonly #images: number;
  readonly #kept: number;
  readonly #rows: Float64Array;
  readonly #labels: number[] = [];
  #seen = 0;

  /** @param images that will be seen */
  constructor(width: number, classes: number, images: number) {
    this.spread = new ClassSpread(classes, width);
    this.#width = width;
    this.#images = images;
    this.#kept = Math.min(images, RANK_IMAGES);
    this.#rows = new Float64Array(this.#kept * width);
  }

  add(features: Float64Array, label: number): void {
    this.spread.add(features, label);
    const kept = this.#labels.length;
    // Of n images the k-th that is kept is number floor(k n / kept).
    if (kept < this.#kept && this.#seen === Math.floor((kept * this.#images) / this.#kept)) {
      this.#rows.set(features, kept * this.#width);
      this.#labels.push(label);
    }
    this.#seen++;
  }

  /** Effective ranks of the features less their class's mean, over the images kept, and of the class means less theirs. */
  ranks(): { withinRank: number; meansRank: number; rankImages: number } {
    const means = this.spread.means();
    const width = this.#width;
    const rankImages = this.#labels.length;
    const rows = this.#rows.slice(0, rankImages * width);
    for (const [k, label] of this.#labels.entries())
      for (let f = 0; f < width; f++) rows[k * width + f]! -= means[label * width + f]!;
    return { withinRank: effectiveRank(rows, rankImages, width), meansRank: this.spread.meansRank(), rankImages };
  }
}
