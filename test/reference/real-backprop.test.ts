/** Backprop through time on the engine's recurrent net against central differences of the float64 net's loss. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RealBackprop } from "../../src/learning/sequence/real-backprop.ts";
import {
  fillWithOthers,
  gradientsOf,
  plainNet,
  plainWindows,
  type SmallSequence,
  smallSequence,
} from "../support/small-sequence.ts";
import { relativeGap } from "./close.ts";
import { arraysOf, differences, forwardWindow, meanLoss, readOut } from "./recurrent.ts";

const kinds = fc.constantFrom("symbols" as const, "values" as const);
const cases: fc.Arbitrary<SmallSequence> = fc.record({
  inputs: kinds,
  targets: kinds,
  hidden: fc.constantFrom([1], [5], [17], [4, 6], [3, 2, 5]),
  inputWidth: fc.integer({ min: 1, max: 6 }),
  targetWidth: fc.integer({ min: 1, max: 5 }),
  window: fc.integer({ min: 1, max: 5 }),
  rows: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
});

test("outputs, loss and gradients of any net, kind and window", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (options) => {
      const small = await smallSequence(options);
      const { net, set, starts } = small;
      const learner = new RealBackprop(net, { weightDecay: 0, clip: 0, clipScope: "stage" });
      const plain = plainNet(net);
      const windows = plainWindows(small);
      fillWithOthers(learner, small);
      learner.load(set, starts, 0, options.rows);
      const { view, stride } = learner.predict();
      expect(view.length).toBe(options.window * options.rows * stride);
      for (const [row, window] of windows.entries()) {
        for (const [n, values] of forwardWindow(plain, window).entries()) {
          const start = (n * options.rows + row) * stride;
          const y = readOut(plain, values.at(-1)!);
          expect(relativeGap(view.subarray(start, start + options.targetWidth), y)).toBeLessThan(1e-5);
        }
      }
      const loss = () => meanLoss(plain, windows);
      const report = learner.step({ perception: 0, recall: 0 });
      expect(report.loss).toBeCloseTo(loss(), 5);
      expect(report.stageLosses).toEqual([0, ...options.hidden.map(() => 0), report.loss]);
      expect(report.positions).toBe(options.window * options.rows);
      const gradients = gradientsOf(net);
      for (const [name, array] of arraysOf(plain)) {
        const expected = differences(array, loss);
        const scale = Math.max(1e-3, ...expected.map(Math.abs));
        for (let i = 0; i < expected.length; i++) {
          expect(Math.abs(gradients.get(name)![i]! - expected[i]!), `${name} ${i}`).toBeLessThan(2e-5 * scale);
        }
      }
      await small.team.close();
    }),
    { numRuns: 30 },
  );
});
