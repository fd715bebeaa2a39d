import fc from "fast-check";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { type Picture, pictureGrid } from "../../src/measure/picture-grid.ts";
import { encodePng } from "../../src/node/pictures.ts";

const grey = (width: number, height: number, ...pixels: number[]): Picture => ({
  width,
  height,
  channels: 1,
  pixels: Uint8Array.from(pixels),
});

describe("pictureGrid", () => {
  it("draws by hand: two rows, the second short, scale 2, gap 1", () => {
    const grid = pictureGrid([[grey(2, 1, 1, 2), grey(2, 1, 3, 4)], [grey(2, 1, 5, 6)]], {
      scale: 2,
      gap: 1,
      background: 9,
    });
    expect([grid.width, grid.height, grid.channels]).toEqual([11, 7, 1]);
    const drawn = [
      "99999999999",
      "91122933449",
      "91122933449",
      "99999999999",
      "95566999999",
      "95566999999",
      "99999999999",
    ];
    expect(grid.pixels.join("")).toBe(drawn.join(""));
  });

  it("keeps the channels of a pixel together", () => {
    const tile: Picture = { width: 2, height: 1, channels: 3, pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
    const grid = pictureGrid([[tile], [tile]], { scale: 2, gap: 0 });
    const row = "123123456456";
    expect(grid.pixels.join("")).toBe(row.repeat(4));
  });

  it("has documented defaults: scale 4, gap 4, white", () => {
    const grid = pictureGrid([[grey(1, 1, 0)]]);
    expect([grid.width, grid.height]).toEqual([12, 12]);
    expect(grid.pixels.reduce((sum, value) => sum + value, 0)).toBe((144 - 16) * 255);
  });

  it.each<[string, () => unknown, string]>([
    ["no tiles", () => pictureGrid([[], []]), "at least one tile"],
    [
      "unequal tiles",
      () => pictureGrid([[grey(1, 1, 0)], [grey(1, 1, 0), grey(2, 1, 0, 0)]]),
      "tile 1 of row 1: expected 1 x 1 x 1",
    ],
    ["missing pixels", () => pictureGrid([[grey(2, 2, 0)]]), "tile 0 of row 0: expected 4 values for 2 x 2 x 1, got 1"],
    ["an empty tile", () => pictureGrid([[grey(0, 1)]]), "at least 1"],
    [
      "a broken scale",
      () => pictureGrid([[grey(1, 1, 0)]], { scale: 1.5 }),
      "scale: expected an integer from 1 to 1024, got 1.5",
    ],
    ["a broken background", () => pictureGrid([[grey(1, 1, 0)]], { background: 256 }), "background"],
    ["a huge picture", () => pictureGrid([Array(100).fill(grey(1, 1, 0))], { scale: 1024 }), "too many"],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(BispikeError);
    expect(call).toThrow(message);
  });
});

describe("encodePng", () => {
  it("decodes back to the same picture, and repeats its bytes", () => {
    const picture = fc.record({
      width: fc.integer({ min: 1, max: 12 }),
      height: fc.integer({ min: 1, max: 12 }),
      channels: fc.constantFrom<1 | 3>(1, 3),
    });
    fc.assert(
      fc.property(picture, fc.uint8Array({ minLength: 432, maxLength: 432 }), (shape, values) => {
        const pixels = values.slice(0, shape.width * shape.height * shape.channels);
        const bytes = encodePng({ ...shape, pixels });
        const back = decode(bytes);
        expect([back.width, back.height, back.channels, back.depth]).toEqual([
          shape.width,
          shape.height,
          shape.channels,
          8,
        ]);
        expect([...back.data]).toEqual([...pixels]);
        expect(encodePng({ ...shape, pixels })).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it.each<[Partial<Record<keyof Picture, unknown>>, string]>([
    [{ width: 0 }, "whole sides"],
    [{ channels: 4 }, "1 or 3 channels, got 4"],
    [{ pixels: new Uint8Array(3) }, "expected 4 values for 2 x 2 x 1, got 3"],
  ])("refuses %j", (change, message) => {
    const broken = { ...grey(2, 2, 1, 2, 3, 4), ...change } as Picture;
    expect(() => encodePng(broken)).toThrow(BispikeError);
    expect(() => encodePng(broken)).toThrow(message);
  });
});
