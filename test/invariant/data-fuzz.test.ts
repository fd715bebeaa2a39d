/** Hostile bytes: whatever is cut off or flipped, a parser gives a valid result or a typed error, and soon. */
import fc from "fast-check";
import { encode as encodeJpeg } from "jpeg-js";
import { describe, expect, it } from "vitest";
import { parseIdxImages, parseIdxLabels } from "../../src/data/idx.ts";
import { decodeImage } from "../../src/data/image.ts";
import { parseCifar10, parseCifar100 } from "../../src/data/stored.ts";
import { parseSvhn } from "../../src/data/svhn.ts";
import { BispikeError } from "../../src/errors.ts";
import { cifarFile, greyJpeg, greyPng, idxFile, pngChunk, pngFile, ramp, svhnFile } from "../support/data-files.ts";

const MILLISECONDS = 1000;

/** Size of what is returned, checked to be whole; each format's own idea of valid. */
type Parse = (bytes: Uint8Array) => void;

const picture: Parse = (bytes) => {
  const { height, width, channels, pixels } = decodeImage(bytes, "a");
  expect(pixels.length).toBe(height * width * channels);
};
const svhn: Parse = (bytes) => {
  const { images, labels, count } = parseSvhn(bytes, "a");
  expect([images.length, labels.length]).toEqual([count * 3072, count]);
  expect(Math.max(...labels)).toBeLessThan(10);
};
const idx: Parse = (bytes) => {
  const { shape, count, images } = parseIdxImages(bytes, "a");
  expect(images.length).toBe(count * shape.height * shape.width * shape.channels);
};

const grey = Uint8Array.from({ length: 12 * 10 * 4 }, (_, index) => (index * 37) % 251);
const palette = [pngChunk("PLTE", ramp(12)), pngChunk("tRNS", [0, 128])];
const planes = ramp(3072);

const FORMATS: readonly (readonly [string, Parse, Uint8Array])[] = [
  ["IDX images", idx, idxFile([3, 2, 4], ramp(24))],
  ["IDX labels", (bytes) => parseIdxLabels(bytes, "a"), idxFile([9], ramp(9))],
  ["CIFAR-10", (bytes) => parseCifar10(bytes, "a"), cifarFile([{ labels: [3], planes }])],
  ["CIFAR-100", (bytes) => parseCifar100(bytes, "a"), cifarFile([{ labels: [3, 30], planes }])],
  ["SVHN", svhn, svhnFile([1, 10])],
  ["SVHN, big-endian", svhn, svhnFile([1, 10], { little: false })],
  ["SVHN, compressed", svhn, svhnFile([1, 10], { compressed: true })],
  ["PNG, grey", picture, greyPng(6, 7, ramp(42))],
  [
    "PNG, palette",
    picture,
    pngFile({
      width: 3,
      height: 2,
      depth: 4,
      colourType: 3,
      lines: [
        [1, 32],
        [3, 0],
      ],
      extra: palette,
    }),
  ],
  ["JPEG, progressive", picture, greyJpeg(true)],
  ["JPEG", picture, new Uint8Array(encodeJpeg({ width: 12, height: 10, data: grey }, 60).data)],
];

/** A typed error is an answer; anything else thrown is a fault. */
function mustAnswer(parse: Parse, bytes: Uint8Array): void {
  const start = performance.now();
  try {
    parse(bytes);
  } catch (error) {
    if (!(error instanceof BispikeError)) throw error;
    expect(error.code).toBe("data");
  }
  expect(performance.now() - start).toBeLessThan(MILLISECONDS);
}

describe.each(FORMATS)("%s", (_, parse, valid) => {
  it("is valid whole, and an error when cut off anywhere", () => {
    parse(valid);
    // Every boundary of the first bytes, where the headers are, and some of the rest.
    const step = Math.max(1, Math.floor(valid.length / 400));
    for (let length = 0; length < valid.length; length += length < 300 ? 1 : step) {
      mustAnswer(parse, valid.slice(0, length));
      expect(() => parse(valid.slice(0, length)), `cut to ${length} bytes`).toThrow(BispikeError);
    }
  });

  it("survives flipped bits", () => {
    const flips = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7), fc.boolean()),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(flips, (list) => {
        const bytes = Uint8Array.from(valid);
        for (const [place, bit, early] of list) {
          const at = Math.floor(place * (early ? Math.min(valid.length, 200) : valid.length));
          bytes[at] = (bytes[at] as number) ^ (1 << bit);
        }
        mustAnswer(parse, bytes);
      }),
      { numRuns: 300 },
    );
  });

  it("survives bytes of nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (noise, kept) => {
        const bytes = Uint8Array.from([...valid.subarray(0, kept), ...noise]);
        mustAnswer(parse, bytes);
      }),
      { numRuns: 100 },
    );
  });
});
