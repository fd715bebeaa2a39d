/** Parts of the float64 reference that the golden states do not reach, against values worked out by hand. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adamwStart, adamwStep } from "../reference/adamw.ts";
import { type AlignmentOptions, align } from "../reference/alignment.ts";
import { relativeGap } from "../reference/close.ts";
import { convForward, convInputGradient, convOutputSize, convWeightGradient } from "../reference/conv.ts";
import { linearForward, linearInputGradient } from "../reference/linear.ts";
import { maxPoolBackward, maxPoolForward, upsampleBackward, upsampleForward } from "../reference/pool.ts";
import { crossEntropy } from "../reference/softmax.ts";

const f64 = (...values: number[]): Float64Array => Float64Array.from(values);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const numbers = (length: number) =>
  fc
    .array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length })
    .map((list) => Float64Array.from(list));

describe("alignment", () => {
  const options: AlignmentOptions = {
    loss: "reco",
    rivals: "literal",
    centred: false,
    lambda: 0.5,
    temperature: 1,
    classes: 2,
  };

  test("ReCo: only similar rivals cost, and lambda weighs them", () => {
    // C = [[1, 0.6], [-1, -0.6]]: own terms 0 and 1.6^2, negatives 0.6^2 and, opposed, nothing.
    const { loss } = align(f64(1, 0, -1, 0), f64(3, 0, 0.6, 0.8), [0, 1], options);
    expect(loss).toBeCloseTo((1.6 ** 2 + 0.5 * 0.6 ** 2) / 2, 12);
  });

  test("masked leaves the same class out of the rivals, in ReCo and in InfoNCE", () => {
    const v = f64(1, 0, 1, 0);
    const masked = (loss: "reco" | "infonce") => align(v, v, [1, 1], { ...options, loss, rivals: "masked" }).loss;
    expect(masked("reco")).toBeCloseTo(0, 15);
    expect(masked("infonce")).toBeCloseTo(0, 15);
    expect(align(v, v, [1, 1], options).loss).toBeCloseTo(0.5, 12);
    expect(align(v, v, [1, 1], { ...options, loss: "infonce" }).loss).toBeCloseTo(Math.log(2), 12);
  });

  test("prototypes: each sample's own column is its class", () => {
    const { loss, gradW } = align(f64(0, 2, 0, 3, 5, 0), f64(1, 0, 0, 1), [1, 1, 0], {
      ...options,
      rivals: "prototypes",
    });
    expect(loss).toBeCloseTo(0, 15);
    expect(gradW).toHaveLength(4);
  });

  test("a silent row has cosine 0 and gradient 0, and no one's gradient is lost by it", () => {
    const { loss, gradV, gradW } = align(f64(0, 0, 1, 0), f64(1, 0, 0, 1), [0, 1], options);
    expect(loss).toBeCloseTo((1 + 1 + 0.5) / 2, 12);
    expect([...gradV.subarray(0, 2)]).toEqual([0, 0]);
    expect(Math.abs(gradV[3]!)).toBeGreaterThan(0.1);
    expect(Math.abs(gradW[2]!)).toBeGreaterThan(0.1);
  });

  test("centred rows may oppose each other, and a common offset is forgotten", () => {
    const centred = { ...options, centred: true };
    const { loss, means } = align(f64(1, 2, 3, 2), f64(5, 5, 7, 5), [0, 1], centred);
    expect(loss).toBeCloseTo(0, 15);
    expect([...means.v, ...means.w]).toEqual([2, 2, 6, 5]);
  });

  test("MSE: mean over features, sum over samples over B", () => {
    const mse = align(f64(1, 2, 0, 0), f64(0, 0, 1, 0), [0, 1], { ...options, loss: "mse" });
    expect(mse.loss).toBeCloseTo((5 / 2 + 1 / 2) / 2, 12);
    expect([...mse.gradV]).toEqual([0.5, 1, -0.5, 0]);
    expect([...mse.gradW]).toEqual([-0.5, -1, 0.5, 0]);
  });
});

describe("convolution", () => {
  const shape = { channelsIn: 1, channelsOut: 1, height: 3, width: 4, kernel: 3, stride: 2, padding: 1 };

  test("stride 2 with padding 1 counts the neighbours each output sees", () => {
    expect(convOutputSize(shape)).toEqual({ height: 2, width: 2 });
    const ones = new Float64Array(12).fill(1);
    expect([...convForward(ones, 1, new Float64Array(9).fill(1), f64(10), shape)]).toEqual([14, 16, 14, 16]);
  });

  test("the kernel is not flipped", () => {
    const one = { ...shape, height: 3, width: 3, stride: 1, padding: 0 };
    const kernel = f64(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect([...convForward(f64(1, 0, 0, 0, 0, 0, 0, 0, 10), 1, kernel, f64(0), one)]).toEqual([91]);
  });

  test("both gradients are adjoint to the forward map: <g, conv(x, W)> = <conv*(g), x> = <dW, W>", () => {
    const sizes = fc.record({
      channelsIn: fc.integer({ min: 1, max: 3 }),
      channelsOut: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 3, max: 6 }),
      width: fc.integer({ min: 3, max: 6 }),
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      padding: fc.integer({ min: 0, max: 2 }),
    });
    const cases = sizes.chain((size) => {
      const out = convOutputSize(size);
      return fc.tuple(
        fc.constant(size),
        numbers(2 * size.channelsIn * size.height * size.width),
        numbers(size.channelsIn * size.channelsOut * size.kernel ** 2),
        numbers(2 * size.channelsOut * out.height * out.width),
      );
    });
    fc.assert(
      fc.property(cases, ([size, x, weight, g]) => {
        const forward = dot(g, convForward(x, 2, weight, new Float64Array(size.channelsOut), size));
        expect(dot(convInputGradient(g, 2, weight, size), x)).toBeCloseTo(forward, 9);
        expect(dot(convWeightGradient(x, g, 2, size).weight, weight)).toBeCloseTo(forward, 9);
      }),
      { numRuns: 50 },
    );
  });
});

test("linear input gradient is adjoint to the forward map", () => {
  const shape = { inputs: 3, outputs: 2 };
  fc.assert(
    fc.property(numbers(12), numbers(6), numbers(8), (x, weight, g) => {
      const forward = dot(g, linearForward(x, 4, weight, f64(0, 0), shape));
      expect(dot(linearInputGradient(g, 4, weight, shape), x)).toBeCloseTo(forward, 9);
    }),
  );
});

describe("pooling", () => {
  test("of equal values the first in reading order takes the whole gradient; odd edges are dropped", () => {
    const x = f64(1, 1, 0, 9, 1, 1, 0, 9, 0, 0, 3, 9);
    const { output, winner } = maxPoolForward(x.subarray(0, 8), 1, 2, 4);
    expect([...output]).toEqual([1, 9]);
    expect([...maxPoolBackward(f64(5, 7), winner, 8)]).toEqual([5, 0, 0, 7, 0, 0, 0, 0]);
    expect([...maxPoolForward(f64(1, 2, 9, 3, 4, 9, 9, 9, 9), 1, 3, 3).output]).toEqual([4]);
  });

  test("upsampling repeats each pixel 2 x 2, per plane, and its gradient sums them", () => {
    const up = upsampleForward(f64(1, 2, 3, 4), 2, 1, 2);
    expect([...up]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    expect([...upsampleBackward(up, 2, 1, 2)]).toEqual([4, 8, 12, 16]);
  });
});

test("cross-entropy survives huge logits", () => {
  const { loss, gradient } = crossEntropy(f64(1000, 0, 0, 1000), 2, 2, [0, 0]);
  expect(loss).toBeCloseTo(500, 9);
  expect([...gradient]).toEqual([0, 0, -0.5, 0.5]);
});

test("AdamW: the first step moves by the learning rate, whatever the gradient's size, after the decay", () => {
  const options = { learningRate: 0.1, weightDecay: 0.5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const start = adamwStart(f64(2, 2, 2));
  const first = adamwStep(start, f64(1, -1000, 0), options);
  expect(relativeGap(first.parameter, [1.8, 2, 1.9])).toBeLessThan(1e-7);
  expect([...start.parameter]).toEqual([2, 2, 2]);
  // Second step, gradient 0: m = 0.09, v = 0.000999; corrected 0.09 / 0.19 and 0.000999 / 0.001999.
  const second = adamwStep(first, f64(0, 0, 0), options);
  const moved = (0.1 * (0.09 / 0.19)) / Math.sqrt(0.000999 / 0.001999);
  expect(second.parameter[0]).toBeCloseTo(1.8 * 0.95 - moved, 7);
});
