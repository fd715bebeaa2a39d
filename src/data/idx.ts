/**
 * IDX, the format of MNIST: two zero bytes, a type byte (8 = unsigned byte), the number of dimensions, each dimension
 * as a big-endian 32-bit integer, then the values in row-major order and nothing else.
 */
import { BispikeError } from "../errors.ts";
import type { ImageShape } from "./dataset.ts";

const UNSIGNED_BYTE = 0x08;
const MAX_SIDE = 16_384;
const MAX_CHANNELS = 64;
const MAX_COUNT = 100_000_000;

/** Images of an IDX file. `images` is a view of the file's bytes, not a copy. */
export interface IdxImages {
  readonly shape: ImageShape;
  readonly count: number;
  /** `count` x `height` x `width` x `channels`, channels last. */
  readonly images: Uint8Array;
}

/**
 * Reads an IDX file of images: rank 3 [n, height, width] (one channel) or rank 4 [n, height, width, channels].
 *
 * @param file the file's name, for messages
 * @throws BispikeError "data" unless every byte is accounted for
 * @example
 * const { shape, images } = parseIdxImages(bytes, "train-images-idx3-ubyte");
 */
export function parseIdxImages(bytes: Uint8Array, file: string): IdxImages {
  const { dims, values } = parseIdx(bytes, file, [3, 4], "images");
  const [count = 0, height = 0, width = 0, channels = 1] = dims;
  return { shape: { height, width, channels }, count, images: values };
}

/**
 * Reads an IDX file of labels: rank 1, one byte a label.
 *
 * @param file the file's name, for messages
 * @throws BispikeError "data" unless every byte is accounted for
 */
export function parseIdxLabels(bytes: Uint8Array, file: string): Uint16Array {
  return Uint16Array.from(parseIdx(bytes, file, [1], "labels").values);
}

function parseIdx(
  bytes: Uint8Array,
  file: string,
  ranks: readonly number[],
  what: string,
): { dims: number[]; values: Uint8Array } {
  const fail = (message: string): never => {
    throw new BispikeError("data", `${file}: ${message}`);
  };
  if (bytes.length < 4) fail(`expected an IDX file, found ${bytes.length} bytes (file is empty or truncated)`);
  const [zero0, zero1, type = 0, rank = 0] = bytes;
  if (zero0 !== 0 || zero1 !== 0) {
    const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    fail(`expected an IDX file to begin with bytes 00 00, found ${start}`);
  }
  if (type !== UNSIGNED_BYTE) fail(`type byte: expected 8 (unsigned byte), found ${type}`);
  if (!ranks.includes(rank)) {
    fail(`number of dimensions: expected ${ranks.join(" or ")} for ${what}, found ${rank}`);
  }
  const header = 4 + 4 * rank;
  if (bytes.length < header) fail(`expected a header of ${header} bytes, found ${bytes.length} (file is truncated)`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, header);
  const limits = [MAX_COUNT, MAX_SIDE, MAX_SIDE, MAX_CHANNELS];
  const dims: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const size = view.getUint32(4 + 4 * axis);
    const limit = limits[axis] as number;
    if (size < 1 || size > limit) fail(`dimension ${axis + 1} of ${rank}: expected 1 to ${limit}, found ${size}`);
    dims.push(size);
  }
  // At most 1e8 * 2^14 * 2^14 * 2^6: rounded perhaps, but far above any file's length when it is.
  const expected = header + dims.reduce((product, size) => product * size, 1);
  if (bytes.length !== expected) {
    fail(
      `expected ${expected} bytes for dimensions ${dims.join(" x ")}, found ${bytes.length} ` +
        `(${bytes.length < expected ? "file is truncated" : "bytes follow the last value"})`,
    );
  }
  return { dims, values: bytes.subarray(header) };
}
