/** Which criteria a rule on a non-spiking net meets, found out by changing what it may not depend on and by watching what it sends; held against what `rules/criteria.ts` declares. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { isReal } from "../../src/nets/synapses.ts";
import type { AnnImageLearner } from "../../src/rules/ann-images.ts";
import { CounterCurrent } from "../../src/rules/ccl.ts";
import { type Criterion, criteriaOfRules } from "../../src/rules/criteria.ts";
import { annRules } from "../../src/training/config.ts";
import { CLASSES, loadImages, type RuleName, smallRule } from "../support/image-rules.ts";

type Kind = "mlp" | "cnn";
const IMAGES = 8;
const NO_RATES = { perception: 0, recall: 0 };

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

/** Gradients of the hidden stages in one step after `change`, and the outputs of the pass before it. */
function learn(rule: RuleName, kind: Kind, change: (learner: AnnImageLearner) => void) {
  // Of tanh a unit of value 0 still has a derivative.
  const learner = smallRule(team, rule, { kind, activation: "tanh" }, undefined, 4);
  change(learner);
  const labels = loadImages(learner, IMAGES);
  learner.net.forward(IMAGES, true);
  const outputs = learner.net.readout.features.view.slice();
  learner.step({ labels, counter: 0 }, NO_RATES);
  return { gradients: learner.net.hidden.map(({ group }) => group.gradients.view.slice()), outputs };
}

/** Rewrites the weights of the stage of this number. */
function rewrite(learner: AnnImageLearner, stage: number, change: (value: number, column: number) => number): void {
  const slot = [...learner.slots(false)].find(({ name }) => name === `perception.stage${stage}.weight`)!;
  const columns = slot.shape.slice(1).reduce((a, b) => a * b, 1);
  slot.write(slot.read().map((value, i) => change(value, i % columns)));
}

/** C1: a unit below the top is 0 whatever it sees; the weights that its value would go through are changed. */
function withoutTransport(rule: RuleName, kind: Kind): boolean {
  const silence = ({ net }: AnnImageLearner) => {
    const { group } = net.hidden.at(-1)!;
    group.view("gamma")[0] = 0;
    group.view("beta")[0] = 0;
  };
  const before = learn(rule, kind, silence);
  const after = learn(rule, kind, (learner) => {
    silence(learner);
    const { channels } = learner.net.hidden.at(-1)!.shape;
    rewrite(learner, 4, (value, column) => (column % channels === 0 ? value + 3 : value));
  });
  expect(after.outputs, "the pass is the same").toEqual(before.outputs);
  return String(after.gradients) === String(before.gradients);
}

/** C2: the top's weights are changed a little. */
function local(rule: RuleName, kind: Kind): boolean {
  const before = learn(rule, kind, () => {});
  const after = learn(rule, kind, (learner) => rewrite(learner, 4, (value, column) => value + 1e-3 * (column % 3)));
  expect(after.outputs).not.toEqual(before.outputs);
  return String(after.gradients) === String(before.gradients);
}

/** C3: a stage learns the same whatever the pass comes to above it. */
function onePhase(rule: RuleName, kind: Kind): boolean {
  const before = learn(rule, kind, () => {});
  return [3, 4].every((above) => {
    const after = learn(rule, kind, (learner) => rewrite(learner, above, (value) => 0.4 - value));
    expect(after.outputs).not.toEqual(before.outputs);
    const below = (gradients: Float32Array[]) => String(gradients.slice(0, above - 2));
    return below(after.gradients) === below(before.gradients);
  });
}

/** C4: what a stage of the net, or of a feedback net, reads of another is 0 or 1. The stimulus and the classes are no stage's messages. */
function binary(rule: RuleName, kind: Kind): boolean {
  const learner = smallRule(team, rule, { kind });
  const labels = loadImages(learner, IMAGES);
  learner.step({ labels, counter: 0 }, NO_RATES);
  const layers = [learner.net, ...(learner instanceof CounterCurrent ? [learner.feedback] : [])].flatMap((net) =>
    net.layers.slice(1).map((layer) => ({ layer, images: net === learner.net ? IMAGES : CLASSES })),
  );
  const sent = layers.flatMap(({ layer, images }) => {
    const { source } = layer.synapses;
    if (!isReal(source)) throw new Error(`${layer.name} reads spikes`);
    return Array.from({ length: images }, (_, b) => [
      ...new Float32Array(team.arena.memory.buffer, source.at + 4 * b * source.stride, sizeOf(source.shape)),
    ]).flat();
  });
  expect(sent.some((value) => value !== 0)).toBe(true);
  return sent.every((value) => value === 0 || value === 1);
}

/** Products of errors and weights, whose results go to other units. */
const ERROR_WEIGHTS: readonly string[] = ["linearInputGradient", "convolveInputGradient"];

/** C5: nothing that one unit is taught by and another sends it has values of both signs: errors that are carried down, or the rows of one net that the other's are compared with. */
function unsigned(rule: RuleName, kind: Kind, units: { activation?: "relu" } = {}): boolean {
  const learner = smallRule(team, rule, { kind, ...units }, undefined, 4);
  const labels = loadImages(learner, IMAGES);
  const memory = team.arena.memory.buffer;
  const taught: Float32Array[] = [];
  // Copies: rooms are used again.
  const take = (at: number, length: number) => taught.push(new Float32Array(memory, at, length).slice());
  team.startProfile((kernel, items, args) => {
    if (ERROR_WEIGHTS.includes(kernel)) take(args.out!, 16 * IMAGES);
    const { others: columns = 0, width = 0, v = 0, w = 0 } = args;
    // Stage 1 compares the stimulus with what is drawn of it: no hidden stage.
    if (kernel !== "dots" || v === learner.stimulus.at) return;
    take(v, items * width);
    take(w, columns * width);
  });
  try {
    learner.step({ labels, counter: 0 }, NO_RATES);
  } finally {
    team.startProfile();
  }
  expect(taught.length, "something is taught from elsewhere").toBeGreaterThan(0);
  const values = taught.flatMap((sent) => [...sent]);
  return !(values.some((value) => value < 0) && values.some((value) => value > 0));
}

const tests = { C1: withoutTransport, C2: local, C3: onePhase, C4: binary, C5: unsigned } as const;

describe.each(annRules)("%s", (rule) => {
  it.each(["mlp", "cnn"] as const)("%s: meets what is declared, and no more", (kind) => {
    const found = Object.entries(tests).flatMap(([criterion, meets]) => (meets(rule, kind) ? [criterion] : []));
    expect(found).toEqual(criteriaOfRules[rule].meets satisfies readonly Criterion[]);
  });

  it("signs are found where they are: rectified units of two nets send none", () => {
    expect(unsigned(rule, "mlp", { activation: "relu" })).toBe(rule === "ccl");
  });

  it("learns at all", () => {
    const { gradients, outputs } = learn(rule, "mlp", () => {});
    for (const gradient of gradients) expect(gradient.some((value) => value !== 0)).toBe(true);
    expect(outputs.length).toBeGreaterThan(CLASSES);
  });
});
