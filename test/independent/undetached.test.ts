/**
 * BSD whose stages are not detached, against the tests' own autodiff: one tape from both ends to the sum of all losses, nothing of a network's own held constant but its means. The
 * same tape, cut at every stage's input, is plain BSD; whatever the two networks are compared by, and whatever drives recall.
 */
import { describe, expect, test, vi } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { BsdOptions } from "../../src/learning/bsd.ts";
import { InputGradient } from "../../src/network/input-gradient.ts";
import type { Layer } from "../../src/network/layer.ts";
import type { Feature } from "../../src/network/neuron.ts";
import type { RecallPaths } from "../../src/network/pair.ts";
import { sizeOf } from "../../src/network/shape.ts";
import { stepsOf } from "../../src/network/synapses.ts";
import * as ad from "../support/autodiff.ts";
import { driveOf, normed, type PlainParameters, parametersOf, plainBlock, timeMean } from "../support/plain-stack.ts";
import { classes, randomImages, type SmallPair, smallPair } from "../support/small-pair.ts";
import { drawExact, fired, inputRows } from "../support/spiking-stack.ts";
import { firingOf, makeExact, stimulusOf } from "../support/stage-twin.ts";

const IMAGES = 6;
const TEMPERATURE = 0.1;
/** Rates so small that no weight moves, and no stage is left out. */
const STILL = { perception: 1e-30, recall: 1e-30 };
/** Rounding of float32 sums of some hundred terms through as many layers, relative to a layer's largest gradient. */
const ALLOWED = 1e-4;

type Kind = "mlp" | "cnn";

interface Small extends SmallPair {
  readonly labels: number[];
}

async function small(kind: Kind, rule: Partial<BsdOptions>, recall: RecallPaths = "chain", seed = 11): Promise<Small> {
  const built = await smallPair({
    network: { kind, seed, recall, keepDrives: true },
    rule,
    optimiser: { clip: 0, weightDecay: 0 },
  });
  const { pair } = built;
  const random = new RandomStream(seed, "undetached");
  const { labels } = randomImages(pair, IMAGES);
  makeExact(pair, IMAGES, random);
  for (const layer of pair.recall) drawExact(layer, random);
  return { ...built, labels: [...labels] };
}

const learn = ({ rule, labels }: Small) => rule.step({ labels: Uint16Array.from(labels), counter: 0 }, STILL);

/** Which tape: stages cut or not, and what the hidden stages of each network are compared by. */
interface Comparison {
  readonly detached: boolean;
  readonly perception: Feature;
  readonly recall: Feature;
}

/** How one network's pass goes on the tape. */
interface Way {
  readonly layers: readonly Layer[];
  readonly input: ad.Value;
  readonly rows: number;
  readonly detached: boolean;
  readonly feature: Feature;
  /** Whether hidden stages all read the input, instead of the stage before. */
  readonly broadcast: boolean;
}

interface Pass {
  /** Time means of what the hidden stages are compared by, and last of the read-out's drive, [row][unit], in the order of the pass. */
  readonly features: readonly ad.Value[];
  readonly parameters: readonly PlainParameters[];
}

/** One network on the tape, with the engine's spikes. */
function passOf({ pair }: SmallPair, { layers, input, rows, detached, feature, broadcast }: Way): Pass {
  const features: ad.Value[] = [];
  const parameters: PlainParameters[] = [];
  let value = input;
  for (const layer of layers) {
    const own = parametersOf(layer);
    parameters.push(own);
    const seen = stepsOf(layer.synapses.source);
    const source = broadcast && layer.output ? input : value;
    const read = detached ? ad.detach(source) : source;
    const z = driveOf(layer, own, read, rows * seen);
    const units = sizeOf(layer.synapses.shape);
    if (!layer.output) {
      features.push(timeMean(z, seen, units));
      continue;
    }
    const x = normed(layer, own, z);
    const { spikes, membranes, disagreement } = fired(layer, x, firingOf(pair, rows), seen);
    expect(disagreement, `${layer.name} spikes`).toBeLessThan(1e-4);
    value = spikes;
    const { steps } = pair.options;
    features.push(
      feature === "drive" ? timeMean(x, seen, units) : timeMean(feature === "rate" ? spikes : membranes, steps, units),
    );
  }
  return { features, parameters };
}

/** Rows less their mean, which is a constant. */
function centred(x: ad.Value, rows: number): ad.Value {
  const width = x.values.length / rows;
  const mean = ad.affine(
    ad.gatherSums(x, width, (i) => i % width),
    1 / rows,
  );
  return ad.subtract(x, ad.detach(ad.gather(mean, x.values.length, (i) => i % width)));
}

/** InfoNCE of centred rows v (an image each) and w (a class each). */
function infonce(v: ad.Value, w: ad.Value, labels: readonly number[]): ad.Value {
  const width = v.values.length / labels.length;
  const [a, c] = [centred(v, labels.length), centred(w, classes)];
  const length = labels.length * classes;
  const inverse = (x: ad.Value, rows: number, index: (i: number) => number) =>
    ad.gather(ad.inverseRoot(ad.gatherSums(ad.multiply(x, x), rows, (i) => Math.floor(i / width))), length, index);
  const cosines = ad.multiply(
    ad.multiply(
      ad.products(a, c, width),
      inverse(a, labels.length, (i) => Math.floor(i / classes)),
    ),
    inverse(c, classes, (i) => i % classes),
  );
  return ad.affine(ad.crossEntropy(ad.affine(cosines, 1 / TEMPERATURE), labels), 1 / labels.length);
}

