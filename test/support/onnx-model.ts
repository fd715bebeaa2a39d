/** Models whose arithmetic is exact, and what of their runs exported graphs are held against. */
import { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { Model } from "../../src/nets/model.ts";
import type { NetworkOptions, RecallPaths } from "../../src/nets/pair.ts";
import type { Population } from "../../src/nets/population.ts";
import { pixelsOf, type Shape } from "../../src/nets/shape.ts";
import { grid } from "./layer-case.ts";

export interface ExactCase {
  readonly kind: "mlp" | "cnn";
  readonly shape: Shape;
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly steps: number;
  readonly norm: boolean;
  /** A power of two, so that membranes are exact. */
  readonly tau: number;
  readonly thresholds: { readonly perception: number; readonly recall: number; readonly concept: number };
  readonly stimulus: NetworkOptions["stimulus"];
  readonly target: NetworkOptions["target"];
  readonly recall: RecallPaths;
  readonly images: number;
  readonly seed: number;
}

export interface ExactModel {
  readonly model: Model;
  /** [image][H][W][C]: as the engine loads them. */
  readonly pixels: Uint8Array;
}

/**
 * A model on whose inputs no sum is rounded, in whatever order it is added up: weights are multiples of 1/64, norms scale by 1.5 or 0.75 of either sign, stimuli are whole numbers (direct
 * coding; deviation 1/255, mean 0) or spikes. Its spikes must then be any right implementation's, also where a membrane is equal to its threshold.
 */
export function exactModel(team: Team, c: ExactCase): ExactModel {
  const random = new RandomStream(c.seed, "exact model");
  const { shape, classes, images } = c;
  const network: NetworkOptions = {
    ...{ kind: c.kind, hidden: c.hidden, steps: c.steps, norm: c.norm, tau: c.tau },
    ...{ threshold: c.thresholds, stimulus: c.stimulus, target: c.target, targetSize: 0, recall: c.recall },
  };
  const statistics = { mean: Array<number>(shape.channels).fill(0), std: Array<number>(shape.channels).fill(1 / 255) };
  const classNames = Array.from({ length: classes }, (_, k) => `class ${k}`);
  const model = new Model(
    team,
    { network, seed: 1, maxImages: images },
    { name: "exact", shape, classNames, statistics },
  );
  for (const layer of model.pair.layers) makeExact(layer, random);
  const most = c.stimulus === "direct" ? 7 : 256;
  const pixels = Uint8Array.from({ length: images * shape.height * shape.width * shape.channels }, () =>
    random.below(most),
  );
  return { model, pixels };
}

/** Norms have a shift whose two terms have one sign: nothing cancels. */
function makeExact({ group, synapses, norm }: Layer, random: RandomStream): void {
  const draw = (length: number, bound: number) => grid(random, length, bound);
  const length = (block: string) => synapses.plainShape(block).reduce((a, b) => a * b, 1);
  synapses.pack("weight", draw(length("weight"), 0.5), group.view("weight"));
  const { channels } = synapses.shape;
  const signs = Float32Array.from({ length: channels }, () => (random.below(2) === 0 ? 1 : -1));
  if (group.has("bias")) {
    const bias = draw(length("bias"), 0.5).map((b, i) => (norm.enabled ? Math.abs(b) * signs[i % channels]! : b));
    synapses.pack("bias", bias, group.view("bias"));
  }
  if (!norm.enabled) return;
  const up = Float32Array.from({ length: channels }, () => (random.below(2) === 0 ? 1 : -1));
  group.view("beta").set(draw(channels, 0.5).map((b, k) => Math.abs(b) * up[k]!));
  group.view("gamma").set(signs.map((s, k) => s * up[k]! * (random.below(2) === 0 ? 1.5 : 0.75)));
  norm.runningMean.view.set(draw(channels, 0.5).map((m, k) => -Math.abs(m) * signs[k]!));
  // So that sqrt(variance + epsilon) is 1 to single precision.
  norm.runningVariance.view.fill(1 - 1e-5, 0, channels);
}

/** [image][pixel][channel] to [image][channel][pixel]. */
export function channelsFirst(values: ArrayLike<number>, images: number, shape: Shape): Float32Array {
  const pixels = pixelsOf(shape);
  const { channels } = shape;
  const size = pixels * channels;
  return Float32Array.from({ length: images * size }, (_, i) => {
    const [image, at] = [Math.floor(i / size), i % size];
    return values[image * size + (at % pixels) * channels + Math.floor(at / pixels)]!;
  });
}

/** A population's spikes as [image][step][channel][pixel]. */
export function spikesOf(population: Population, images: number): Float32Array {
  const { shape, steps } = population;
  const pixels = pixelsOf(shape);
  const out = new Float32Array(images * steps * pixels * shape.channels);
  let at = 0;
  for (let image = 0; image < images; image++)
    for (let t = 0; t < steps; t++)
      for (let c = 0; c < shape.channels; c++)
        for (let p = 0; p < pixels; p++) out[at++] = population.fired(image, t, p, c) ? 1 : 0;
  return out;
}

/** Spikes of every hidden stage by the names the graphs give them. */
export function stageSpikes(layers: readonly Layer[], images: number): Record<string, Float32Array> {
  return Object.fromEntries(
    layers.flatMap(({ name, output }) => (output ? [[`${name.split(".")[1]}.spikes`, spikesOf(output, images)]] : [])),
  );
}
