/** A step of an autoencoder follows from its state and the loaded images alone: not from what larger batches and drawings before it left in memory. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { AutoencoderPair } from "../../src/nets/autoencoder-pair.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { AutoencoderBackprop, AutoencoderBsd, annAutoencoder } from "../../src/problems/autoencode-learners.ts";
import type { AutoencoderLearner } from "../../src/rules/rule.ts";
import { loadPatterns, SMALL_IMAGE } from "../support/backprop-autoencoder.ts";
import { autoencoderRule } from "../support/small-autoencoder.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

const RATES = { perception: 0.01, recall: 0.01 };
const OPTIMISER = { weightDecay: 0.01, clip: 1, clipScope: "stage" } as const;
const MAX_IMAGES = 12;

type Rule = "bsd" | "bsd by frequency" | "backprop" | "backprop-ann";

function learnerOf(rule: Rule, kind: "mlp" | "cnn"): AutoencoderLearner {
  const hidden = kind === "mlp" ? [40] : [6, 18];
  const shape = { kind, image: SMALL_IMAGE, hidden, latent: 12, norm: true, maxImages: MAX_IMAGES, seed: 1 };
  if (rule === "backprop-ann") return new AutoencoderBackprop(annAutoencoder(team, shape), OPTIMISER);
  const spiking = { ...shape, steps: 4, tau: 2, threshold: { perception: 0.6, recall: 0.6 } };
  const backprop = rule === "backprop";
  const pair = new AutoencoderPair(team, {
    ...spiking,
    ...(backprop ? { networks: "perception", keepDrives: true } : {}),
  });
  const frequency = { ...autoencoderRule.frequency, on: rule === "bsd by frequency" };
  const learner = backprop
    ? new AutoencoderBackprop(pair, OPTIMISER)
    : new AutoencoderBsd(pair, { ...autoencoderRule, frequency }, OPTIMISER);
  layersOf.set(learner, pair.layers);
  return learner;
}

/** Layers of the spiking learners. */
const layersOf = new Map<AutoencoderLearner, readonly Layer[]>();

/** Overwrites what a layer keeps of a batch. */
function spoil({ synapses, workspace, norm, group }: Layer): void {
  const { drives } = synapses.workspace(MAX_IMAGES);
  const { buffer } = team.arena.memory;
  for (const at of [workspace.z, workspace.g]) new Float32Array(buffer, at, drives).fill(Number.NaN);
  for (const { view } of [norm.moments, norm.sums, group.gradients]) view.fill(Number.NaN);
}

/** Everything a learner keeps from step to step. */
function state(learner: AutoencoderLearner): Map<string, Float32Array> {
  return new Map([...learner.slots(true)].map((slot) => [slot.name, slot.read()]));
}

/** Names of tensors that are not the same, bit for bit: shorter to read than what stands in them. */
function differing(one: AutoencoderLearner, other: AutoencoderLearner): string[] {
  const tensors = state(other);
  return [...state(one)]
    .filter(([name, tensor]) => !bytesOf(tensor).equals(bytesOf(tensors.get(name)!)))
    .map(([name]) => name);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What a checkpoint takes from one learner to the next. */
function hand(from: AutoencoderLearner, to: AutoencoderLearner): void {
  const saved = state(from);
  for (const slot of to.slots(true)) slot.write(saved.get(slot.name)!);
  to.optimiser.steps = from.optimiser.steps;
}

const cases = (["bsd", "bsd by frequency", "backprop", "backprop-ann"] as const).flatMap((rule) =>
  (["mlp", "cnn"] as const).map((kind) => ({ rule, kind })),
);

describe.each(cases)("$rule, $kind", ({ rule, kind }) => {
  test("a full batch, fewer images, drawings, a full batch: each step is the one of new memory", () => {
    const used = learnerOf(rule, kind);
    for (const [k, images] of [MAX_IMAGES, 7, 1 + MAX_IMAGES / 2, MAX_IMAGES].entries()) {
      const fresh = learnerOf(rule, kind);
      hand(used, fresh);
      for (const learner of [used, fresh]) loadPatterns(learner, images, 20 + k);
      expect(used.step(images, RATES)).toEqual(fresh.step(images, RATES));
      expect(differing(used, fresh)).toEqual([]);
      // Validation images, as at an epoch's end: more of them, and no gradient after.
      loadPatterns(used, MAX_IMAGES, 50 + k);
      for (const by of used.reconstructors) used.reconstruct(MAX_IMAGES, by);
    }
  });
});

describe.each(cases.filter(({ rule }) => rule !== "backprop-ann"))("$rule, $kind", ({ rule, kind }) => {
  test("drives, their gradients and chunk sums of the batch before may be no numbers at all", () => {
    const learner = learnerOf(rule, kind);
    loadPatterns(learner, MAX_IMAGES);
    learner.step(MAX_IMAGES, RATES);
    const twin = learnerOf(rule, kind);
    hand(learner, twin);
    for (const layer of layersOf.get(learner)!) spoil(layer);
    for (const each of [learner, twin]) loadPatterns(each, 7);
    expect(learner.step(7, RATES)).toEqual(twin.step(7, RATES));
    expect(differing(learner, twin)).toEqual([]);
  });
});
