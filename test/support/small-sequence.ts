/** Small non-spiking recurrent nets on random sequences, for the engine's learners and for the float64 reference alike. */
import fc from "fast-check";
import type { SequenceInputs, SequenceSet } from "../../src/data/sequence/task.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { RecurrentNet } from "../../src/nets/dense-recurrent-net.ts";
import { spawnThread } from "../../src/node/threads.ts";
import type { SequenceLearner } from "../../src/rules/rule.ts";
import type { PlainNet, PlainWindow } from "../reference/recurrent.ts";

export interface SmallSequence {
  readonly inputs: "symbols" | "values";
  readonly targets: "symbols" | "values";
  readonly hidden: readonly number[];
  readonly inputWidth: number;
  readonly targetWidth: number;
  readonly window: number;
  readonly rows: number;
  readonly seed: number;
}

export interface SmallNet {
  readonly team: Team;
  readonly net: RecurrentNet;
  readonly set: SequenceSet;
  readonly starts: Int32Array;
}

function side(random: RandomStream, kind: "symbols" | "values", width: number, length: number): SequenceInputs {
  if (kind === "symbols") return { kind, width, symbols: Uint16Array.from({ length }, () => random.below(width)) };
  const values = new Float32Array(length * width);
  random.fillUniform(values, -1.5, 1.5);
  return { kind, width, values };
}

/** A net with room for two windows more than `rows`, and a sequence with `rows` windows at random places. */
export async function smallSequence(options: SmallSequence, threads = 1): Promise<SmallNet> {
  const { inputs, targets, inputWidth, targetWidth, window, rows, seed, hidden } = options;
  const random = new RandomStream(seed, "small sequence");
  const length = window + 20;
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 512 });
  const net = new RecurrentNet(team, {
    inputs: { kind: inputs, width: inputWidth },
    targets: { kind: targets, width: targetWidth },
    hidden,
    window,
    maxRows: rows + 2,
    seed,
  });
  const all = { from: 0, to: length };
  const set: SequenceSet = {
    name: "small",
    inputs: side(random, inputs, inputWidth, length),
    targets: side(random, targets, targetWidth, length),
    parts: { train: all, validation: all, test: all },
  };
  return { team, net, set, starts: Int32Array.from({ length: rows }, () => random.below(length - window + 1)) };
}

/** Leaves a larger batch's numbers in all of a learner's room, so that what reads past the next batch is seen; weights stay as they are. */
export function fillWithOthers(learner: SequenceLearner, { set }: SmallNet): void {
  learner.load(
    set,
    Int32Array.from({ length: learner.maxRows }, (_, row) => row),
    0,
    learner.maxRows,
  );
  learner.step({ perception: 0, recall: 0 });
}

/** The same weights for the reference. */
export function plainNet(net: RecurrentNet): PlainNet {
  const read = (parameters: RecurrentNet["readout"]["parameters"], block: string) =>
    Float64Array.from(parameters.read(block));
  return {
    layers: net.layers.map(({ parameters }) => ({
      input: read(parameters, "input"),
      recurrent: read(parameters, "recurrent"),
      bias: read(parameters, "bias"),
    })),
    weight: read(net.readout.parameters, "weight"),
    bias: read(net.readout.parameters, "bias"),
  };
}

/** The same windows for the reference. */
export function plainWindows({ net, set, starts }: SmallNet): PlainWindow[] {
  const vector = (of: SequenceInputs, n: number) =>
    of.kind === "values" ? Float64Array.from(of.values.subarray(n * of.width, (n + 1) * of.width)) : of.symbols[n]!;
  const positions = Array.from({ length: net.windows.window }, (_, n) => n);
  return Array.from(starts, (start) => ({
    inputs: positions.map((n) => {
      const x = vector(set.inputs, start + n);
      return typeof x === "number" ? Float64Array.from({ length: set.inputs.width }, (_, i) => (i === x ? 1 : 0)) : x;
    }),
    targets: positions.map((n) => vector(set.targets, start + n)),
  }));
}

/** Gradients of the newest step, in plain order, under the slots' names. */
export function gradientsOf(net: RecurrentNet): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const { parameters } of [...net.layers, net.readout]) {
    for (const block of Object.keys(parameters.shapes)) {
      found.set(`${parameters.group.name}.${block}`, parameters.read(block, parameters.group.gradients));
    }
  }
  return found;
}

/** Everything learned, and the moments, as arrays by name. */
export function stateOf(learner: SequenceLearner): Record<string, number[]> {
  return Object.fromEntries(Array.from(learner.slots(true), (slot) => [slot.name, [...slot.read()]]));
}

const kinds = fc.constantFrom("symbols" as const, "values" as const);

/** Nets of one to three layers and windows of at most `window` positions, at most `rows` at once. */
export const smallSequences = (window: number, rows: number): fc.Arbitrary<SmallSequence> =>
  fc.record({
    inputs: kinds,
    targets: kinds,
    hidden: fc.constantFrom([1], [5], [17], [4, 6], [3, 2, 5]),
    inputWidth: fc.integer({ min: 1, max: 6 }),
    targetWidth: fc.integer({ min: 1, max: 5 }),
    window: fc.integer({ min: 1, max: window }),
    rows: fc.integer({ min: 1, max: rows }),
    seed: fc.nat(),
  });
