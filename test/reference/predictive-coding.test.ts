/** Predictive coding on the recurrent net against central differences of its energy in float64, and its equilibrium in closed form. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PredictiveCoding, predictiveCodingDefaults } from "../../src/rules/predictive-coding.ts";
import {
  fillWithOthers,
  gradientsOf,
  plainNet,
  plainWindows,
  smallSequence,
  smallSequences,
} from "../support/small-sequence.ts";
import {
  differences,
  expectDifferences,
  outputLoss,
  type PlainNet,
  type PlainWindow,
  predictLayer,
  readOut,
} from "./recurrent.ts";

const optimiser = { weightDecay: 0, clip: 0, clipScope: "stage" } as const;
const cases = smallSequences(4, 3);

/** Energy of one position: squared gaps between values and predictions, halved, and the output's loss. */
function energy(
  net: PlainNet,
  { inputs, targets }: PlainWindow,
  n: number,
  values: readonly Float64Array[],
  previous: readonly Float64Array[] | undefined,
): number {
  let sum = outputLoss(readOut(net, values.at(-1)!), targets[n]!, "energy");
  for (const [l, layer] of net.layers.entries()) {
    const mu = predictLayer(layer, l > 0 ? values[l - 1]! : inputs[n]!, previous?.[l]);
    for (const [i, value] of values[l]!.entries()) sum += (value - mu[i]!) ** 2 / 2;
  }
  return sum;
}

type Carry = "predicted" | "inferred";

/** Values by position and layer after inference, each step moving all of them down the energy's slope at once; and what positions pass on. */
function infer(net: PlainNet, window: PlainWindow, steps: number, rate: number, carry: Carry) {
  const inferred: Float64Array[][] = [];
  const carried: Float64Array[][] = [];
  for (const [n, x] of window.inputs.entries()) {
    const before = carried[n - 1];
    const values: Float64Array[] = [];
    for (const [l, layer] of net.layers.entries()) values.push(predictLayer(layer, values.at(-1) ?? x, before?.[l]));
    if (carry === "predicted") carried.push(values.map((value) => value.slice()));
    for (let step = 0; step < steps; step++) {
      const slopes = values.map((value) => differences(value, () => energy(net, window, n, values, before)));
      for (const [l, value] of values.entries())
        for (let i = 0; i < value.length; i++) value[i]! -= rate * slopes[l]![i]!;
    }
    if (carry === "inferred") carried.push(values);
    inferred.push(values);
  }
  return { inferred, carried };
}

test("values after a few steps, and weight gradients at them, follow the energy", async () => {
  const options = fc.record({
    inferenceSteps: fc.constantFrom(0, 1, 6),
    inferenceLearningRate: fc.constantFrom(0.1, 0.3),
    carry: fc.constantFrom<Carry>("predicted", "inferred"),
  });
  await fc.assert(
    fc.asyncProperty(cases, options, async (small, inference) => {
      const made = await smallSequence(small);
      const { net } = made;
      const learner = new PredictiveCoding(net, inference, optimiser);
      const plain = plainNet(net);
      const windows = plainWindows(made);
      fillWithOthers(learner, made);
      learner.load(made.set, made.starts, 0, small.rows);
      const report = learner.step({ perception: 0, recall: 0 });
      const values = windows.map((window) =>
        infer(plain, window, inference.inferenceSteps, inference.inferenceLearningRate, inference.carry),
      );
      let loss = 0;
      for (const [row, window] of windows.entries()) {
        const { inferred, carried } = values[row]!;
        for (const [n, own] of inferred.entries()) {
          let below: ArrayLike<number> = window.inputs[n]!;
          for (const [l, layer] of net.layers.entries()) {
            const start = (n * small.rows + row) * layer.stride;
            for (let i = 0; i < layer.width; i++) {
              expect(Math.abs(layer.values.view[start + i]! - own[l]![i]!)).toBeLessThan(1e-5);
            }
            below = predictLayer(plain.layers[l]!, below, carried[n - 1]?.[l]);
          }
          loss += outputLoss(readOut(plain, Float64Array.from(below)), window.targets[n]!, "mean");
        }
      }
      expect(report.loss).toBeCloseTo(loss / report.positions, 5);
      const total = () => {
        let sum = 0;
        for (const [row, window] of windows.entries()) {
          const { inferred, carried } = values[row]!;
          for (let n = 0; n < small.window; n++) sum += energy(plain, window, n, inferred[n]!, carried[n - 1]);
        }
        return sum / report.positions;
      };
      expectDifferences(gradientsOf(net), plain, total, { floor: 1e-2, gap: 5e-5 });
      await made.team.close();
    }),
    { numRuns: 30 },
  );
});

test.each(["predicted", "inferred"] as const)(
  "one neuron and one linear output, %s: the default steps end at the energy's minimum",
  async (carry) => {
    // E = (x - mu)^2 / 2 + (w x + c - t)^2 / 2 is least at x = (mu + w (t - c)) / (1 + w^2).
    const made = await smallSequence({
      ...{ inputs: "symbols", targets: "values", hidden: [1], inputWidth: 3, targetWidth: 1 },
      ...{ window: 3, rows: 2, seed: 21 },
    });
    const { net } = made;
    const learner = new PredictiveCoding(net, { ...predictiveCodingDefaults, carry }, optimiser);
    learner.load(made.set, made.starts, 0, 2);
    learner.step({ perception: 0, recall: 0 });
    const plain = plainNet(net);
    const [w, c] = [plain.weight[0]!, plain.bias[0]!];
    for (const [row, { inputs, targets }] of plainWindows(made).entries()) {
      let before: Float64Array | undefined;
      for (const [n, x] of inputs.entries()) {
        const mu = predictLayer(plain.layers[0]!, x, before)[0]!;
        const least = (mu + w * ((targets[n] as Float64Array)[0]! - c)) / (1 + w * w);
        const found = net.layers[0]!.values.view[(n * 2 + row) * net.layers[0]!.stride]!;
        expect(Math.abs(found - least)).toBeLessThan(1e-4);
        before = Float64Array.of(carry === "predicted" ? mu : found);
      }
    }
    await made.team.close();
  },
);
