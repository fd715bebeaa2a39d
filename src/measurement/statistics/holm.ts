/**
 * Holm's step-down correction of m p-values, which keeps the chance of any false finding among them at the level of one test:
 *
 *   adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),   p_(1) <= ... <= p_(m)
 */

/**
 * @param values p-values; null where a test could not be made, which does not count
 * @returns adjusted p-values in the same order
 * @example
 * holm([0.01, 0.04, 0.03]); // [0.03, 0.06, 0.06]
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const tested = values.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((x, y) => x.p - y.p);
  const adjusted: (number | null)[] = values.map(() => null);
  let highest = 0;
  for (const [rank, { p, index }] of tested.entries()) {
    highest = Math.max(highest, Math.min(1, (tested.length - rank) * p));
    adjusted[index] = highest;
  }
  return adjusted;
}
