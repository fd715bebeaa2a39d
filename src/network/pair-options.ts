/** What a pair of networks is made from. */
import type { StimulusCoding } from "../coding/stimulus.ts";
import type { TargetCoding } from "../coding/target.ts";
import type { Pooling } from "./neuron.ts";
import type { Shape } from "./shape.ts";
import type { PairSpec } from "./spec.ts";
import type { StageRange } from "./stage-range.ts";

/** What a pair looks like; the YAML section `network`. */
export interface NetworkOptions {
  /** mlp: fully connected stages. cnn: 3x3 convolutions with 2x2 max-pooling up, nearest upsampling with 3x3 convolutions down. */
  readonly kind: "mlp" | "cnn";
  /** Neurons (mlp) or channels (cnn) of each hidden stage, from the stimulus up. */
  readonly hidden: readonly number[];
  /** T, the time steps a sample is shown. */
  readonly steps: number;
  /** Normalise each drive over batch and time (cnn: and space) before the neurons see it. */
  readonly norm: boolean;
  /** Membrane time constant in steps, at least 1. */
  readonly tau: number;
  /** Membrane potential at which neurons fire: perception's and recall's hidden stages, and the concept's neurons (default 2). */
  readonly threshold: { readonly perception: number; readonly recall: number; readonly concept?: number };
  /** How pixels drive stage 1. */
  readonly stimulus: StimulusCoding;
  /** Spike code of a concept. */
  readonly target: TargetCoding;
  /** Neurons of a random target code; 0 for 4 x classes. */
  readonly targetSize: number;
  /**
   * What drives recall's hidden stages: the stage above (chain), or the concept's spikes, all of them (broadcast), as long-range feedback does. Default chain.
   */
  readonly recall?: RecallPaths;
}

/** See `NetworkOptions.recall`. */
export type RecallPaths = "chain" | "broadcast";

/** What a pair is made from: its stages, one image, and how many at once. */
export interface PairOptions extends NetworkOptions {
  /** One image's frame, in pixels; for a cnn its sides are divisible by 2 to the number of hidden stages. `Model` pads images to that. */
  readonly image: Shape;
  /** Number of concepts. */
  readonly classes: number;
  /**
   * What the layers of both networks are, in place of what `kind`, `hidden`, `norm`, `tau`, `threshold` and `recall` describe: as many stages, from the frame's shape (cnn) or flat (mlp) to the
   * target code. Default: what they describe.
   */
  readonly spec?: PairSpec;
  /** Largest batch. */
  readonly maxImages: number;
  /** Rows recall runs at once: classes (prototypes) or maxImages (pairs). Default: the larger of the two. */
  readonly maxRecalls?: number;
  /** Average-pool the features of convolutional stages to this many cells a side; 0 for none. Default 0. */
  readonly pool?: number;
  /** What of a cell's firing rates perception is compared by; recall always by its mean. Default mean. */
  readonly pooling?: Pooling;
  /** Draws the weights, the random target codes and stimulus codes; an integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Which networks there are: both, or perception alone for rules that train one network. Default both. */
  readonly networks?: "both" | "perception";
  /** Keep all of perception's drives and gradients of a pass: backprop needs them, BSD forgets a stage's after its update. Default false. */
  readonly keepDrives?: boolean;
  /**
   * Keep every layer's gradients until the next step. Default true; false shares one room between layers, for rules that update a layer before they
   * turn to the next (BSD, unless it clips by the norm of all gradients).
   */
  readonly keepGradients?: boolean;
  /** The stages at hand; the others' spikes come by `below` and `above`. Default: all. */
  readonly part?: StageRange;
}
