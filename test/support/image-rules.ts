/** Small non-spiking nets of images under each of the rivals' rules, batches for them, and their twin in the tests' autodiff. */
import { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import type { AnnLayer } from "../../src/nets/dense.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import type { Activation } from "../../src/nets/spec.ts";
import { type AnnImageLearner, type AnnImageNetOptions, annImageNet } from "../../src/rules/ann-images.ts";
import { ImageAnnBackprop } from "../../src/rules/backprop.ts";
import { AnnBsd } from "../../src/rules/bsd-ann.ts";
import { CounterCurrent, counterCurrentDefaults } from "../../src/rules/ccl.ts";
import { ImageDll, imageDllDefaults } from "../../src/rules/dll.ts";
import type { OptimiserOptions } from "../../src/rules/optimiser.ts";
import { ImagePredictiveCoding } from "../../src/rules/predictive-coding.ts";
import { defaults } from "../../src/training/config.ts";
import * as ad from "./autodiff.ts";
import { driveOf, normed, type Parts, type PlainParameters, parametersOf, plainBlock } from "./plain-stack.ts";

export const RULES = ["backprop-ann", "dll", "predictive-coding", "ccl", "bsd-ann"] as const;
export type RuleName = (typeof RULES)[number];

export const CLASSES = 5;
export const PLAIN_OPTIMISER: OptimiserOptions = { weightDecay: 0, clip: 0, clipScope: "stage" };

export type Small = Partial<AnnImageNetOptions> & { readonly kind: "mlp" | "cnn" };

/** Nets whose widths fill no tile, or one and a bit. */
export function smallOptions(small: Small): AnnImageNetOptions {
  const shapes =
    small.kind === "mlp"
      ? { image: { height: 4, width: 3, channels: 2 }, hidden: [18, 7] }
      : { image: { height: 8, width: 4, channels: 2 }, hidden: [5, 17] };
  return { ...shapes, classes: CLASSES, norm: true, maxImages: 12, seed: 1, ...small };
}

/** @param steps of inference, for predictive coding */
export function smallRule(
  team: Team,
  rule: RuleName,
  small: Small,
  optimiser: OptimiserOptions = PLAIN_OPTIMISER,
  steps = 12,
): AnnImageLearner {
  const image = annImageNet(team, smallOptions(small), rule);
  if (rule === "backprop-ann") return new ImageAnnBackprop(image, optimiser);
  if (rule === "dll") return new ImageDll(image, imageDllDefaults, optimiser);
  if (rule === "ccl") return new CounterCurrent(image, counterCurrentDefaults, optimiser);
  if (rule === "bsd-ann") return new AnnBsd(image, defaults.rule, optimiser);
  return new ImagePredictiveCoding(image, { inferenceSteps: steps, inferenceLearningRate: 0.1 }, optimiser);
}

/** Loads images of a pattern a class with some noise; row padding is 0. Returns their labels. */
export function loadImages({ stimulus, stimulusWidth, options }: AnnImageLearner, images: number, seed = 7) {
  const size = sizeOf(options.image);
  const patterns = new Float32Array(CLASSES * size);
  new RandomStream(3, "patterns").fillUniform(patterns, -1.5, 1.5);
  const random = new RandomStream(seed, "images");
  const labels = Uint16Array.from({ length: images }, () => random.below(CLASSES));
  for (let b = 0; b < images; b++) {
    for (let i = 0; i < size; i++)
      stimulus.view[b * stimulusWidth + i] = patterns[labels[b]! * size + i]! + 0.8 * (random.uniform() - 0.5);
  }
  return labels;
}

/** The loaded images as a constant, [image][size]. */
export function imagesOf({ stimulus, stimulusWidth, options }: AnnImageLearner, images: number): ad.Value {
  const size = sizeOf(options.image);
  return ad.variable(
    Float64Array.from(
      { length: images * size },
      (_, i) => stimulus.view[Math.floor(i / size) * stimulusWidth + (i % size)]!,
    ),
  );
}

export function activated(x: ad.Value, activation: Activation): ad.Value {
  if (activation === "tanh") return ad.tanh(x);
  if (activation === "elu") return ad.exponentialLinear(x);
  return ad.gated(x, (i) => x.values[i]! > 0);
}

/** A layer's parameters, and y of what it reads, by the batch's own statistics. */
export interface PlainLayer {
  readonly parts: Parts;
  readonly parameters: PlainParameters;
  readonly drive: (x: ad.Value, rows: number) => ad.Value;
  readonly units: (z: ad.Value) => ad.Value;
}

/** @param below shape of what the layer reads, before it is upsampled on the way */
export function plainLayer(layer: AnnLayer | Layer, activation: Activation | "none", below?: Parts["below"]) {
  const { name, synapses, group } = layer;
  const parts: Parts = { name, synapses, group, ...(below ? { below } : {}) };
  const parameters = parametersOf(parts);
  return {
    parts,
    parameters,
    drive: (x: ad.Value, rows: number) => driveOf(parts, parameters, x, rows),
    units: (z: ad.Value) => (activation === "none" ? z : activated(normed(parts, parameters, z), activation)),
  } satisfies PlainLayer;
}

/** The net's layers, in the order of the forward pass. */
export function plainNet({ net }: AnnImageLearner, activation: Activation): PlainLayer[] {
  return net.layers.map((layer) => plainLayer(layer, layer === net.readout ? "none" : activation));
}

/** The engine's gradient of a block, in plain order. */
export const gradientOf = ({ synapses, group }: Pick<Layer, "synapses" | "group">, block: string): Float32Array =>
  plainBlock(synapses, group, block, "gradients");

export const CASES = (["mlp", "cnn"] as const).flatMap((kind) =>
  [true, false].map((norm) => ({ kind, norm, name: `${kind}${norm ? ", norm" : ""}` })),
);
