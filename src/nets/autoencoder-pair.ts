/**
 * A pair of spiking autoencoders with the same stages and independent weights. Both ends are fed by the image: perception reads it at the bottom (stage 1) and draws it
 * at the top (stage L), recall reads it at the top and draws it at the bottom. So perception's way into its latent meets recall's way out of its own, stage by stage, and
 * the other way round. `perception[k]` is the half of stage k + 2, `recall[k]` that of stage k + 1.
 */
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { buildPair } from "./build.ts";
import type { Layer } from "./layer.ts";
import type { Slot } from "./parameters.ts";
import { type Shape, sizeOf } from "./shape.ts";
import type { PairSpec, Side } from "./spec.ts";
import { type AutoencoderShape, autoencoderSpec } from "./specs.ts";

/** One of the two networks. */
export type Network = Side;

/** What a pair of spiking autoencoders looks like. */
export interface AutoencoderOptions extends AutoencoderShape {
  /** T, the time steps an image is shown. */
  readonly steps: number;
  /** Normalise each drive over batch and time (cnn: and space) before the neurons see it. */
  readonly norm: boolean;
  /** Membrane time constant in steps. */
  readonly tau: number;
  /** Firing thresholds of the two networks' neurons. */
  readonly threshold: { readonly perception: number; readonly recall: number };
}

/** What a pair of spiking autoencoders is made from. */
export interface AutoencoderPairOptions extends AutoencoderOptions {
  /** The frame an image comes in; for a cnn as `autoencoderFrame` says. */
  readonly image: Shape;
  /** Largest batch. */
  readonly maxImages: number;
  /** Draws the weights; an integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Which networks there are: both, or perception alone for rules that train one network. Default both. */
  readonly networks?: "both" | "perception";
  /** Keep all of perception's drives and gradients of a pass: backprop needs them, BSD forgets a stage's after its update. Default false. */
  readonly keepDrives?: boolean;
  /** Keep every layer's gradients until the next step; needed to clip by the norm of all. Default `keepDrives`. */
  readonly keepGradients?: boolean;
}

/**
 * Two spiking autoencoders that share an image.
 *
 * @example
 * const image = { height: 32, width: 32, channels: 1 };
 * const pair = new AutoencoderPair(team, { ...autoencoderDefaults.network, image, maxImages: 64, seed: 1 });
 * pair.path("recall").length; // its layers, from the image it sees to the one it draws
 */
export class AutoencoderPair {
  readonly team: Team;
  readonly options: AutoencoderPairOptions;
  /** What the layers of both networks are. */
  readonly spec: PairSpec;
  /** The images, [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a row, whole tiles; those past the image stay 0. */
  readonly stimulusWidth: number;
  /** The frame's shape (cnn), or flat (mlp). */
  readonly stimulusShape: Shape;
  /** Stages 2 .. L. */
  readonly perception: readonly Layer[];
  /** Stages 1 .. L - 1; empty where there is perception alone. */
  readonly recall: readonly Layer[];

  /**
   * Draws all weights from the seed.
   *
   * @throws BispikeError "shape" where a cnn's frame cannot be halved as often as there are convolutions
   */
  constructor(team: Team, options: AutoencoderPairOptions) {
    this.team = team;
    this.options = options;
    const { image, maxImages, seed, keepDrives = false, keepGradients = keepDrives } = options;
    this.spec = autoencoderSpec(options);
    this.stimulusShape = this.spec.stimulus;
    this.stimulusWidth = padded(sizeOf(image));
    this.stimulus = team.arena.f32(maxImages * this.stimulusWidth);
    const { at } = this.stimulus;
    const stimulus = { kind: "real", shape: this.stimulusShape, at, stride: this.stimulusWidth, maxImages } as const;
    const { perception, recall } = buildPair(team, this.spec, {
      needs: { recall: options.networks !== "perception", drives: keepDrives, gradients: keepGradients },
      rows: { perception: maxImages, recall: maxImages },
      sources: { perception: new Map([["stimulus", stimulus]]), recall: new Map([["target", stimulus]]) },
      seed,
    });
    this.perception = perception;
    this.recall = recall;
  }

  /** Number of stages, both images included. */
  get stages(): number {
    return 2 * this.options.hidden.length + 3;
  }

  /** Hidden stages with both halves: number (2 .. L - 1), perception's layer and recall's. */
  *hiddenStages(): Generator<{ stage: number; perception: Layer; recall: Layer }> {
    for (let stage = 2; stage < this.stages; stage++) {
      yield { stage, perception: this.perception[stage - 2]!, recall: this.recall[stage - 1]! };
    }
  }

  /** Its state as named tensors, as of image pairs: `perception.stage2.weight`, `recall.stage1.bias`, `perception.stage2.norm.gamma`, ... */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const layer of this.layers) yield* layer.slots(optimiser);
  }

  /** Every layer, perception's from the bottom up, then recall's from stage 1 up. */
  get layers(): readonly Layer[] {
    return [...this.perception, ...this.recall];
  }

  /**
   * A network's layers in the order its stimulus goes through them; the last one's drive is the reconstructed image.
   *
   * @throws BispikeError "usage" for recall where there is perception alone
   */
  path(network: Network): readonly Layer[] {
    if (network === "recall" && this.recall.length === 0)
      throw new BispikeError("usage", "this net is perception alone: expected perception, got recall");
    return network === "perception" ? this.perception : this.recall.toReversed();
  }

  /** Place of the latent in `path`. */
  get latent(): number {
    return this.options.hidden.length;
  }
}
