/** How far two arrays lie apart, as one number a tolerance can be held against. */

/** Largest |actual - expected|, at `index`; Infinity when the lengths differ or a value is not finite. */
export function worstGap(actual: ArrayLike<number>, expected: ArrayLike<number>): { gap: number; index: number } {
  if (actual.length !== expected.length) return { gap: Number.POSITIVE_INFINITY, index: -1 };
  const worst = { gap: 0, index: -1 };
  for (let index = 0; index < expected.length; index++) {
    const gap = Math.abs(actual[index]! - expected[index]!);
    if (!Number.isFinite(gap)) return { gap: Number.POSITIVE_INFINITY, index };
    if (gap > worst.gap) Object.assign(worst, { gap, index });
  }
  return worst;
}

/** Largest gap over the largest |expected|; plain gap where every expected value is 0. */
export function relativeGap(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  return worstGap(actual, expected).gap / (scale || 1);
}
