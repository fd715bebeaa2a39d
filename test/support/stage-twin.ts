/** One spiking stage of a pair in the tests' autodiff: what its gradients must be where those of its spikes are given. */
import { expect } from "vitest";
import type { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { NetworkPair } from "../../src/nets/pair.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { isReal, type RealInput, stepsOf } from "../../src/nets/synapses.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "./autodiff.ts";
import { grid } from "./layer-case.ts";
import { allowance, driveOf, normed, type PlainParameters, parametersOf, plainBlock } from "./plain-stack.ts";
import { drawExact, type Firing, fired, inputRows } from "./spiking-stack.ts";

/** Weights and stimuli as multiples of 1/64: drives are exact, so that equal ones tie everywhere. */
export function makeExact(pair: NetworkPair, images: number, random: RandomStream): void {
  for (const layer of pair.perception) drawExact(layer, random);
  const size = sizeOf(pair.stimulusShape);
  for (let b = 0; b < images; b++) pair.stimulus.view.set(grid(random, size, 1), b * pair.stimulusWidth);
}

/** The pair's stimulus as synapses read it. */
export function stimulusOf(pair: NetworkPair): RealInput {
  const { source } = pair.perception[0]!.synapses;
  if (!isReal(source)) throw new Error("this twin reads real stimuli");
  return source;
}

/** What a layer of the pair reads, [image][distinct step][unit], as the engine's newest pass had it. */
export function readRows(pair: NetworkPair, k: number, images: number): Float64Array {
  if (k === 0) return inputRows(pair.team, stimulusOf(pair), images);
  return spikeRows(pair.perception[k - 1]!, images);
}

/** Spikes [image][step][unit] of the newest pass. */
export function spikeRows({ output, synapses }: Layer, images: number): Float64Array {
  const { shape } = synapses;
  const units = sizeOf(shape);
  const steps = output!.steps;
  return Float64Array.from({ length: images * steps * units }, (_, i) => {
    const unit = i % units;
    const row = Math.floor(i / units);
    const pixel = Math.floor(unit / shape.channels);
    return output!.fired(Math.floor(row / steps), row % steps, pixel, unit % shape.channels) ? 1 : 0;
  });
}

/** How neurons of the pair fire. */
export const firingOf = ({ options, perception }: NetworkPair, images: number): Firing => ({
  ...{ images, steps: options.steps, tau: options.tau },
  alpha: perception[0]!.neurons!.alpha,
});

/**
 * Holds a stage's gradients, of its newest update, to those of sum(spikes * upstream) in float64.
 *
 * @param before the stage's parameters when the step began
 * @param upstream dL/ds, [image][step][unit]
 */
export function expectStage(
  pair: NetworkPair,
  k: number,
  images: number,
  before: PlainParameters,
  upstream: Float64Array,
): void {
  const layer = pair.perception[k]!;
  const seen = stepsOf(layer.synapses.source);
  const read = readRows(pair, k, images);
  const z = driveOf(layer, before, ad.variable(read), images * seen);
  const x = normed(layer, before, z);
  const { spikes, disagreement } = fired(layer, x, firingOf(pair, images), seen);
  expect(disagreement, `${layer.name} spikes`).toBeLessThan(1e-4);
  ad.backward(ad.sum(ad.multiply(spikes, ad.variable(upstream))));
  const largest = Math.max(1, ...read.map(Math.abs));
  // dL/ds itself is known to float32's rounding of a sum over classes.
  const { alpha, tau, steps } = firingOf(pair, images);
  const off = 8 * 2 ** -24 * Math.max(...upstream.map(Math.abs));
  const inherited = (off * (alpha / 2) * steps) / tau;
  const { gradients } = allowance({ parts: layer, parameters: before, z, x, read: { largest, off: 0 } }, inherited);
  let most = 0;
  for (const [block, value] of Object.entries(before)) {
    const found = plainBlock(layer.synapses, layer.group, block, "gradients");
    expect(worstGap(found, value!.gradient).gap, `${layer.name} ${block}`).toBeLessThanOrEqual(gradients);
    most = Math.max(most, ...value!.gradient.map(Math.abs));
  }
  expect(most, `${layer.name} learns`).toBeGreaterThan(1000 * gradients);
}

/** softmax of logits [rows][classes] less the one-hot labels, over the number of rows, in float64. */
export function softmaxErrors(logits: ArrayLike<number>, labels: readonly number[]): Float64Array {
  const width = logits.length / labels.length;
  const errors = new Float64Array(logits.length);
  for (const [b, label] of labels.entries()) {
    const row = Array.from({ length: width }, (_, c) => logits[b * width + c]!);
    const top = Math.max(...row);
    const powers = row.map((value) => Math.exp(value - top));
    const sum = powers.reduce((a, p) => a + p, 0);
    for (const [c, power] of powers.entries())
      errors[b * width + c] = (power / sum - (c === label ? 1 : 0)) / labels.length;
  }
  return errors;
}

/** Mean drives of the concept [image][class], as the engine's newest pass had them. */
export function logitsOf({ conceptDrive, target }: NetworkPair, images: number): Float64Array {
  const { view } = conceptDrive.features;
  return Float64Array.from(
    { length: images * target.width },
    (_, i) => view[Math.floor(i / target.width) * conceptDrive.featureWidth + (i % target.width)]!,
  );
}

/** Parameters of every layer of perception, as they are now. */
export const parametersNow = (pair: NetworkPair): PlainParameters[] =>
  pair.perception.map((layer) => parametersOf(layer));