/** Both networks on the tape, gone back from the sum of their losses. */
function tape(built: Small, { detached, perception, recall }: Comparison) {
  const { pair, team, labels } = built;
  const stimulus = ad.variable(inputRows(team, stimulusOf(pair), IMAGES));
  const concepts = Float64Array.from({ length: classes ** 2 }, (_, i) => (i % (classes + 1) === 0 ? 1 : 0));
  const up = passOf(built, {
    ...{ layers: pair.perception, input: stimulus, rows: IMAGES },
    ...{ detached, feature: perception, broadcast: false },
  });
  const down = passOf(built, {
    ...{ layers: pair.recall.toReversed(), input: ad.variable(concepts), rows: classes },
    ...{ detached, feature: recall, broadcast: pair.options.recall === "broadcast" },
  });
  const recalled = down.features.toReversed();
  const losses = [stimulus, ...up.features.slice(0, -1)].map((v, k) => infonce(v, recalled[k]!, labels));
  losses.push(ad.affine(ad.crossEntropy(up.features.at(-1)!, labels), 1 / IMAGES));
  ad.backward(losses.reduce((sum, loss) => ad.add(sum, loss)));
  return {
    losses: losses.map(({ values }) => values[0]!),
    parameters: [...up.parameters, ...down.parameters.toReversed()],
  };
}

/** Largest gap of an engine's gradients to the tape's, relative to each layer's largest. */
function worst({ pair }: Small, parameters: readonly PlainParameters[]): number {
  let most = 0;
  for (const [k, layer] of pair.layers.entries()) {
    const blocks = Object.entries(parameters[k]!);
    const scale = Math.max(...blocks.flatMap(([, value]) => [...value!.gradient].map(Math.abs)));
    expect(scale, `${layer.name} has a gradient`).toBeGreaterThan(1e-6);
    for (const [block, value] of blocks) {
      const found = plainBlock(layer.synapses, layer.group, block, "gradients");
      for (const [i, own] of found.entries()) most = Math.max(most, Math.abs(own - value!.gradient[i]!) / scale);
    }
  }
  return most;
}

/** A step has the losses and gradients of one tape, and not of another, so that the tape can tell. */
function expectTape(built: Small, comparison: Comparison, other: Comparison): void {
  const report = learn(built);
  const { losses, parameters } = tape(built, comparison);
  for (const [k, loss] of losses.entries()) expect(report.stageLosses[k], `stage ${k + 1}`).toBeCloseTo(loss, 5);
  expect(worst(built, parameters)).toBeLessThan(ALLOWED);
  expect(worst(built, tape(built, other).parameters)).toBeGreaterThan(100 * ALLOWED);
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test.each([false, true])("detached %s: gradients of all weights, biases and norms", async (detached) => {
    const built = await small(kind, { detached });
    try {
      const rates = { perception: "rate", recall: "rate" } as const;
      expectTape(built, { detached, ...rates }, { detached: !detached, ...rates });
    } finally {
      await built.team.close();
    }
  });

  test.each([
    ["rate", "drive", "chain", true],
    ["rate", "membrane", "chain", true],
    ["membrane", "rate", "chain", true],
    ["rate", "rate", "broadcast", true],
    ["rate", "drive", "broadcast", true],
    ["rate", "membrane", "broadcast", true],
    ["rate", "drive", "chain", false],
    ["rate", "membrane", "chain", false],
    ["drive", "membrane", "chain", false],
  ] as const)("perception's %s against recall's %s, %s, detached %s", async (features, against, recall, detached) => {
    const built = await small(kind, { features, recallFeatures: against, detached }, recall);
    try {
      const comparison = { detached, perception: features, recall: against };
      expectTape(built, comparison, { ...comparison, recall: against === "drive" ? "rate" : "drive" });
    } finally {
      await built.team.close();
    }
  });

  test("with nothing handed down it is BSD", async () => {
    const plain = await small(kind, { detached: true });
    const cut = await small(kind, { detached: false });
    const memory = cut.team.arena.memory;
    const spy = vi.spyOn(InputGradient.prototype, "run").mockImplementation(function (
      this: InputGradient,
      images,
      _workspace,
      steps,
      out,
    ) {
      new Float32Array(memory.buffer, out, this.floats(images, steps)).fill(0);
    });
    try {
      const reports = [learn(plain), learn(cut)];
      expect(reports[1]).toEqual(reports[0]);
      // A layer above, and one in recall: every stage but the lowest of each network handed something down.
      expect(spy.mock.calls.length).toBe(2 * plain.pair.options.hidden.length);
      for (const [k, { group, name }] of cut.pair.layers.entries()) {
        const other = plain.pair.layers[k]!.group.gradients.view;
        const scale = Math.max(...other.map(Math.abs));
        const gap = Math.max(...group.gradients.view.map((value, i) => Math.abs(value - other[i]!)));
        // The norm's gradient is ended in another kernel, in another order.
        expect(gap / scale, name).toBeLessThan(1e-6);
      }
    } finally {
      spy.mockRestore();
      await plain.team.close();
      await cut.team.close();
    }
  });
});
