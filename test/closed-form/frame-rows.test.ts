import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillBatch } from "../../src/data/batch.ts";
import { imageBytes } from "../../src/data/dataset.ts";
import { type FrameLayout, fromFrameRows, toFrameRows } from "../../src/data/frame-rows.ts";

const layouts = fc
  .record({
    height: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 1, max: 5 }),
    channels: fc.integer({ min: 1, max: 3 }),
    more: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 17 })),
  })
  .map(({ height, width, channels, more }): FrameLayout => {
    const frame = { height: height + more[0], width: width + more[1] };
    const statistics = { mean: [0.25, 0.5, 0.1].slice(0, channels), std: [0.5, 0.3, 2].slice(0, channels) };
    return {
      shape: { height, width, channels },
      frame,
      stride: frame.height * frame.width * channels + more[2],
      statistics,
    };
  });

describe("frame rows", () => {
  it("draws by hand: a 1x2 image in a frame of 2x4, mean 1/2, deviation 1/4", () => {
    const layout = {
      shape: { height: 1, width: 2, channels: 1 },
      frame: { height: 2, width: 4 },
      stride: 9,
      statistics: { mean: [0.5], std: [0.25] },
    };
    const rows = new Float32Array(9).fill(7);
    toFrameRows(rows, Float32Array.of(1, 0.75), 1, layout);
    expect([...rows]).toEqual([-2, 2, 1, -2, -2, -2, -2, -2, 7]);
    expect([...fromFrameRows(rows, 1, layout)]).toEqual([1, 0.75]);
  });

  it("are what a batch of bytes is written as, and lead back to them", () => {
    fc.assert(
      fc.property(layouts, fc.integer({ min: 1, max: 3 }), fc.nat({ max: 255 }), (layout, count, seed) => {
        const { shape, frame, stride, statistics } = layout;
        const images = Uint8Array.from({ length: count * imageBytes(shape) }, (_, i) => (i * 97 + seed) % 256);
        const pixels = Float64Array.from(images, (value) => value / 255);
        const rows = new Float32Array(count * stride);
        toFrameRows(rows, pixels, count, layout);
        const split = { images, labels: new Uint16Array(count), count };
        const row = frame.height * frame.width * shape.channels;
        for (let k = 0; k < count; k++) {
          const expected = new Float32Array(row);
          fillBatch(expected, split, Int32Array.of(k), 0, 1, shape, frame, statistics);
          expect(rows.subarray(k * stride, k * stride + row)).toEqual(expected);
        }
        const back = fromFrameRows(rows, count, layout);
        // Rounded to float32 twice; the largest value is 1, the largest deviation 2.
        for (let i = 0; i < back.length; i++) expect(Math.abs(back[i]! - pixels[i]!)).toBeLessThan(4 * 2 ** -23);
      }),
    );
  });

  it.each<[string, Partial<FrameLayout>, string]>([
    ["a frame smaller than the image", { frame: { height: 1, width: 2 } }, "frame: expected room for 2x2x1, got 1x2"],
    ["rows too short for the frame", { stride: 3 }, "in rows of 3"],
    ["too few rows", { stride: 16 }, "frame: expected 2 rows of 16 values, got 8 values"],
    [
      "other channels",
      { statistics: { mean: [0, 0], std: [1, 1] } },
      "frame: expected statistics of 1 channels, got 2",
    ],
  ])("refuse %s", (_, wrong, message) => {
    const layout = {
      shape: { height: 2, width: 2, channels: 1 },
      frame: { height: 2, width: 2 },
      stride: 4,
      statistics: { mean: [0], std: [1] },
      ...wrong,
    };
    expect(() => toFrameRows(new Float32Array(8), new Float32Array(8), 2, layout)).toThrow(message);
    expect(() => fromFrameRows(new Float32Array(8), 2, layout)).toThrow(message);
  });

  it("refuse fewer pixels than images", () => {
    const layout = {
      shape: { height: 2, width: 2, channels: 1 },
      frame: { height: 2, width: 2 },
      stride: 4,
      statistics: { mean: [0], std: [1] },
    };
    expect(() => toFrameRows(new Float32Array(8), new Float32Array(4), 2, layout)).toThrow(
      "images: expected 2 of 2x2x1",
    );
  });
});
