/**
 * At most `most` of the images at `indices`, spread evenly over them and in their order; 0 for all.
 *
 * @example
 * evenly(Int32Array.of(5, 6, 7, 8), 2); // 5, 7
 */
export function evenly(indices: Int32Array, most: number): Int32Array {
  const count = most > 0 ? Math.min(indices.length, most) : indices.length;
  return Int32Array.from({ length: count }, (_, k) => indices[Math.floor((k * indices.length) / count)]!);
}
