/** Writers of small data files, after the formats' own descriptions and without the code under test. */
import { deflateSync } from "node:zlib";

/** Numbers as bytes that are easy to predict: (start + i * step) mod 256. */
export function ramp(length: number, start = 0, step = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index * step) % 256);
}

export function joinBytes(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

function u32(value: number, little = false): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, little);
  return bytes;
}

/** An IDX file of unsigned bytes. */
export function idxFile(dims: readonly number[], values: Uint8Array | readonly number[]): Uint8Array {
  return joinBytes([0, 0, 8, dims.length], ...dims.map((dim) => u32(dim)), values);
}

/** CIFAR records: the label bytes of each, then its planes. */
export function cifarFile(records: readonly { labels: readonly number[]; planes: Uint8Array }[]): Uint8Array {
  return joinBytes(...records.flatMap(({ labels, planes }) => [labels, planes]));
}

export interface MatArray {
  readonly name: string;
  readonly dims: readonly number[];
  /** MATLAB class: 6 double, 9 uint8. */
  readonly kind: number;
  /** Storage type: 2 uint8, 4 uint16, 9 double. */
  readonly type: number;
  readonly data: Uint8Array;
}

/** A level 5 MAT-file. */
export function matFile(
  arrays: readonly MatArray[],
  { little = true, compressed = false }: { little?: boolean; compressed?: boolean } = {},
): Uint8Array {
  const header = new Uint8Array(128).fill(32);
  header.set(little ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49], 124);
  const element = (type: number, data: Uint8Array): Uint8Array =>
    joinBytes(u32(type, little), u32(data.length, little), data, new Uint8Array((8 - (data.length % 8)) % 8));
  const parts = arrays.map(({ name, dims, kind, type, data }) => {
    const matrix = element(
      14,
      joinBytes(
        element(6, joinBytes(u32(kind, little), u32(0, little))),
        element(5, joinBytes(...dims.map((dim) => u32(dim, little)))),
        element(1, new TextEncoder().encode(name)),
        element(type, data),
      ),
    );
    if (!compressed) return matrix;
    const packed = deflateSync(matrix);
    return joinBytes(u32(15, little), u32(packed.length, little), packed);
  });
  return joinBytes(header, ...parts);
}

/** An SVHN file of `labels.length` images whose pixel is (7 row + 3 column + 11 channel + 50 image) mod 256. */
export function svhnFile(labels: readonly number[], options?: { little?: boolean; compressed?: boolean }): Uint8Array {
  const pixels: number[] = [];
  for (let image = 0; image < labels.length; image++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let column = 0; column < 32; column++) {
        for (let row = 0; row < 32; row++) pixels.push((7 * row + 3 * column + 11 * channel + 50 * image) % 256);
      }
    }
  }
  return matFile(
    [
      { name: "X", dims: [32, 32, 3, labels.length], kind: 9, type: 2, data: Uint8Array.from(pixels) },
      { name: "y", dims: [labels.length, 1], kind: 9, type: 2, data: Uint8Array.from(labels) },
    ],
    options,
  );
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function pngChunk(type: string, data: Uint8Array | readonly number[]): Uint8Array {
  const body = joinBytes(new TextEncoder().encode(type), data);
  let crc = 0xffffffff;
  for (const byte of body) crc = (CRC_TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return joinBytes(u32(data.length), body, u32((crc ^ 0xffffffff) >>> 0));
}

export const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10] as const;

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlace?: number;
  /** Packed lines without their filter byte (none is used), or with `interlace` all passes with theirs. */
  readonly lines: readonly (readonly number[])[] | Uint8Array;
  readonly extra?: readonly Uint8Array[];
}

export function pngFile({ width, height, depth, colourType, interlace = 0, lines, extra = [] }: PngParts): Uint8Array {
  const raw = lines instanceof Uint8Array ? lines : joinBytes(...lines.map((line) => [0, ...line]));
  return joinBytes(
    PNG_SIGNATURE,
    pngChunk("IHDR", joinBytes(u32(width), u32(height), [depth, colourType, 0, 0, interlace])),
    ...extra,
    pngChunk("IDAT", deflateSync(raw)),
    pngChunk("IEND", []),
  );
}

/** A grey PNG of 8 bits. */
export function greyPng(height: number, width: number, pixels: Uint8Array): Uint8Array {
  const lines = Array.from({ length: height }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)]);
  return pngFile({ width, height, depth: 8, colourType: 0, lines });
}

/**
 * A grey JPEG of 8 x 16 pixels, the left half 192, the right 128: every quantiser is 8, so the one coefficient of a
 * block is its mean over 128 times 8: 64, then 64 less. Huffman codes: 00 and 01 for DC categories 0 and 7, 0 for the
 * end of a block. Progressive: a scan of DC alone.
 */
export function greyJpeg(progressive: boolean): Uint8Array {
  const segment = (marker: number, body: readonly number[]): number[] => [0xff, marker, 0, body.length + 2, ...body];
  const counts = (lengths: readonly number[]): number[] => Array.from({ length: 16 }, (_, bit) => lengths[bit] ?? 0);
  const end = progressive ? 0 : 63;
  // 01 1000000 and 01 0111111, each with a 0 for the end of the block if it has more coefficients; filled up with ones
  // (a byte of ones is followed by a zero byte).
  const coded = progressive ? [0b01100000, 0b00101111, 0b11111111, 0] : [0b01100000, 0b00010111, 0b11101111];
  return joinBytes(
    [0xff, 0xd8],
    segment(0xdb, [0, ...new Array<number>(64).fill(8)]),
    segment(progressive ? 0xc2 : 0xc0, [8, 0, 8, 0, 16, 1, 1, 0x11, 0]),
    segment(0xc4, [0x00, ...counts([0, 2]), 0, 7]),
    segment(0xc4, [0x10, ...counts([1]), 0]),
    segment(0xda, [1, 1, 0, 0, end, 0]),
    coded,
    [0xff, 0xd9],
  );
}
