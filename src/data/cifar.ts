/**
 * CIFAR's binary version: records of one label byte (CIFAR-10) or a coarse and a fine label byte (CIFAR-100), then a
 * red, a green and a blue plane of 32 x 32 bytes each.
 */
import { BispikeError } from "../errors.ts";
import type { ImageShape, Split } from "./dataset.ts";

/** Every CIFAR image: 32 x 32, red, green, blue. */
export const CIFAR_SHAPE: ImageShape = { height: 32, width: 32, channels: 3 };

const PLANE = 32 * 32;
const IMAGE = 3 * PLANE;

/**
 * Reads a file of CIFAR-10 (`data_batch_1.bin`, `test_batch.bin`).
 *
 * @param file the file's name, for messages
 * @returns images channels last, labels 0 to 9
 * @throws BispikeError "data" for a size that is no whole number of records, or a label above 9
 */
export function parseCifar10(bytes: Uint8Array, file: string): Split {
  return parseRecords(bytes, file, [{ name: "label", classes: 10 }]);
}

/**
 * Reads a file of CIFAR-100 (`train.bin`, `test.bin`). The label is the fine one; the coarse one is only checked.
 *
 * @param file the file's name, for messages
 * @returns images channels last, labels 0 to 99
 * @throws BispikeError "data" for a size that is no whole number of records, a coarse label above 19, a fine above 99
 */
export function parseCifar100(bytes: Uint8Array, file: string): Split {
  return parseRecords(bytes, file, [
    { name: "coarse label", classes: 20 },
    { name: "fine label", classes: 100 },
  ]);
}

function parseRecords(
  bytes: Uint8Array,
  file: string,
  fields: readonly { readonly name: string; readonly classes: number }[],
): Split {
  const record = fields.length + IMAGE;
  const count = Math.floor(bytes.length / record);
  if (count === 0 || count * record !== bytes.length) {
    throw new BispikeError(
      "data",
      `${file}: expected one or more records of ${record} bytes, found ${bytes.length} bytes (file is truncated, ` +
        "or not CIFAR's binary version: the Python and MATLAB versions are other formats)",
    );
  }
  const images = new Uint8Array(count * IMAGE);
  const labels = new Uint16Array(count);
  for (let index = 0; index < count; index++) {
    const start = index * record;
    fields.forEach(({ name, classes }, field) => {
      const label = bytes[start + field] as number;
      if (label >= classes) {
        throw new BispikeError(
          "data",
          `${file}: ${name} of image ${index}: expected 0 to ${classes - 1}, found ${label}; the file is damaged`,
        );
      }
      labels[index] = label;
    });
    interleavePlanes(bytes, start + fields.length, images, index * IMAGE);
  }
  return { images, labels, count };
}

function interleavePlanes(bytes: Uint8Array, from: number, images: Uint8Array, to: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const plane = from + channel * PLANE;
    for (let pixel = 0; pixel < PLANE; pixel++) {
      images[to + 3 * pixel + channel] = bytes[plane + pixel] as number;
    }
  }
}
