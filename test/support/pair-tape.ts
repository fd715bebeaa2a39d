/**
 * Both networks of a small pair under BSD on one tape of the tests' own autodiff, with the engine's spikes: stages cut from each other or not, whatever they are compared by, whatever drives recall and
 * whatever carries perception's errors.
 */
import { expect } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { Feature } from "../../src/nets/neuron.ts";
import type { RecallPaths } from "../../src/nets/pair.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { stepsOf } from "../../src/nets/synapses.ts";
import type { BsdOptions } from "../../src/problems/classify.ts";
import * as ad from "./autodiff.ts";
import { driveOf, normed, type PlainParameters, parametersOf, plainBlock, timeMean } from "./plain-stack.ts";
import { classes, randomImages, type SmallPair, smallPair } from "./small-pair.ts";
import { drawExact, fired, inputRows } from "./spiking-stack.ts";
import { firingOf, makeExact, stimulusOf } from "./stage-twin.ts";

const IMAGES = 6;
const TEMPERATURE = 0.1;
/** Rates so small that no weight moves, and no stage is left out. */
const STILL = { perception: 1e-30, recall: 1e-30 };
/** Rounding of float32 sums of some hundred terms through as many layers, relative to a layer's largest gradient. */
export const ALLOWED = 1e-4;

export type Kind = "mlp" | "cnn";

export interface Small extends SmallPair {
  readonly labels: number[];
}

export async function small(
  kind: Kind,
  rule: Partial<BsdOptions>,
  recall: RecallPaths = "chain",
  seed = 11,
): Promise<Small> {
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

export const learn = ({ rule, labels }: Small) => rule.step({ labels: Uint16Array.from(labels), counter: 0 }, STILL);

/** Which tape: whether each network's stages are cut, and what its hidden stages are compared by. */
export interface Comparison {
  readonly detached: boolean | { readonly perception: boolean; readonly recall: boolean };
  readonly perception: Feature;
  readonly recall: Feature;
  /** What carries perception's errors down into its stages from the second on, in place of the transposes. */
  readonly errorWeights?: readonly ad.Value[];
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
  /** See `Comparison`. */
  readonly errorWeights?: readonly ad.Value[] | undefined;
}

interface Pass {
  /** Time means of what the hidden stages are compared by, and last of the read-out's drive, [row][unit], in the order of the pass. */
  readonly features: readonly ad.Value[];
  readonly parameters: readonly PlainParameters[];
}

/** One network on the tape, with the engine's spikes. */
function passOf({ pair }: SmallPair, { layers, input, rows, detached, feature, broadcast, errorWeights }: Way): Pass {
  const features: ad.Value[] = [];
  const parameters: PlainParameters[] = [];
  let value = input;
  for (const [k, layer] of layers.entries()) {
    const own = parametersOf(layer);
    parameters.push(own);
    const seen = stepsOf(layer.synapses.source);
    const source = broadcast && layer.output ? input : value;
    const carrier = detached ? undefined : errorWeights?.[k - 1];
    const read = detached || carrier ? ad.detach(source) : source;
    let z = driveOf(layer, own, read, rows * seen);
    if (carrier) {
      // Adds nothing, and has the gradient of a product with the carrier.
      const back = driveOf(layer, { weight: carrier }, source, rows * seen);
      z = ad.add(z, ad.subtract(back, ad.detach(back)));
    }
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

/**
 * Both networks on the tape, gone back from the sum of their losses.
 *
 * @param of stages whose losses count, from 1. Default all
 */
export function tape(built: Small, { detached, perception, recall, errorWeights }: Comparison, of?: readonly number[]) {
  const cut = typeof detached === "boolean" ? { perception: detached, recall: detached } : detached;
  const { pair, team, labels } = built;
  const stimulus = ad.variable(inputRows(team, stimulusOf(pair), IMAGES));
  const concepts = Float64Array.from({ length: classes ** 2 }, (_, i) => (i % (classes + 1) === 0 ? 1 : 0));
  const up = passOf(built, {
    ...{ layers: pair.perception, input: stimulus, rows: IMAGES },
    ...{ detached: cut.perception, feature: perception, broadcast: false, errorWeights },
  });
  const down = passOf(built, {
    ...{ layers: pair.recall.toReversed(), input: ad.variable(concepts), rows: classes },
    ...{ detached: cut.recall, feature: recall, broadcast: pair.options.recall === "broadcast" },
  });
  const recalled = down.features.toReversed();
  const losses = [stimulus, ...up.features.slice(0, -1)].map((v, k) => infonce(v, recalled[k]!, labels));
  losses.push(ad.affine(ad.crossEntropy(up.features.at(-1)!, labels), 1 / IMAGES));
  const counted = losses.filter((_, k) => of?.includes(k + 1) ?? true);
  ad.backward(counted.reduce((sum, loss) => ad.add(sum, loss)));
  return {
    losses: losses.map(({ values }) => values[0]!),
    parameters: [...up.parameters, ...down.parameters.toReversed()],
  };
}

/** Gradients of a layer's blocks, in plain order. */
export type PlainGradients = Partial<Record<keyof PlainParameters, Pick<ad.Value, "gradient">>>;

/** Largest gap of an engine's gradients to the tape's, relative to each layer's largest. */
export function worst({ pair }: SmallPair, parameters: readonly PlainGradients[]): number {
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
