/** DLL on the recurrent net: its errors against the equations in float64, and the case in which it must equal backprop. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AnnBackprop } from "../../src/rules/backprop.ts";
import { Dll, dllDefaults } from "../../src/rules/dll.ts";
import type { SequenceLearner } from "../../src/rules/rule.ts";
import {
  fillWithOthers,
  gradientsOf,
  plainNet,
  plainWindows,
  type SmallNet,
  type SmallSequence,
  smallSequence,
  smallSequences,
} from "../support/small-sequence.ts";
import { relativeGap } from "./close.ts";
import { affine, arraysOf, forwardWindow, outputError, readOut } from "./recurrent.ts";

const optimiser = { weightDecay: 0, clip: 0, clipScope: "stage" } as const;
const cases = smallSequences(5, 4);

const read = (learner: SequenceLearner, name: string): Float64Array => {
  const slot = [...learner.slots(true)].find((one) => one.name === name);
  if (!slot) throw new Error(`no slot ${name}`);
  return Float64Array.from(slot.read());
};

/** Gradients of W (mean over positions) and of Theta by the equations, one window after the other. */
function byTheEquations(small: SmallNet, learner: Dll, limit: number, temporal: boolean): Map<string, Float64Array> {
  const plain = plainNet(small.net);
  const count = plain.layers.length;
  const sums = new Map([...arraysOf(plain)].map(([name, array]) => [name, new Float64Array(array.length)]));
  const add = (name: string, error: Float64Array, input: ArrayLike<number>) => {
    const sum = sums.get(name) ?? new Float64Array(error.length * input.length);
    sums.set(name, sum);
    for (let o = 0; o < error.length; o++) {
      for (let i = 0; i < input.length; i++) sum[o * input.length + i]! += error[o]! * input[i]!;
    }
  };
  for (const window of plainWindows(small)) {
    const values = forwardWindow(plain, window);
    let next: Float64Array[] = [];
    for (let n = values.length - 1; n >= 0; n--) {
      const h = values[n]!;
      const deltas: Float64Array[] = [];
      let above = outputError(readOut(plain, h.at(-1)!), window.targets[n]!);
      add(`perception.stage${count + 2}.weight`, above, h.at(-1)!);
      add(`perception.stage${count + 2}.bias`, above, [1]);
      for (let l = count - 1; l >= 0; l--) {
        const feedback = `feedback.stage${l + 2}`;
        const name = `perception.stage${l + 2}`;
        let xi = affine(read(learner, `${feedback}.above`), above, new Float64Array(h[l]!.length));
        if (temporal && next[l]) xi = affine(read(learner, `${feedback}.next`), next[l]!, xi);
        xi = xi.map((value) => Math.max(-limit, Math.min(limit, value)));
        add(`${feedback}.above`, xi, above);
        if (temporal && next[l]) add(`${feedback}.next`, xi, next[l]!);
        const delta = xi.map((value, i) => value * (1 - h[l]![i]! ** 2));
        add(`${name}.input`, delta, l > 0 ? h[l - 1]! : window.inputs[n]!);
        if (n > 0) add(`${name}.recurrent`, delta, values[n - 1]![l]!);
        add(`${name}.bias`, delta, [1]);
        deltas[l] = delta;
        above = delta;
      }
      next = deltas;
    }
  }
  for (const sum of sums.values()) for (let i = 0; i < sum.length; i++) sum[i]! /= small.net.windows.positions;
  return sums;
}

test("gradients of W and Theta follow the equations, errors clipped", async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), fc.constantFrom(0.05, 50), async (options, temporal, errorLimit) => {
      const small = await smallSequence(options);
      const learner = new Dll(small.net, { ...dllDefaults, temporal, errorLimit, seed: options.seed }, optimiser);
      fillWithOthers(learner, small);
      learner.load(small.set, small.starts, 0, options.rows);
      const expected = byTheEquations(small, learner, errorLimit, temporal);
      learner.step({ perception: 0, recall: 0 });
      const found = gradientsOf(small.net);
      // Theta's gradients show in AdamW's first moment after a step from 0: a tenth of the gradient.
      learner.step({ perception: 1e-9, recall: 0 });
      for (const [name, sum] of expected) {
        const own = found.get(name) ?? read(learner, `optimiser.first.${name}`).map((value) => 10 * value);
        const scale = Math.max(1e-3, ...sum.map(Math.abs));
        for (let i = 0; i < sum.length; i++) {
          expect(Math.abs(own[i]! - sum[i]!), `${name} ${i}`).toBeLessThan(1e-5 * scale);
        }
      }
      await small.team.close();
    }),
    { numRuns: 30 },
  );
});

test("with Theta = W^T and errors from the next position it is backprop through time", async () => {
  const options: SmallSequence = {
    ...{ inputs: "symbols", targets: "symbols", hidden: [7, 5], inputWidth: 6, targetWidth: 6 },
    ...{ window: 6, rows: 3, seed: 5 },
  };
  const small = await smallSequence(options);
  const { net } = small;
  const learner = new Dll(net, { ...dllDefaults, temporal: true, errorLimit: Number.POSITIVE_INFINITY }, optimiser);
  const slots = new Map(Array.from(learner.slots(false), (slot) => [slot.name, slot]));
  const transpose = (to: string, from: string) => {
    const [out, inputs] = slots.get(from)!.shape as [number, number];
    const values = slots.get(from)!.read();
    const turned = Float32Array.from(values, (_, i) => values[(i % out) * inputs + Math.floor(i / out)]!);
    slots.get(to)!.write(turned);
  };
  transpose("feedback.stage3.above", "perception.stage4.weight");
  transpose("feedback.stage3.next", "perception.stage3.recurrent");
  transpose("feedback.stage2.above", "perception.stage3.input");
  transpose("feedback.stage2.next", "perception.stage2.recurrent");
  learner.load(small.set, small.starts, 0, options.rows);
  learner.step({ perception: 0, recall: 0 });
  const local = gradientsOf(net);
  const backprop = new AnnBackprop(net, optimiser);
  backprop.step({ perception: 0, recall: 0 });
  for (const [name, gradient] of gradientsOf(net)) {
    expect(relativeGap(local.get(name)!, gradient), name).toBeLessThan(1e-5);
  }
  await small.team.close();
});

test("Theta moves at its own rate, the first step of AdamW being the rate itself", async () => {
  const options: SmallSequence = {
    ...{ inputs: "values", targets: "values", hidden: [3], inputWidth: 2, targetWidth: 2 },
    ...{ window: 3, rows: 2, seed: 8 },
  };
  const small = await smallSequence(options);
  const learner = new Dll(small.net, { ...dllDefaults, feedbackLearningRate: 0.25, seed: 3 }, optimiser);
  learner.load(small.set, small.starts, 0, 2);
  const names = ["feedback.stage2.above", "perception.stage3.weight"];
  const before = names.map((name) => read(learner, name));
  learner.step({ perception: 0.04, recall: 0 });
  const moved = names.map((name, i) => read(learner, name).map((value, j) => Math.abs(value - before[i]![j]!)));
  for (const step of moved[0]!) expect(step).toBeCloseTo(0.01, 4);
  for (const step of moved[1]!) expect(step).toBeCloseTo(0.04, 4);
  await small.team.close();
});
