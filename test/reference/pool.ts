/**
 * 2 x 2 max-pool and nearest-neighbour upsampling by 2, float64, on [planes][height][width]; planes are rows x channels.
 */

/**
 * Maximum of each 2 x 2 block; an odd last line or column is dropped.
 *
 * @returns `output` [planes][height/2][width/2] and `winner`, the flat index into x of each maximum. Of equal values the
 *   first in reading order wins and takes the whole gradient: binary spikes tie often, so the rule matters.
 */
export function maxPoolForward(
  x: Float64Array,
  planes: number,
  height: number,
  width: number,
): { output: Float64Array; winner: Int32Array } {
  const half = { height: Math.floor(height / 2), width: Math.floor(width / 2) };
  const output = new Float64Array(planes * half.height * half.width);
  const winner = new Int32Array(output.length);
  for (let at = 0; at < output.length; at++) {
    const plane = Math.floor(at / (half.height * half.width));
    const p = Math.floor(at / half.width) % half.height;
    const corner = (plane * height + 2 * p) * width + 2 * (at % half.width);
    let best = corner;
    for (const candidate of [corner + 1, corner + width, corner + width + 1]) {
      if (x[candidate]! > x[best]!) best = candidate;
    }
    winner[at] = best;
    output[at] = x[best]!;
  }
  return { output, winner };
}

/** Sends each pooled gradient to its winner; `inputLength` = planes x height x width. */
export function maxPoolBackward(gradOutput: Float64Array, winner: Int32Array, inputLength: number): Float64Array {
  const gradInput = new Float64Array(inputLength);
  for (let at = 0; at < gradOutput.length; at++) gradInput[winner[at]!]! += gradOutput[at]!;
  return gradInput;
}

/** Flat index into [planes][height][width] of the pixel that entry `at` of the doubled plane repeats. */
function source(at: number, height: number, width: number): number {
  const plane = Math.floor(at / (4 * height * width));
  const y = Math.floor(at / (2 * width)) % (2 * height);
  return (plane * height + (y >> 1)) * width + ((at % (2 * width)) >> 1);
}

/** Repeats each pixel 2 x 2: [planes][height][width] to [planes][2 height][2 width]. */
export function upsampleForward(x: Float64Array, planes: number, height: number, width: number): Float64Array {
  return new Float64Array(planes * 4 * height * width).map((_, at) => x[source(at, height, width)]!);
}

/** Sums the gradient of each pixel's four copies: [planes][2 height][2 width] to [planes][height][width]. */
export function upsampleBackward(
  gradOutput: Float64Array,
  planes: number,
  height: number,
  width: number,
): Float64Array {
  const gradInput = new Float64Array(planes * height * width);
  for (let at = 0; at < gradOutput.length; at++) gradInput[source(at, height, width)]! += gradOutput[at]!;
  return gradInput;
}
