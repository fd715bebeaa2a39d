/**
 * The real-valued net that rivals train to name images, of the shapes a spiking `NetworkPair`'s perception has: fully connected stages, or 3x3 convolutions with 2x2
 * max-pooling; then a linear read-out of the classes, whose largest output decides. Tensors have the pair's names and orders.
 */
import { padded } from "../../engine/kernels.ts";
import type { Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { LayeredNet } from "../../network/real/layered-net.ts";
import { type Shape, sizeOf } from "../../network/shape.ts";
import type { Activation } from "../../network/spec.ts";
import { realClassifierSpec } from "../../network/specs.ts";

/** What a net of real numbers for images is made from. */
export interface RealImageNetOptions {
  /** mlp: fully connected stages. cnn: 3x3 convolutions with 2x2 max-pooling. */
  readonly kind: "mlp" | "cnn";
  /** The frame an image comes in; for a cnn its sides are divisible by 2 to the number of hidden stages. `createModel` pads images to that. */
  readonly image: Shape;
  /** Units (mlp) or channels (cnn) of each hidden stage, from the stimulus up. */
  readonly hidden: readonly number[];
  readonly classes: number;
  /** Batch norm before the units. */
  readonly norm: boolean;
  /** Largest batch. */
  readonly maxImages: number;
  /** Draws the weights. */
  readonly seed: number;
  /** What hidden units do with their drive. Default: what the rule's authors use, see `authorsActivations`. */
  readonly activation?: Activation;
}

/** Rules on such nets, by their names in a configuration. */
export type RealImageRule = "backprop-ann" | "dll" | "predictive-coding" | "ccl" | "bsd-ann";

/** The hidden units of each rule's authors. */
export const authorsActivations: Readonly<Record<RealImageRule, Activation>> = {
  "backprop-ann": "relu",
  dll: "tanh",
  "predictive-coding": "tanh",
  ccl: "elu",
  "bsd-ann": "relu",
};

/** The net, and the images it sees. */
export interface RealImageNet {
  readonly options: RealImageNetOptions & { readonly activation: Activation };
  readonly net: LayeredNet;
  /** Normalised pixels, [image][stimulusWidth], channels last. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a row of the stimulus, whole tiles; those past the image stay 0. */
  readonly stimulusWidth: number;
}

/**
 * The net for a rule, untrained. Throws a `shape` error where pooling leaves no pixel.
 *
 * @param rule whose units are the default
 * @example
 * const image = { height: 28, width: 28, channels: 1 };
 * realImageNet(team, { kind: "mlp", image, hidden: [512, 256], classes: 10, norm: true, maxImages: 128, seed: 1 }, "dll");
 */
export function realImageNet(team: Team, options: RealImageNetOptions, rule: RealImageRule): RealImageNet {
  const { image, maxImages, seed, activation = authorsActivations[rule] } = options;
  const stimulusWidth = padded(sizeOf(image));
  const stimulus = team.arena.f32(maxImages * stimulusWidth);
  const spec = realClassifierSpec({ ...options, activation });
  const input = { kind: "real", shape: spec.stimulus, at: stimulus.at, stride: stimulusWidth, maxImages } as const;
  const net = new LayeredNet(team, { input, spec, seed });
  return { options: { ...options, activation }, net, stimulus, stimulusWidth };
}
