/** What the non-spiking sequence learners promise: they learn what their temporal credit allows, and refuse what does not fit. */
import { afterEach, describe, expect, test } from "vitest";
import type { SequenceSet } from "../../src/data/sequence/task.ts";
import { Team } from "../../src/engine/team.ts";
import { RecurrentNet, type RecurrentNetOptions } from "../../src/nets/dense-recurrent-net.ts";
import { AnnBackprop } from "../../src/rules/backprop.ts";
import { Dll, dllDefaults } from "../../src/rules/dll.ts";
import { PredictiveCoding, predictiveCodingDefaults } from "../../src/rules/predictive-coding.ts";
import type { AnnLearner } from "../../src/rules/sequence-learners.ts";

const optimiser = { weightDecay: 0, clip: 1, clipScope: "stage" } as const;
const teams: Team[] = [];
afterEach(async () => {
  for (const team of teams.splice(0)) await team.close();
});

const sizes: RecurrentNetOptions = {
  ...{ inputs: { kind: "symbols", width: 4 }, targets: { kind: "symbols", width: 4 } },
  ...{ hidden: [24], window: 12, maxRows: 8, seed: 1 },
};

async function netOf(options: Partial<RecurrentNetOptions> = {}): Promise<RecurrentNet> {
  const team = await Team.create({ maximumPages: 256 });
  teams.push(team);
  return new RecurrentNet(team, { ...sizes, ...options });
}

/** "abac" over and over: what follows an a depends on what came before it. */
function abac(): SequenceSet {
  const symbols = Uint16Array.from({ length: 97 }, (_, n) => [0, 1, 0, 2][n % 4]!);
  const all = { from: 0, to: 96 };
  return {
    name: "abac",
    inputs: { kind: "symbols", width: 4, symbols: symbols.subarray(0, 96) },
    targets: { kind: "symbols", width: 4, symbols: symbols.subarray(1) },
    parts: { train: all, validation: all, test: all },
  };
}

/** The running sign of a wave, from the wave. */
function wave(): SequenceSet {
  const values = Float32Array.from({ length: 100 }, (_, n) => Math.sin(n / 2));
  const all = { from: 0, to: 100 };
  return {
    name: "wave",
    inputs: { kind: "values", width: 1, values },
    targets: { kind: "values", width: 1, values: values.map((_, n) => Math.cos(n / 2)) },
    parts: { train: all, validation: all, test: all },
  };
}

const rules: Readonly<Record<string, (net: RecurrentNet) => AnnLearner>> = {
  backprop: (net) => new AnnBackprop(net, optimiser),
  dll: (net) => new Dll(net, { ...dllDefaults, seed: 2 }, optimiser),
  "dll, temporal": (net) => new Dll(net, { ...dllDefaults, temporal: true, seed: 2 }, optimiser),
  "predictive coding": (net) =>
    new PredictiveCoding(net, { ...predictiveCodingDefaults, inferenceSteps: 20 }, optimiser),
  "predictive coding, inferred": (net) =>
    new PredictiveCoding(net, { ...predictiveCodingDefaults, inferenceSteps: 20, carry: "inferred" }, optimiser),
};

describe.each(Object.keys(rules))("%s learns", (rule) => {
  test("a text in which one symbol of memory decides: all but the first symbol of a window", async () => {
    const learner = rules[rule]!(await netOf());
    const starts = Int32Array.from({ length: 8 }, (_, i) => i * 7);
    learner.load(abac(), starts, 0, 8);
    let last = learner.step({ perception: 0.01, recall: 0 });
    const first = last.loss;
    for (let step = 0; step < 150; step++) last = learner.step({ perception: 0.01, recall: 0 });
    expect(last.positions).toBe(96);
    expect(last.correct).toBeGreaterThanOrEqual(88);
    expect(last.loss).toBeLessThan(0.2 * first);
  });

  test("a wave's slope from the wave", async () => {
    const values = { kind: "values", width: 1 } as const;
    const learner = rules[rule]!(await netOf({ inputs: values, targets: values }));
    const starts = Int32Array.from({ length: 8 }, (_, i) => i * 7);
    learner.load(wave(), starts, 0, 8);
    let last = learner.step({ perception: 0.01, recall: 0 });
    for (let step = 0; step < 150; step++) last = learner.step({ perception: 0.01, recall: 0 });
    expect(last.correct).toBe(0);
    expect(last.loss).toBeLessThan(0.1);
  });
});

describe("refuses", () => {
  test("sizes that are not positive integers", async () => {
    await expect(netOf({ hidden: [] })).rejects.toThrow(/hidden: expected one or more positive integers, got \[\]/);
    await expect(netOf({ hidden: [4, 0] })).rejects.toThrow(/got \[4, 0\]/);
    await expect(netOf({ window: 0 })).rejects.toThrow(/window: expected a positive integer, got 0/);
    await expect(netOf({ maxRows: 1.5 })).rejects.toThrow(/maxRows: expected a positive integer, got 1.5/);
    await expect(netOf({ inputs: { kind: "values", width: -1 } })).rejects.toThrow(/inputs: .* got -1/);
  });

  test("sequences of another kind or width, and symbols past the alphabet", async () => {
    const learner = new AnnBackprop(await netOf(), optimiser);
    const starts = Int32Array.of(0);
    expect(() => learner.load(wave(), starts, 0, 1)).toThrow(
      /wave: the net's inputs are symbols of width 4, the sequence's are values of width 1/,
    );
    const good = abac();
    const targets = { kind: "symbols", width: 5, symbols: new Uint16Array(96) } as const;
    expect(() => learner.load({ ...good, targets }, starts, 0, 1)).toThrow(/targets are symbols of width 4/);
    const inputs = { kind: "symbols", width: 4, symbols: new Uint16Array(96).fill(4, 3) } as const;
    expect(() => learner.load({ ...good, inputs }, starts, 0, 1)).toThrow(/below 4, got 4 in the inputs at position 3/);
  });

  test("windows that are not there", async () => {
    const learner = new AnnBackprop(await netOf(), optimiser);
    const load = (starts: readonly number[], from: number, count: number) => () =>
      learner.load(abac(), Int32Array.from(starts), from, count);
    expect(load([84], 0, 1)).not.toThrow();
    expect(load([85], 0, 1)).toThrow(/a window of 12 at position 85 leaves the 96 positions/);
    expect(load([-1], 0, 1)).toThrow(/position -1/);
    expect(load([0, 1], 1, 2)).toThrow(/of 2 windows, got 2 from window 1 on/);
    expect(load(Array(9).fill(0), 0, 9)).toThrow(/expected 1 to 8/);
    expect(load([0], 0, 0)).toThrow(/got 0/);
    expect(load([0], -1, 1)).toThrow(/from window -1/);
  });

  test("to go on from a loss that is not finite", async () => {
    const learner = new AnnBackprop(await netOf(), { ...optimiser, clip: 0 });
    learner.load(abac(), Int32Array.of(0), 0, 1);
    [...learner.slots(false)][0]!.write(new Float32Array(24 * 4).fill(Number.NaN));
    expect(() => learner.step({ perception: 0.01, recall: 0 })).toThrow(/stage 3: the loss is NaN at step 1/);
  });
});
