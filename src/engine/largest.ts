/** The decision of a read-out: the place of its largest output. */

/**
 * Place of the largest of `count` numbers from `from` on, counted from there; the first of equal ones.
 *
 * @param from Default 0
 * @param count one or more. Default: all from there on
 * @example
 * placeOfLargest([0, 2, 1]); // 1
 */
export function placeOfLargest(values: ArrayLike<number>, from = 0, count: number = values.length - from): number {
  let best = from;
  for (let at = from + 1; at < from + count; at++) if (values[at]! > values[best]!) best = at;
  return best - from;
}
