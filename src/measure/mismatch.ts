/**
 * Do perception and recall disagree about an image? A pair was taught to speak alike about what it was shown, so a stimulus of another kind should part them: the mismatch is an
 * out-of-distribution score. Perception sees the image, recall the concept that perception decides for; at each hidden stage
 *
 *   Hamming   share of (unit, step) bits that differ             = 1 - Hamming similarity
 *   cosine    1 - cosine of the units' firing rates; 1 where one is silent
 *
 * and the score is the sum over the stages. Beside them two scores that know nothing of recall, to be beaten: 1 - the largest softmax probability of the concept's mean drive
 * (Hendrycks and Gimpel, ICLR 2017), and perception's firing rates, summed over the stages: brighter images fire more, and whatever fires more differs in more bits.
 */
import type { Split } from "../data/dataset.ts";
import { exponential } from "../engine/elementary.ts";
import { BispikeError } from "../errors.ts";
import { perceive, recallConcepts } from "../nets/inference.ts";
import type { Model } from "../nets/model.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { pixelsOf, sizeOf, tilesOf } from "../nets/shape.ts";
import { decide } from "./decide.ts";
import { cosine, differing } from "./similarity.ts";
import { spikeCounts } from "./spike-counts.ts";

/** Scores of single images, [image]: the larger, the less the pair knows them. */
export interface MismatchScores {
  /** Share of (unit, step) bits in which the networks' spikes differ, summed over the hidden stages. */
  readonly hamming: Float64Array;
  /** 1 - cosine of the units' firing rates, 1 where one is silent, summed over the hidden stages. */
  readonly cosine: Float64Array;
  /** 1 - largest softmax probability of the concept's mean drive. */
  readonly uncertainty: Float64Array;
  /** Firing rate of perception's hidden stages, summed over them. */
  readonly rate: Float64Array;
  /** The summands of `hamming` and `cosine`, a hidden stage, from below. */
  readonly stages: readonly {
    readonly stage: number;
    readonly hamming: Float64Array;
    readonly cosine: Float64Array;
  }[];
}

/**
 * Scores the images at `indices` of a split. Labels are not looked at.
 *
 * @param pause awaited between batches; may throw to give up
 * @example
 * const known = await mismatchScores(model, mnist.test, indices);
 * const foreign = await mismatchScores(model, fashion.test, indices);
 * auroc(known.hamming, foreign.hamming);
 */
export async function mismatchScores(
  model: Model,
  split: Split,
  indices: Int32Array,
  pause?: () => Promise<void>,
): Promise<MismatchScores> {
  const { pair } = model;
  const { maxImages } = pair.options;
  const images = indices.length;
  const array = () => new Float64Array(images);
  const stages = [...pair.hiddenStages()].map(({ stage }) => ({ stage, hamming: array(), cosine: array() }));
  const uncertainty = array();
  const rate = array();
  const recalled = recalledCounts(pair);
  for (let from = 0; from < images; from += maxImages) {
    const count = model.load(split, indices, from, Math.min(maxImages, images - from));
    perceive(pair, count);
    const decisions = decide(pair, count);
    for (const [b, { drives }] of decisions.entries()) uncertainty[from + b] = 1 - largestShare(drives);
    for (const [k, { perception, recall }] of [...pair.hiddenStages()].entries()) {
      const ours = perception.output!;
      const words = ours.steps * pixelsOf(ours.shape) * tilesOf(ours.shape);
      const bits = ours.steps * sizeOf(ours.shape);
      const counts = new Float64Array(sizeOf(ours.shape));
      for (const [b, decision] of decisions.entries()) {
        const concept = decision.class;
        const apart = differing(ours.masks.view, b * words, recall.output!.masks.view, concept * words, words);
        stages[k]!.hamming[from + b] = apart / bits;
        rate[from + b]! += spikeCounts(ours, b, counts) / bits;
        stages[k]!.cosine[from + b] = 1 - (cosine(counts, recalled[k]![concept]!) ?? 0);
      }
    }
    await pause?.();
  }
  const total = (kind: "hamming" | "cosine") =>
    array().map((_, b) => stages.reduce((sum, stage) => sum + stage[kind][b]!, 0));
  return { hamming: total("hamming"), cosine: total("cosine"), uncertainty, rate, stages };
}

