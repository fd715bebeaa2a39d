/** The specs of the pairs that configurations describe: nets that name images, autoencoders, and nets for sequences. */
import { BispikeError } from "../errors.ts";
import type { NetworkOptions, PairOptions } from "./pair.ts";
import { describeShape, flat, type Shape, sizeOf } from "./shape.ts";
import { type Activation, type Connections, chain, dense, type HiddenSpec, mirror, type PairSpec } from "./spec.ts";

/**
 * Of one-hot inputs one is active at a time, so `fanIn` inputs are not summed but chosen from: their weights start within this, as large as the recurrent drive beside them. Measured on next
 * characters of Alice, 4 epochs: 0.12 (1 / sqrt of the alphabet) 41.5 % by BSD and 44.8 by backprop, 1 43.2 and 46.7.
 */
const SYMBOL_BOUND = 1;

const NAMES = { perception: "perception", recall: "recall" } as const;

/** The frame images are put in: a cnn halves its sides at every stage, so they are padded to a multiple of that. */
export function paddedShape(kind: "mlp" | "cnn", stages: number, image: Shape): Shape {
  if (kind === "mlp") return image;
  const unit = 2 ** stages;
  const up = (side: number) => Math.ceil(side / unit) * unit;
  return { height: up(image.height), width: up(image.width), channels: image.channels };
}

/** The stimulus of a net of images: the frame (cnn), or flat (mlp). */
export function stimulusShape({ kind, image }: { kind: "mlp" | "cnn"; image: Shape }): Shape {
  return kind === "mlp" ? flat(sizeOf(image)) : image;
}

/** Fully connected stages, or 3x3 convolutions with 2x2 max-pooling; then a read-out of `width` outputs. */
function classifier(kind: "mlp" | "cnn", hidden: readonly number[], width: number): Connections[] {
  const stages =
    kind === "mlp" ? dense(hidden) : hidden.map((channels) => ({ kind: "conv", channels, pool: true }) as const);
  return [...stages, ...dense([width])];
}

type ClassifierOptions = Pick<NetworkOptions, "kind" | "hidden" | "steps" | "norm" | "tau" | "threshold" | "recall"> &
  Pick<PairOptions, "image" | "pool" | "pooling">;

/** Perception from an image to a target code of `width` neurons, and recall back. */
export function classifierSpec(options: ClassifierOptions, width: number): PairSpec {
  const { kind, hidden, steps, norm, tau, threshold, pool = 0, pooling = "mean", recall: paths = "chain" } = options;
  const stimulus = stimulusShape(options);
  const lif = (side: "perception" | "recall") => ({ kind: "lif", tau, threshold: threshold[side] }) as const;
  const cells = kind === "cnn" && pool > 0 ? { cells: { side: pool, pooling } } : {};
  const common: HiddenSpec = { norm: norm ? "batch" : "none", units: lif("perception"), ...cells };
  const perception = chain(stimulus, classifier(kind, hidden, width), common);
  const recall = mirror(perception, { stimulus, units: lif("recall"), paths });
  return { steps, names: NAMES, stimulus, perception, recall };
}

/** A net of units that do not spike, and the feedback net that some rules learn beside it. */
export function annSpec(
  stimulus: Shape,
  connections: readonly Connections[],
  { norm, activation = "relu" }: { readonly norm: boolean; readonly activation?: Activation },
): PairSpec {
  const units = { kind: activation };
  const perception = chain(stimulus, connections, { norm: norm ? "batch" : "none", units });
  const recall = mirror(perception, { stimulus, units });
  return { steps: 1, names: { perception: "perception", recall: "feedback" }, stimulus, perception, recall };
}

/** Perception of a `classifierSpec`, of units that do not spike. */
export function annClassifierSpec(
  options: Pick<ClassifierOptions, "kind" | "hidden" | "image" | "norm"> & {
    readonly classes: number;
    readonly activation: Activation;
  },
): PairSpec {
  const { kind, hidden, classes } = options;
  return annSpec(stimulusShape(options), classifier(kind, hidden, classes), options);
}

/** What an autoencoder looks like; the YAML section `network` of task autoencode. */
export interface AutoencoderShape {
  /** mlp: fully connected stages. cnn: 3x3 convolutions of stride 2 down to the latent and, mirrored, nearest upsampling with 3x3 convolutions back. */
  readonly kind: "mlp" | "cnn";
  /** Neurons (mlp) or channels (cnn) of the stages between image and latent. */
  readonly hidden: readonly number[];
  /** Neurons of the latent. */
  readonly latent: number;
}

/**
 * The frame images are put in: a cnn halves its sides at every stage between image and latent, so they are padded to a multiple of that.
 *
 * @example
 * autoencoderFrame({ kind: "cnn", hidden: [16, 32, 64], latent: 64 }, { height: 28, width: 28, channels: 1 }); // 32 x 32
 */
export function autoencoderFrame(network: AutoencoderShape, image: Shape): Shape {
  return paddedShape(network.kind, network.hidden.length, image);
}

/**
 * Connections of an autoencoder's layers, from the image through the latent and back to the image:
 *
 *   image -> hidden[0] -> ... -> hidden[K - 1] -> latent -> hidden[K - 1] -> ... -> hidden[0] -> image
 *
 * @throws BispikeError "shape" where a cnn's frame cannot be halved as often as there are convolutions
 */
