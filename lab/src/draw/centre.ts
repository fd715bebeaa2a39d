/**
 * Strokes as a picture of the data. MNIST's digits were scaled, aspect kept, until they filled a box of 20 x 20 pixels, and put into 28 x 28 with their
 * centre of mass in the middle (LeCun, Cortes and Burges); a network that learned from them knows no others. So here too, but for two things: the pen is as
 * wide whatever the size it was drawn at, since strokes are scaled and not pixels; and the centre is moved by parts of a pixel, where MNIST's moved by whole ones.
 */
import type { ImageShape } from "../../../src/data/dataset.ts";
import { ink, type Point, type Sides, type Stroke } from "./strokes.ts";

/** Side of the box a digit fills, as a part of the picture's. */
export const BOX = 20 / 28;

export interface DrawingOptions {
  /** Width of the pen, in pixels of a picture of 28 a side. */
  readonly pen: number;
  /** Scales and centres as MNIST does; else strokes lie where they were drawn. */
  readonly centred: boolean;
}

/** A pen about as wide as MNIST's strokes are. */
export const drawingDefaults: DrawingOptions = { pen: 2.6, centred: true };

/**
 * The picture of strokes on a square surface, bytes [row][column][channel]; all channels are the same grey. Pictures that are not square get the
 * surface in their middle.
 *
 * @param strokes x and y in parts of the surface's side, 0 to 1
 * @example
 * picture([[{ x: 0.5, y: 0.2 }, { x: 0.5, y: 0.8 }]], { height: 28, width: 28, channels: 1 }); // a 1
 */
export function picture(
  strokes: readonly Stroke[],
  shape: ImageShape,
  { pen, centred }: DrawingOptions = drawingDefaults,
): Uint8Array {
  const side = Math.min(shape.height, shape.width);
  const radius = (pen * side) / 56;
  const placed = centred ? centre(strokes, radius, shape) : lay(strokes, shape);
  const grey = ink(placed, radius, shape);
  return Uint8Array.from({ length: grey.length * shape.channels }, (_, i) =>
    Math.round(255 * grey[Math.floor(i / shape.channels)]!),
  );
}

/** Where the strokes were drawn. */
function lay(strokes: readonly Stroke[], { height, width }: Sides): Stroke[] {
  const side = Math.min(height, width);
  return move(strokes, side, { x: (width - side) / 2, y: (height - side) / 2 });
}

/** In the box, then with the centre of mass of their ink in the middle. */
function centre(strokes: readonly Stroke[], radius: number, sides: Sides): Stroke[] {
  const points = strokes.flat();
  if (points.length === 0) return [];
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = Math.max(0, BOX * Math.min(sides.height, sides.width) - 2 * radius);
  const extent = Math.max(right - left, bottom - top);
  // A dot stays a dot.
  const scale = extent > 0 ? room / extent : 1;
  const middle = { x: sides.width / 2, y: sides.height / 2 };
  const boxed = move(strokes, scale, {
    x: middle.x - (scale * (left + right)) / 2,
    y: middle.y - (scale * (top + bottom)) / 2,
  });
  const mass = centreOfMass(ink(boxed, radius, sides), sides);
  return mass ? move(boxed, 1, { x: middle.x - mass.x, y: middle.y - mass.y }) : boxed;
}

function move(strokes: readonly Stroke[], scale: number, by: Point): Stroke[] {
  return strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: scale * x + by.x, y: scale * y + by.y })));
}

/**
 * Mean place of ink, in pixels; null where there is none.
 *
 * @example
 * centreOfMass([0, 1, 1, 0], { height: 1, width: 4 }); // { x: 2, y: 0.5 }
 */
export function centreOfMass(ink: ArrayLike<number>, { height, width }: Sides): Point | null {
  let [sum, x, y] = [0, 0, 0];
  for (let at = 0; at < height * width; at++) {
    const value = ink[at]!;
    sum += value;
    x += value * ((at % width) + 0.5);
    y += value * (Math.floor(at / width) + 0.5);
  }
  return sum > 0 ? { x: x / sum, y: y / sum } : null;
}
