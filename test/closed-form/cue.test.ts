import { describe, expect, it } from "vitest";
import { addNoise, occlude, type Side } from "../../src/data/cue.ts";

const shape = { height: 4, width: 6, channels: 1 };
const white = new Uint8Array(24).fill(255);
/** Rows of a picture, # for white and . for black. */
const drawn = (pixels: Uint8Array) =>
  Array.from({ length: 4 }, (_, y) =>
    [...pixels.subarray(6 * y, 6 * y + 6)].map((value) => (value > 0 ? "#" : ".")).join(""),
  );

describe("occlude", () => {
  it.each<[Side, number, string[]]>([
    ["left", 0.5, ["...###", "...###", "...###", "...###"]],
    ["right", 1 / 3, ["####..", "####..", "####..", "####.."]],
    ["top", 0.25, ["......", "######", "######", "######"]],
    ["bottom", 0.5, ["######", "######", "......", "......"]],
    // A quarter of the area: half of each side.
    ["centre", 0.25, ["######", "#...##", "#...##", "######"]],
    // Of three rows left over the smaller half is above.
    ["centre", 1 / 16, ["######", "##..##", "######", "######"]],
    ["centre", 1, ["......", "......", "......", "......"]],
    ["left", 0, ["######", "######", "######", "######"]],
  ])("hides %s, %d of the picture", (side, fraction, rows) => {
    expect(drawn(occlude(white, shape, side, fraction))).toEqual(rows);
  });

  it("hides all channels, and leaves the picture it was given alone", () => {
    const colour = new Uint8Array(3 * 24).fill(9);
    const hidden = occlude(colour, { ...shape, channels: 3 }, "right", 0.5);
    expect([...hidden.subarray(0, 18)]).toEqual([...new Array(9).fill(9), ...new Array(9).fill(0)]);
    expect(colour.every((value) => value === 9)).toBe(true);
  });

  it.each([-0.1, 1.1, Number.NaN])("refuses a fraction of %d", (fraction) => {
    expect(() => occlude(white, shape, "left", fraction)).toThrow(
      "occluded fraction: expected a part of the picture from 0 to 1",
    );
  });
});

describe("addNoise", () => {
  const grey = { height: 100, width: 100, channels: 1 };
  const middle = new Uint8Array(10_000).fill(128);

  it("has mean 0 and the deviation asked for", () => {
    const noisy = addNoise(middle, grey, 0.1, 7);
    const mean = noisy.reduce((sum, value) => sum + value, 0) / noisy.length;
    const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noisy.length);
    // Standard errors of 10,000 draws are 0.26 and 0.18.
    expect(Math.abs(mean - 128)).toBeLessThan(1);
    expect(Math.abs(deviation - 25.5)).toBeLessThan(0.8);
  });

  it("changes nothing at 0, and stays within black and white", () => {
    expect(addNoise(middle, grey, 0, 7)).toEqual(middle);
    const loud = addNoise(middle, grey, 10, 7);
    // |noise| < 128 / 2550 standard deviations leaves 4 % in between.
    expect(loud.filter((value) => value === 0 || value === 255).length).toBeGreaterThan(9400);
  });

  it("depends on the seed alone", () => {
    expect(addNoise(middle, grey, 0.2, 1)).toEqual(addNoise(middle, grey, 0.2, 1));
    expect(addNoise(middle, grey, 0.2, 1)).not.toEqual(addNoise(middle, grey, 0.2, 2));
  });

  it.each([-1, 11, Number.NaN])("refuses a deviation of %d", (deviation) => {
    expect(() => addNoise(middle, grey, deviation, 1)).toThrow("noise: expected a standard deviation from 0 to 10");
  });
});
