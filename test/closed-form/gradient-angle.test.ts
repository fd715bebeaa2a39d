/** Angles between gradients, from vectors whose angle is known. */
import { describe, expect, it } from "vitest";
import { observedSummary } from "../../src/cli/report/summary.ts";
import { figuresOf, valuesOf } from "../../src/comparison/figures.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { gradientAngle } from "../../src/measure/backprop-twin.ts";
import type { Observation } from "../../src/training/observer.ts";

describe("gradientAngle", () => {
  it("of two 2 x 2 gradients worked out by hand", () => {
    // [[1, 0], [0, 1]] and [[1, 1], [0, 0]]: 1 / (sqrt 2 sqrt 2).
    const sixty = gradientAngle([1, 0, 0, 1], [1, 1, 0, 0])!;
    expect(sixty.cosine).toBeCloseTo(0.5, 14);
    expect(sixty.degrees).toBeCloseTo(60, 12);
    // [[1, 2], [2, 4]] and [[4, 1], [2, 2]]: 18 / (5 x 5).
    const other = gradientAngle([1, 2, 2, 4], [4, 1, 2, 2])!;
    expect(other.cosine).toBeCloseTo(0.72, 14);
    expect(other.degrees).toBeCloseTo((180 / Math.PI) * Math.acos(0.72), 12);
  });

  it("is exactly 0 from itself, 90 where nothing is shared and 180 from its negative, whatever the lengths", () => {
    const random = new RandomStream(1, "gradient");
    const a = Float32Array.from({ length: 501 }, () => random.uniform() - 0.5);
    expect(gradientAngle(a, a)).toEqual({ cosine: 1, degrees: 0 });
    expect(
      gradientAngle(
        a,
        a.map((x) => -x),
      ),
    ).toEqual({ cosine: -1, degrees: 180 });
    expect(gradientAngle([3, 0], [0, 1e-20])!.degrees).toBeCloseTo(90, 12);
    expect(gradientAngle([1e-15, 2e-15], [1e15, 2e15])!.degrees).toBeLessThan(1e-12);
  });

  it("tells apart what the arc cosine cannot", () => {
    // The cosine of 1e-9 radians is 1 - 5e-19: 1 in float64.
    expect(gradientAngle([1, 0], [1, 1e-9])!.degrees).toBeCloseTo((180 / Math.PI) * 1e-9, 18);
  });

  it("of independent random gradients is near 90 degrees, as near as their size says", () => {
    const random = new RandomStream(5, "gradients");
    const draw = () => Float64Array.from({ length: 10_000 }, () => random.uniform() - 0.5);
    // The cosine's deviation is 1 / sqrt(n) = 0.01, 0.573 degrees; five of them.
    for (let k = 0; k < 20; k++) expect(Math.abs(gradientAngle(draw(), draw())!.degrees - 90)).toBeLessThan(5 * 0.573);
  });

  it("has no angle to nothing, or to what is no number", () => {
    expect(gradientAngle([0, 0], [1, 2])).toBeNull();
    expect(gradientAngle([1, 2], [0, 0])).toBeNull();
    expect(gradientAngle([1, Number.NaN], [1, 2])).toBeNull();
    expect(gradientAngle([1, 2], [Number.POSITIVE_INFINITY, 2])).toBeNull();
  });
});

describe("a run's summary of what was observed", () => {
  const at = (step: number, degrees: (number | null)[], cosine: number | null): Observation => ({
    ...{ step, epoch: 1, images: 4, stages: [] },
    gradients: degrees.map((angle, k) => ({ stage: k + 2, cosine: angle === null ? null : 0, degrees: angle })),
    weights: [{ between: [1, 2], cosine, chance: 0.1 }],
  });

  it("means over the steps that have an angle, and what was last", () => {
    const summary = observedSummary([at(1, [90, null], null), at(5, [60, 20], 0.2), at(9, [30, 40], 0.3)]);
    expect(summary).toEqual({
      meanAngle: { stage2: 60, stage3: 30 },
      lastAngle: { stage2: 30, stage3: 40 },
      lastAlignment: { stages1to2: 0.3 },
    });
    expect(observedSummary([at(1, [null], null)])).toEqual({ meanAngle: {}, lastAngle: {}, lastAlignment: {} });
  });

  it("becomes figures of a comparison, with names for people", () => {
    const observed = observedSummary([at(1, [60, 20], 0.2)]);
    const values = valuesOf({ testAccuracy: 0.9, observed });
    expect(values.get("observed.meanAngle.stage3")).toBe(20);
    const figures = figuresOf([values]).filter(({ id }) => id.startsWith("observed"));
    expect(figures.map(({ label, role, detail = false }) => [label, role, detail])).toEqual([
      ["angle to backprop's gradient, stage 2 (degrees, mean over training)", "activity", false],
      ["angle to backprop's gradient, stage 3 (degrees, mean over training)", "activity", false],
      ["angle to backprop's gradient, stage 2 (degrees, last step)", "activity", true],
      ["angle to backprop's gradient, stage 3 (degrees, last step)", "activity", true],
      ["alignment of weights up and down, stages 1 to 2 (cosine, last step)", "activity", true],
    ]);
  });
});
