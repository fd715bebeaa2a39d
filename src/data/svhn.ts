/**
 * SVHN's cropped digits (`train_32x32.mat`, `test_32x32.mat`): a MAT-file with X, 32 x 32 x 3 x N unsigned bytes, and
 * y, N labels where 10 stands for the digit 0.
 */
import { BispikeError } from "../errors.ts";
import type { ImageShape, Split } from "./dataset.ts";
import { parseMatlab } from "./matlab.ts";

/** Every SVHN image: 32 x 32, red, green, blue. */
export const SVHN_SHAPE: ImageShape = { height: 32, width: 32, channels: 3 };

const SIDE = 32;
const PLANE = SIDE * SIDE;
const IMAGE = 3 * PLANE;

/**
 * Reads a file of SVHN.
 *
 * @param file the file's name, for messages
 * @returns images channels last, labels 0 to 9 (the digit)
 * @throws BispikeError "data" for a damaged file, other dimensions, or a label that is not 1 to 10
 */
export function parseSvhn(bytes: Uint8Array, file: string): Split {
  const arrays = parseMatlab(bytes, ["X", "y"], file);
  const { dims, values: pixels } = arrays.get("X") as NonNullable<ReturnType<typeof arrays.get>>;
  const labelled = arrays.get("y") as NonNullable<ReturnType<typeof arrays.get>>;
  // MATLAB drops a last dimension of 1.
  const [height, width, channels, count = 1] = dims;
  if (height !== SIDE || width !== SIDE || channels !== 3 || dims.length > 4 || count < 1) {
    throw new BispikeError("data", `${file}: array "X": expected 32 x 32 x 3 x N, found ${dims.join(" x ")}`);
  }
  if (!(pixels instanceof Uint8Array)) {
    throw new BispikeError("data", `${file}: array "X": expected unsigned bytes`);
  }
  if (labelled.values.length !== count || Math.max(...labelled.dims) !== count) {
    throw new BispikeError(
      "data",
      `${file}: array "y": expected ${count} x 1 labels as there are ${count} images, found ${labelled.dims.join(" x ")}`,
    );
  }
  return { images: toRows(pixels, count), labels: toDigits(labelled.values, file), count };
}

/** Column-major 32 x 32 x 3 x N to N images of rows, channels last. */
function toRows(pixels: Uint8Array, count: number): Uint8Array {
  const images = new Uint8Array(count * IMAGE);
  for (let index = 0; index < count; index++) {
    const start = index * IMAGE;
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const from = start + row + SIDE * column;
        const to = start + 3 * (SIDE * row + column);
        images[to] = pixels[from] as number;
        images[to + 1] = pixels[from + PLANE] as number;
        images[to + 2] = pixels[from + 2 * PLANE] as number;
      }
    }
  }
  return images;
}

function toDigits(values: Uint8Array | Float64Array, file: string): Uint16Array {
  const labels = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const label = values[index] as number;
    if (!Number.isInteger(label) || label < 1 || label > 10) {
      throw new BispikeError(
        "data",
        `${file}: label of image ${index}: expected 1 to 10 (10 is the digit 0), found ${label}`,
      );
    }
    labels[index] = label % 10;
  }
  return labels;
}
