/** Pearson's correlation of two pictures, against values known on paper. */
import { describe, expect, it } from "vitest";
import { correlation } from "../../src/measure/similarity.ts";

describe("correlation", () => {
  it("is Pearson's", () => {
    expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
    expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
    expect(correlation([0, 0, 1, 1], [0, 1, 0, 1])).toBe(0);
  });

  it("of a flat picture is 0, also where the mean of its values is not one of them", () => {
    const flat = new Float64Array(784).fill(0.7);
    const slope = Float64Array.from({ length: 784 }, (_, i) => i / 784);
    expect(correlation([1, 1], [0, 1])).toBe(0);
    expect(correlation(flat, slope)).toBe(0);
    expect(correlation(flat, flat)).toBe(0);
  });
});
