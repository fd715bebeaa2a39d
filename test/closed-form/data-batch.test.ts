/** Statistics, padding and splitting on numbers small enough to check by hand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillBatch } from "../../src/data/batch.ts";
import { type Split, splitValidation } from "../../src/data/dataset.ts";
import { channelStatistics } from "../../src/data/normalise.ts";

function splitOf(images: readonly number[], count: number): Split {
  return { images: Uint8Array.from(images), labels: new Uint16Array(count), count };
}

const f = Math.fround;

describe("channel statistics", () => {
  it("is mean and population deviation of each channel, of the chosen images alone", () => {
    const shape = { height: 1, width: 2, channels: 2 };
    const split = splitOf([0, 7, 255, 7, 51, 7, 102, 7, 9, 9, 9, 9], 3);
    const { mean, std } = channelStatistics(split, Int32Array.of(0, 1), shape);
    // Channel 0: 0, 1, 0.2, 0.4: mean 0.4, mean of squares 0.3, variance 0.14.
    expect(mean[0]).toBeCloseTo(0.4, 14);
    expect(std[0]).toBeCloseTo(Math.sqrt(0.14), 14);
    expect(mean[1]).toBeCloseTo(7 / 255, 14);
    expect(std[1]).toBe(1);
  });

  it("does not depend on the order of the images", () => {
    const shape = { height: 1, width: 1, channels: 1 };
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 1, maxLength: 40 }), (pixels) => {
        const split = splitOf(pixels, pixels.length);
        const forward = Int32Array.from(pixels, (_, index) => index);
        const backward = Int32Array.from(forward).reverse();
        expect(channelStatistics(split, backward, shape)).toEqual(channelStatistics(split, forward, shape));
      }),
      { numRuns: 50 },
    );
  });

  it("refuses no images and images that are not there", () => {
    const shape = { height: 1, width: 1, channels: 1 };
    expect(() => channelStatistics(splitOf([1], 1), new Int32Array(0), shape)).toThrow(/at least one image/);
    expect(() => channelStatistics(splitOf([1], 1), Int32Array.of(1), shape)).toThrow(/index below 1, got 1/);
  });
});

describe("batches", () => {
  const statistics = { mean: [0.2, 0.4], std: [0.5, 0.25] };
  const first = (pixel: number): number => f((pixel / 255 - 0.2) / 0.5);
  const second = (pixel: number): number => f((pixel / 255 - 0.4) / 0.25);

  it("normalises each channel by its own statistics, in the order of the indices", () => {
    const split = splitOf([0, 255, 10, 20, 30, 40], 3);
    const out = new Float32Array(5).fill(9);
    const shape = { height: 1, width: 1, channels: 2 };
    fillBatch(out, split, Uint32Array.of(0, 2, 1), 1, 2, shape, { height: 1, width: 1 }, statistics);
    expect([...out]).toEqual([first(30), second(40), first(10), second(20), 9]);
  });

  it("centres the image in its frame, the margin black, an odd margin wider below and right", () => {
    const split = splitOf([255, 51], 1);
    const out = new Float32Array(12).fill(9);
    const shape = { height: 1, width: 2, channels: 1 };
    fillBatch(out, split, Int32Array.of(0), 0, 1, shape, { height: 3, width: 4 }, statistics);
    const [b, w, g] = [first(0), first(255), first(51)];
    expect([...out]).toEqual([b, b, b, b, b, w, g, b, b, b, b, b]);
    fillBatch(out, split, Int32Array.of(0), 0, 1, shape, { height: 2, width: 3 }, statistics);
    expect([...out.subarray(0, 6)]).toEqual([w, g, b, b, b, b]);
  });

  it("fills a margin of several channels with each channel's black", () => {
    const out = new Float32Array(4);
    const shape = { height: 1, width: 1, channels: 2 };
    fillBatch(out, splitOf([255, 255], 1), Int32Array.of(0), 0, 1, shape, { height: 1, width: 2 }, statistics);
    expect([...out]).toEqual([first(255), second(255), first(0), second(0)]);
  });

  it.each([
    ["a frame too small", { out: 4, frame: 1, from: 0, count: 1, image: 0 }, /frame of at least the image's 2x2x1/],
    ["too little room", { out: 7, frame: 2, from: 0, count: 2, image: 0 }, /room for 2 rows of 4, got 7/],
    [
      "past the order's end",
      { out: 8, frame: 2, from: 1, count: 2, image: 0 },
      /images 1 to 2 of the order, but it has 2/,
    ],
    ["an image that is not there", { out: 8, frame: 2, from: 0, count: 2, image: 5 }, /image index below 1, got 5/],
  ])("refuses %s", (_, { out, frame, from, count, image }, message) => {
    const shape = { height: 2, width: 2, channels: 1 };
    const room = new Float32Array(out);
    const padded = { height: frame, width: frame };
    const order = Int32Array.of(0, image);
    expect(() => fillBatch(room, splitOf([1, 2, 3, 4], 1), order, from, count, shape, padded, statistics)).toThrow(
      message,
    );
  });
});

describe("validation part", () => {
  const train = (count: number): Split => splitOf(new Array(count).fill(0), count);

  it("is disjoint, complete, sorted, and the same for the same seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(59), fc.nat(1000), (count, size, seed) => {
        fc.pre(size < count);
        const parts = splitValidation(train(count), size, seed);
        const all = [...parts.train, ...parts.validation].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(parts.validation.length).toBe(size);
        for (const list of [parts.train, parts.validation]) expect([...list]).toEqual([...list].sort((a, b) => a - b));
        expect(splitValidation(train(count), size, seed)).toEqual(parts);
      }),
      { numRuns: 60 },
    );
  });

  it("rounds a fraction down, and another seed holds out others", () => {
    expect(splitValidation(train(105), 0.1, 1).validation.length).toBe(10);
    expect(splitValidation(train(105), 0, 1).validation.length).toBe(0);
    expect(splitValidation(train(105), 0.1, 1).validation).not.toEqual(splitValidation(train(105), 0.1, 2).validation);
  });

  it.each([[-1], [Number.NaN], [1.5], [Number.POSITIVE_INFINITY], [10], [11]])("refuses %d of 10", (validation) => {
    expect(() => splitValidation(train(10), validation, 1)).toThrow(expect.objectContaining({ code: "config" }));
  });
});
