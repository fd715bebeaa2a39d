/**
 * What a pen drew, as pixels: every stroke is a line of round ends, and a pixel's ink is how much of it the pen covered,
 *
 *   ink(pixel) = min(1, max(0, r + 1/2 - d)),   d the distance from the pixel's centre to the nearest stroke, r the pen's radius, both in pixels,
 *
 * which is the covered area of a straight edge, so lines have the smooth edges of scanned ones. No canvas is asked: the same strokes are the same bytes
 * in every browser and in Node.
 */

/** A place; x to the right, y down. Units are the caller's: parts of the surface's side, or pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a pen went while it was down; a single point is a dot. */
export type Stroke = readonly Point[];

/** A picture's sides, in pixels. */
export interface Sides {
  readonly height: number;
  readonly width: number;
}

/**
 * Ink of strokes in pixel coordinates (the upper left pixel's centre is at 0.5, 0.5), [row][column], 0 to 1. What lies outside is cut off.
 *
 * @param radius of the pen, in pixels
 * @example
 * ink([[{ x: 1.5, y: 0.5 }]], 0.5, { height: 1, width: 3 }); // [0, 1, 0]
 */
export function ink(strokes: readonly Stroke[], radius: number, { height, width }: Sides): Float64Array {
  const picture = new Float64Array(height * width);
  for (const stroke of strokes) {
    for (let k = 0; k < Math.max(1, stroke.length - 1); k++) {
      const from = stroke[k];
      if (!from) continue;
      drawSegment(picture, from, stroke[k + 1] ?? from, radius, { height, width });
    }
  }
  return picture;
}

function drawSegment(picture: Float64Array, from: Point, to: Point, radius: number, { height, width }: Sides): void {
  const reach = radius + 0.5;
  const first = (low: number, high: number) => Math.max(0, Math.floor(Math.min(low, high) - reach));
  const end = (low: number, high: number, side: number) => Math.min(side, Math.ceil(Math.max(low, high) + reach));
  for (let y = first(from.y, to.y); y < end(from.y, to.y, height); y++) {
    for (let x = first(from.x, to.x); x < end(from.x, to.x, width); x++) {
      const covered = Math.min(1, reach - distance({ x: x + 0.5, y: y + 0.5 }, from, to));
      const at = y * width + x;
      if (covered > picture[at]!) picture[at] = covered;
    }
  }
}

/** From a point to the nearest point of a segment. */
function distance({ x, y }: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  const along = squared > 0 ? Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / squared)) : 0;
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}
