/**
 * Recall measured for its own sake: are the pictures it draws of the class they should be?
 *
 *   judged        an independently trained classifier names each recalled picture; right where it names the class that was recalled
 *   correlation   of each recalled picture with its class's mean, both less their mean over the classes (`recalled.ts`)
 *   similarity    of each recalled picture with its class's mean by a measure of the caller's, such as SSIM
 */
import type { ImageShape } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import type { Model } from "../network/model.ts";
import type { Classifier } from "./classifier.ts";
import { recallImages } from "./recalled.ts";

/** How alike each of `count` pictures is to its original, both [count][pixel][channel] of values 0..1. */
export type PictureSimilarity = (
  originals: Float32Array,
  redrawn: Float32Array,
  shape: ImageShape,
  count: number,
) => ArrayLike<number>;

/** How well recall draws its classes. */
export interface RecallMeasures {
  /** Each class's figures. */
  readonly classes: readonly {
    readonly class: number;
    /** Correlation with its own class's mean, and the largest with another's. */
    readonly correlation: number;
    readonly otherCorrelation: number;
    /** What the classifier takes it for; null without one. */
    readonly judged: number | null;
    /** By the similarity that was given; null without one. */
    readonly similarity: number | null;
  }[];
  /** Share, 0..1, of recalled pictures the classifier names rightly; null without one. */
  readonly judgedAccuracy: number | null;
  /** Mean over the classes of the correlation with the class's own mean, -1..1. */
  readonly meanCorrelation: number;
  /** Mean over the classes by the similarity that was given; null without one. */
  readonly meanSimilarity: number | null;
  /** Share of classes, 0..1, whose recall is most like their own mean. */
  readonly ownIsNearest: number;
}

/**
 * Recalls every class once and measures what it draws.
 *
 * @param means of the training images, as `classMeans` gives them
 * @param options a `classifier` trained without the pair, whose class numbers must be the pair's, and a `similarity` such as SSIM. Default: none
 * @throws BispikeError "usage" for a classifier that names another number of pictures than it was given
 * @example
 * const { judgedAccuracy } = await measureRecall(model, checkpoint.classMeans, { classifier: modelClassifier(other) });
 */
export async function measureRecall(
  model: Model,
  means: Float32Array,
  options: { classifier?: Classifier | undefined; similarity?: PictureSimilarity | undefined } = {},
): Promise<RecallMeasures> {
  const { classifier, similarity } = options;
  const { shape } = model.data;
  const { classes } = model.pair.target;
  const { images, correlations, ownIsNearest } = recallImages(model, means);
  const judged = classifier ? await classifier(images, shape, classes) : null;
  if (judged && judged.length !== classes)
    throw new BispikeError(
      "usage",
      `classifier: expected ${classes} class numbers, one a picture, got ${judged.length}`,
    );
  const alike = similarity ? similarity(means, images, shape, classes) : null;
  const perClass = correlations.map((row, c) => ({
    class: c,
    correlation: row[c]!,
    otherCorrelation: row.reduce(
      (most, value, k) => (k === c ? most : Math.max(most, value)),
      Number.NEGATIVE_INFINITY,
    ),
    judged: judged ? judged[c]! : null,
    similarity: alike ? alike[c]! : null,
  }));
  const mean = (of: (line: (typeof perClass)[number]) => number) =>
    perClass.reduce((sum, line) => sum + of(line), 0) / classes;
  return {
    classes: perClass,
    judgedAccuracy: judged ? mean((line) => (line.judged === line.class ? 1 : 0)) : null,
    meanCorrelation: mean((line) => line.correlation),
    meanSimilarity: alike ? mean((line) => line.similarity ?? 0) : null,
    ownIsNearest: ownIsNearest / classes,
  };
}
