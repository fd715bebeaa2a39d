/** The tests' own autodiff against central differences and gradients known by hand. */
import { expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "../support/autodiff.ts";

const random = new RandomStream(3, "autodiff");
const uniform = (length: number, low: number, high: number) =>
  Float64Array.from({ length }, () => low + (high - low) * random.uniform());

test("a sum of squares, a constant, a maximum's tie, a spike's stand-in slope", () => {
  const x = ad.variable([1, -2, 3]);
  ad.backward(ad.sum(ad.multiply(x, x)));
  expect([...x.gradient]).toEqual([2, -4, 6]);
  ad.backward(ad.sum(ad.multiply(x, ad.detach(x))));
  expect([...x.gradient]).toEqual([1, -2, 3]);
  const [a, b] = [ad.variable([1, 1, 0]), ad.variable([1, 0, 1])];
  ad.backward(ad.sum(ad.larger(a, b)));
  expect([...a.gradient]).toEqual([1, 1, 0]);
  expect([...b.gradient]).toEqual([0, 0, 1]);
  ad.backward(
    ad.sum(
      ad.spike(
        x,
        (i) => i === 0,
        (value) => 10 * value,
      ),
    ),
  );
  expect([...x.gradient]).toEqual([10, -20, 30]);
  expect(() => ad.backward(x)).toThrow(/one number/);
});

test("what is used twice gets both parts", () => {
  const x = ad.variable([2]);
  const square = ad.multiply(x, x);
  ad.backward(ad.sum(ad.add(ad.multiply(square, x), square)));
  expect(x.gradient[0]).toBe(3 * 4 + 2 * 2);
});

test("all operations in one expression: central differences", () => {
  const inputs = [uniform(6, 0.2, 1), uniform(12, -1, 1), uniform(4, 0.5, 1.5)];
  const expression = (values: readonly ArrayLike<number>[]) => {
    const [x, w, s] = values.map((v) => ad.variable(v)) as [ad.Value, ad.Value, ad.Value];
    // [2][3] times [4][3] rows: [2][4].
    const z = ad.products(x, w, 3);
    const mean = ad.affine(
      ad.gatherSums(z, 4, (i) => i % 4),
      0.5,
    );
    const centred = ad.subtract(
      z,
      ad.gather(mean, 8, (i) => i % 4),
    );
    const scaled = ad.multiply(
      centred,
      ad.gather(ad.inverseRoot(s), 8, (i) => i % 4),
    );
    const shifted = ad.gather(scaled, 9, (i) => i - 1);
    const most = ad.larger(shifted, ad.affine(shifted, -0.3, 0.01));
    const total = ad.add(most, ad.affine(shifted, 0.2, 0.05));
    const loss = ad.sum(
      ad.multiply(
        ad.gated(total, (i) => total.values[i]! > 0),
        most,
      ),
    );
    return { loss, parts: [x, w, s] };
  };
  const { loss, parts } = expression(inputs);
  ad.backward(loss);
  const h = 1e-6;
  for (const [k, values] of inputs.entries()) {
    const expected = values.map((_, i) => {
      const moved = (by: number) => {
        const others = inputs.map((other) => Float64Array.from(other));
        others[k]![i]! += by;
        return expression(others).loss.values[0]!;
      };
      return (moved(h) - moved(-h)) / (2 * h);
    });
    expect(worstGap(parts[k]!.gradient, expected).gap).toBeLessThan(1e-8);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.01);
  }
});

test("tanh, exponential linear units and cross-entropy: by hand, and central differences", () => {
  const even = ad.variable([2, 2, 2, 2, 2, 2]);
  const loss = ad.crossEntropy(even, [1, 0]);
  expect(loss.values[0]).toBeCloseTo(2 * Math.log(3), 12);
  ad.backward(loss);
  expect(worstGap(even.gradient, [1 / 3, -2 / 3, 1 / 3, -2 / 3, 1 / 3, 1 / 3]).gap).toBeLessThan(1e-15);
  const given = uniform(8, -2, 2);
  const curved = (values: ArrayLike<number>) => {
    const x = ad.variable(values);
    return { x, loss: ad.crossEntropy(ad.multiply(ad.tanh(x), ad.exponentialLinear(x)), [3, 0]) };
  };
  const { x, loss: own } = curved(given);
  ad.backward(own);
  const h = 1e-6;
  const expected = given.map((_, i) => {
    const at = (by: number) => curved(given.map((value, k) => value + (k === i ? by : 0))).loss.values[0]!;
    return (at(h) - at(-h)) / (2 * h);
  });
  expect(worstGap(x.gradient, expected).gap).toBeLessThan(1e-8);
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
});
