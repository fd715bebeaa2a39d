/**
 * Area under the receiver operating characteristic, exactly: the Mann-Whitney statistic with ties,
 *
 *   AUROC = P(score of an outlier > score of an inlier) + P(equal) / 2 = (sum of the outliers' mid-ranks - m (m + 1) / 2) / (m n)
 *
 * for m outliers and n inliers. 0.5 tells nothing apart, 1 everything, below 0.5 the score points the wrong way.
 */
import { BispikeError } from "../errors.ts";

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
