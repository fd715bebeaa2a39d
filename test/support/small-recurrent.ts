/** Small recurrent pairs and sequences to learn from; everything follows from the options and a seed. Close the team when done. */

import type { ElementKind, SequenceInputs, SequenceSet, SequenceTargets } from "../../src/data/sequence/task.ts";

import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { SequencePair, type SequencePairOptions } from "../../src/nets/sequence-pair.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { SequenceBsd, type SequenceBsdOptions } from "../../src/problems/sequence.ts";
import { SequenceBackprop } from "../../src/rules/backprop.ts";
import type { OptimiserOptions } from "../../src/rules/optimiser.ts";

export interface SmallSequenceOptions {
  readonly network?: Partial<SequencePairOptions>;
  readonly rule?: Partial<SequenceBsdOptions>;
  readonly optimiser?: Partial<OptimiserOptions>;
  readonly threads?: number;
}

export const sequenceRates = { perception: 0.01, recall: 0.01 };

const networkDefaults: SequencePairOptions = {
  hidden: [19, 17],
  steps: 4,
  norm: true,
  tau: 2,
  threshold: { perception: 0.6, recall: 0.6 },
  recurrentRecall: true,
  population: { size: 5, range: 2.5 },
  inputs: { kind: "symbols", width: 7 },
  targets: { kind: "symbols", width: 7 },
  window: 5,
  maxRows: 4,
  seed: 11,
};

const ruleDefaults: SequenceBsdOptions = {
  centred: true,
  loss: "infonce",
  rivals: "masked",
  block: 8,
  temperature: 0.2,
  lambda: 0.6,
  weight: 1,
  stimulusWeight: 1,
  homeostasis: { weight: 0, rate: 0 },
};

const teamOf = (threads = 1) => Team.create({ threads, spawn: spawnThread, maximumPages: 2048 });

export async function smallBsd({ network, rule, optimiser, threads }: SmallSequenceOptions = {}) {
  const team = await teamOf(threads);
  const pair = new SequencePair(team, { ...networkDefaults, ...network });
  const clipped = { weightDecay: 0.01, clip: 0.01, clipScope: "stage", ...optimiser } as const;
  return { team, pair, learner: new SequenceBsd(pair, { ...ruleDefaults, ...rule }, clipped) };
}

export async function smallBackprop({ network, optimiser, threads }: SmallSequenceOptions = {}) {
  const team = await teamOf(threads);
  const pair = new SequencePair(team, { ...networkDefaults, ...network, perceptionOnly: true });
  const clipped = { weightDecay: 0.01, clip: 0.01, clipScope: "stage", ...optimiser } as const;
  return { team, pair, learner: new SequenceBackprop(pair, clipped) };
}

/** `length` elements: symbols drawn at random, or standardised values (multiples of 1/64 in [-2, 2)). */
export function randomElements({ kind, width }: ElementKind, length: number, random: RandomStream): SequenceInputs {
  if (kind === "symbols") return { kind, width, symbols: Uint16Array.from({ length }, () => random.below(width)) };
  const value = () => (random.below(256) - 128) / 64;
  return { kind, width, values: Float32Array.from({ length: length * width }, value) };
}

/** A sequence of `length` elements for a pair's two ends. */
export function randomSequence(
  { inputs, targets }: { inputs: ElementKind; targets: ElementKind },
  length: number,
  seed = 3,
): SequenceSet {
  const random = new RandomStream(seed, "sequence");
  const everything = { from: 0, to: length };
  return {
    name: "random",
    inputs: randomElements(inputs, length, random),
    targets: randomElements(targets, length, random) as SequenceTargets,
    parts: { train: everything, validation: everything, test: everything },
  };
}

/** Starts of `rows` windows that do not overlap. */
export const startsOf = (rows: number, window: number): Int32Array =>
  Int32Array.from({ length: rows }, (_, b) => b * window);

export function layerNamed(pair: SequencePair, name: string): Layer {
  const found = pair.layers.find((layer) => layer.name === name);
  if (!found) throw new Error(`no layer ${name}`);
  return found;
}

export function recurrentNamed(pair: SequencePair, name: string): Layer {
  const found = layerNamed(pair, name);
  if (!found.window) throw new Error(`${name} is not recurrent`);
  return found;
}
