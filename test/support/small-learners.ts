/** A small learner of every rule on a random sequence; everything follows from the options and a seed. */
import type { SequenceSet } from "../../src/data/sequence/task.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { RecurrentNet } from "../../src/nets/dense-recurrent-net.ts";
import { SequencePair } from "../../src/nets/sequence-pair.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { SequenceBsd, type SequenceBsdOptions } from "../../src/problems/sequence.ts";
import { AnnBackprop, SequenceBackprop } from "../../src/rules/backprop.ts";
import { Dll, dllDefaults } from "../../src/rules/dll.ts";
import { PredictiveCoding } from "../../src/rules/predictive-coding.ts";
import type { SequenceLearner } from "../../src/rules/rule.ts";

export const SMALL_RULES = ["bsd", "backprop", "backprop-ann", "predictive-coding", "dll"] as const;
export type SmallRule = (typeof SMALL_RULES)[number];

export interface SmallLearnerOptions {
  readonly rule: SmallRule;
  readonly kind: "symbols" | "values";
  readonly hidden: readonly number[];
  readonly window: number;
  readonly rows: number;
  /** Of the spiking nets' neurons; low ones fire at most steps. Default 0.6. */
  readonly threshold?: number;
  readonly norm?: boolean;
  readonly threads?: number;
}

const INPUTS = 11;
/** Rows of values have another width above than below. */
const TARGETS = { symbols: INPUTS, values: 2 } as const;
const LENGTH = 400;

export interface SmallLearner {
  readonly team: Team;
  readonly learner: SequenceLearner;
  readonly set: SequenceSet;
}

/** Close the team when done. */
export async function smallLearner(options: SmallLearnerOptions): Promise<SmallLearner> {
  const { rule, kind, hidden, window, rows, threshold = 0.6, norm = true, threads = 1 } = options;
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 2048 });
  const [inputs, targets] = [
    { kind, width: INPUTS },
    { kind, width: TARGETS[kind] },
  ];
  const sizes = { inputs, targets, hidden, window, maxRows: rows, seed: 5 };
  const optimiser = { weightDecay: 0.01, clip: 1, clipScope: "stage" } as const;
  const pair = (perceptionOnly: boolean) =>
    new SequencePair(team, {
      ...{ ...sizes, steps: 4, norm, tau: 2, threshold: { perception: threshold, recall: threshold } },
      ...{ recurrentRecall: true, population: { size: 6, range: 2 }, perceptionOnly },
    });
  const net = () => new RecurrentNet(team, sizes);
  const bsd: SequenceBsdOptions = {
    ...{ centred: true, loss: "infonce", rivals: kind === "symbols" ? "masked" : "literal", block: 16 },
    ...{ temperature: 0.1, lambda: 1, weight: 1, stimulusWeight: 1, homeostasis: { weight: 0, rate: 0.1 } },
  };
  const learners: Readonly<Record<SmallRule, () => SequenceLearner>> = {
    bsd: () => new SequenceBsd(pair(false), bsd, optimiser),
    backprop: () => new SequenceBackprop(pair(true), optimiser),
    "backprop-ann": () => new AnnBackprop(net(), optimiser),
    "predictive-coding": () =>
      new PredictiveCoding(net(), { inferenceSteps: 4, inferenceLearningRate: 0.1, carry: "predicted" }, optimiser),
    dll: () => new Dll(net(), { ...dllDefaults, seed: 3 }, optimiser),
  };
  return { team, learner: learners[rule](), set: randomSet(kind) };
}

function randomSet(kind: "symbols" | "values"): SequenceSet {
  const random = new RandomStream(9, "small learner");
  const all = { from: 0, to: LENGTH - 1 };
  const parts = { train: all, validation: all, test: all };
  if (kind === "symbols") {
    const symbols = Uint16Array.from({ length: LENGTH }, () => random.below(INPUTS));
    const targets = { kind, width: INPUTS, symbols: symbols.subarray(1) } as const;
    return { name: "small", inputs: { kind, width: INPUTS, symbols }, targets, parts };
  }
  const values = new Float32Array(LENGTH * INPUTS);
  random.fillUniform(values, -1.5, 1.5);
  const wanted = new Float32Array(LENGTH * TARGETS.values);
  random.fillUniform(wanted, -1.5, 1.5);
  // Rows of mostly one value, which the kernels for such inputs could take another way.
  for (let n = 0; n < LENGTH; n += 3) values.fill(-0.25, n * INPUTS, (n + 1) * INPUTS - 1);
  const targets = { kind, width: TARGETS.values, values: wanted } as const;
  return { name: "small", inputs: { kind, width: INPUTS, values }, targets, parts };
}

/** Element `n` of a set's inputs or targets. */
export function elementOf(side: SequenceSet["inputs"], n: number): number | Float32Array {
  if (side.kind === "symbols") return side.symbols[n]!;
  return side.values.subarray(n * side.width, (n + 1) * side.width);
}

/** Steps that give norms statistics and weights something to say. */
export function trainABit({ learner, set }: SmallLearner, steps = 3): void {
  const { window, maxRows } = learner;
  const starts = Int32Array.from({ length: maxRows * steps }, (_, k) => (k * 7) % (LENGTH - 1 - window));
  for (let step = 0; step < steps; step++) {
    learner.load(set, starts, step * maxRows, maxRows);
    learner.step({ perception: 0.01, recall: 0.01 });
  }
}