/** Spike counts of recall's units, [hidden stage][class]; leaves recall's spikes where they are. */
export function recalledCounts(pair: NetworkPair): Float64Array[][] {
  const concepts = Array.from({ length: pair.target.classes }, (_, c) => c);
  recallConcepts(pair, concepts);
  return [...pair.hiddenStages()].map(({ recall }) =>
    concepts.map((c) => {
      const counts = new Float64Array(sizeOf(recall.output!.shape));
      spikeCounts(recall.output!, c, counts);
      return counts;
    }),
  );
}

/**
 * How well an image just perceived fits what recall holds of a class: the mean over the hidden stages of
 *
 *   cos(r, r')    r, r': firing rates of the stage's units in perception of the image and in recall of the class; 0 where one is silent
 *
 * @param image place of the image among those perceived
 * @param recalled as `recalledCounts` gives them
 * @returns 0 (nothing in common) to 1 (the same firing rates)
 */
export function familiarityOf(
  pair: NetworkPair,
  image: number,
  concept: number,
  recalled: readonly (readonly Float64Array[])[],
): number {
  const cosines = [...pair.hiddenStages()].map(({ perception }, k) => {
    const ours = perception.output!;
    const counts = new Float64Array(sizeOf(ours.shape));
    spikeCounts(ours, image, counts);
    return cosine(counts, recalled[k]![concept]!) ?? 0;
  });
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  return Math.min(1, Math.max(0, mean));
}

/** Largest probability of a softmax. */
function largestShare(values: Float64Array): number {
  const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return 1 / values.reduce((sum, value) => sum + exponential(value - largest), 0);
}

// Area under the receiver operating characteristic, exactly: the Mann-Whitney statistic with ties,
//
// AUROC = P(score of an outlier > score of an inlier) + P(equal) / 2 = (sum of the outliers' mid-ranks - m (m + 1) / 2) / (m n)
//
// for m outliers and n inliers. 0.5 tells nothing apart, 1 everything, below 0.5 the score points the wrong way.

/**
 * Area under the receiver operating characteristic, exactly (Mann-Whitney, ties count half): the probability that an outlier's score is above an inlier's. 0.5 tells nothing apart, 1 everything, and below 0.5 the score points the wrong way.
 *
 * @param inliers scores of what is known; at least one
 * @param outliers scores of what should score higher; at least one
 * @throws BispikeError "usage" for an empty side or a score that is not a number
 * @example
 * auroc([0, 1, 1], [1, 2]); // (1 + 0.5 + 0.5 + 3) / 6
 */
export function auroc(inliers: ArrayLike<number>, outliers: ArrayLike<number>): number {
  const [n, m] = [inliers.length, outliers.length];
  if (n === 0 || m === 0)
    throw new BispikeError("usage", `AUROC: expected scores on both sides, got ${n} inliers and ${m} outliers`);
  const [known, foreign] = [sorted(inliers), sorted(outliers)];
  // Twice the pairs an outlier wins, ties once: whole numbers, so nothing is rounded before the division.
  let twice = 0;
  let below = 0;
  let upTo = 0;
  for (const score of foreign) {
    while (below < n && known[below]! < score) below++;
    while (upTo < n && known[upTo]! <= score) upTo++;
    twice += below + upTo;
  }
  return twice / (2 * m * n);
}

function sorted(scores: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(scores).sort();
  // NaN sorts last.
  if (Number.isNaN(copy.at(-1)!)) throw new BispikeError("usage", "AUROC: expected numbers as scores, got NaN");
  return copy;
}
