/** Backprop through time on the engine's recurrent net against central differences of the float64 net's loss. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AnnBackprop } from "../../src/rules/backprop.ts";
import {
  fillWithOthers,
  gradientsOf,
  plainNet,
  plainWindows,
  smallSequence,
  smallSequences,
} from "../support/small-sequence.ts";
import { worstGap } from "./close.ts";
import { expectDifferences, forwardWindow, meanLoss, readOut } from "./recurrent.ts";

const cases = smallSequences(5, 4);

test("outputs, loss and gradients of any net, kind and window", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (options) => {
      const small = await smallSequence(options);
      const { net, set, starts } = small;
      const learner = new AnnBackprop(net, { weightDecay: 0, clip: 0, clipScope: "stage" });
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
          // Against 1 where all outputs are small: a sum whose terms cancel keeps their error, not its own size's.
          const scale = Math.max(1, ...y.map(Math.abs));
          expect(worstGap(view.subarray(start, start + options.targetWidth), y).gap / scale).toBeLessThan(3e-6);
        }
      }
      const loss = () => meanLoss(plain, windows);
      const report = learner.step({ perception: 0, recall: 0 });
      expect(report.loss).toBeCloseTo(loss(), 5);
      expect(report.stageLosses).toEqual([0, ...options.hidden.map(() => 0), report.loss]);
      expect(report.positions).toBe(options.window * options.rows);
      expectDifferences(gradientsOf(net), plain, loss, { floor: 1e-3, gap: 2e-5 });
      await small.team.close();
    }),
    { numRuns: 30 },
  );
});