function autoencoder({ kind, hidden, latent }: AutoencoderShape, image: Shape): Connections[] {
  if (kind === "mlp") return dense([...hidden, latent, ...hidden.toReversed(), sizeOf(image)]);
  const unit = 2 ** hidden.length;
  if (image.height % unit !== 0 || image.width % unit !== 0) {
    throw new BispikeError(
      "shape",
      `an autoencoder of ${hidden.length} convolutions halves its image as often: expected sides divisible by ${unit}, got ${describeShape(image)}`,
    );
  }
  const halved = hidden.map((channels) => ({ kind: "conv", channels, stride: 2 }) as const);
  const [deepest, ...wider] = hidden.toReversed();
  if (deepest === undefined) return [...dense([latent]), { kind: "linear", shape: image }];
  const plane = { height: image.height / unit, width: image.width / unit, channels: deepest };
  const doubled = wider.map((channels) => ({ kind: "conv", channels, upsample: true }) as const);
  const drawn = { kind: "conv", channels: image.channels, upsample: true, averaged: true } as const;
  return [...halved, ...dense([latent]), { kind: "linear", shape: plane }, ...doubled, drawn];
}

/**
 * Shapes of the hidden stages in the order a stimulus goes through them: into the latent (index `hidden.length`) and out again. `image`: the frame.
 *
 * @throws BispikeError "shape" where a cnn's frame cannot be halved as often as there are convolutions
 * @example
 * autoencoderShapes({ kind: "mlp", hidden: [256], latent: 64 }, image).map(({ channels }) => channels); // 256, 64, 256
 */
export function autoencoderShapes(network: AutoencoderShape, image: Shape): Shape[] {
  const hidden = { norm: "none", units: { kind: "relu" } } as const;
  const layers = chain(stimulusShape({ ...network, image }), autoencoder(network, image), hidden);
  return layers.slice(0, -1).map(({ shape }) => shape);
}

/**
 * Two spiking autoencoders that share an image, the stimulus of one and the target of the other.
 *
 * @throws BispikeError "shape" where a cnn's frame cannot be halved as often as there are convolutions
 */
export function autoencoderSpec(
  options: AutoencoderShape &
    Pick<NetworkOptions, "steps" | "norm" | "tau"> & {
      readonly image: Shape;
      readonly threshold: { readonly perception: number; readonly recall: number };
    },
): PairSpec {
  const { image, steps, norm, tau, threshold } = options;
  const stimulus = stimulusShape(options);
  const lif = (side: "perception" | "recall") => ({ kind: "lif", tau, threshold: threshold[side] }) as const;
  const hidden: HiddenSpec = { norm: norm ? "batch" : "none", units: lif("perception") };
  const perception = chain(stimulus, autoencoder(options, image), hidden);
  const recall = mirror(perception, { stimulus, units: lif("recall"), averaged: true });
  return { steps, names: NAMES, stimulus, perception, recall };
}

/** Perception of an `autoencoderSpec`, of units that do not spike. */
export function annAutoencoderSpec(
  options: AutoencoderShape & { readonly image: Shape; readonly norm: boolean },
): PairSpec {
  return annSpec(stimulusShape(options), autoencoder(options, options.image), options);
}

/** Perception of a `sequenceSpec`, of tanh units without norm. */
export function annSequenceSpec(
  hidden: readonly number[],
  inputs: { readonly width: number },
  targets: { readonly width: number },
): PairSpec {
  const stimulus = flat(inputs.width);
  const units = { kind: "tanh" } as const;
  const common = { norm: "none", units, recurrent: "forward" } as const;
  const perception = chain(stimulus, dense([...hidden, targets.width]), common);
  const recall = mirror(perception, { stimulus, units, recurrent: "backward" });
  return { steps: 1, names: NAMES, stimulus, perception, recall };
}

/** A recurrent net along a window of elements, and recall back from its end. Both ends are flat. */
export function sequenceSpec(
  options: Pick<NetworkOptions, "hidden" | "steps" | "norm" | "tau"> & {
    readonly threshold: { readonly perception: number; readonly recall: number };
    readonly recurrentRecall: boolean;
    readonly inputs: { readonly kind: "symbols" | "values"; readonly width: number };
    readonly targets: { readonly width: number };
  },
): PairSpec {
  const { hidden, steps, norm, tau, threshold, inputs, targets } = options;
  const stimulus = flat(inputs.width);
  const lif = (side: "perception" | "recall") => ({ kind: "lif", tau, threshold: threshold[side] }) as const;
  const common = { norm: norm ? "position" : "none", units: lif("perception"), recurrent: "forward" } as const;
  const [first, ...others] = chain(stimulus, dense([...hidden, targets.width]), common);
  const perception = [inputs.kind === "symbols" ? { ...first!, bound: SYMBOL_BOUND } : first!, ...others];
  const recurrent = options.recurrentRecall ? ({ recurrent: "backward" } as const) : {};
  const recall = mirror(perception, { stimulus, units: lif("recall"), ...recurrent });
  return { steps, names: NAMES, stimulus, perception, recall };
}
