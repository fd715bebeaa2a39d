/**
 * A pair of spiking autoencoders with the same stages and independent weights. Both ends are fed by the image: perception reads it at the bottom (stage 1) and draws it
 * at the top (stage L), recall reads it at the top and draws it at the bottom. So perception's way into its latent meets recall's way out of its own, stage by stage, and
 * the other way round. `perception[k]` is the half of stage k + 2, `recall[k]` that of stage k + 1.
 */
import { padded } from "../../engine/kernels.ts";
import type { Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { ConvSynapses } from "../conv.ts";
import { DrawingSynapses, MOST_DRAWN_CHANNELS } from "../drawing.ts";
import { initialise } from "../initialise.ts";
import { Layer } from "../layer.ts";
import { LinearSynapses } from "../linear.ts";
import { neuronDefaults } from "../neuron.ts";
import { ParameterGroup } from "../parameters.ts";
import type { Population } from "../population.ts";
import { flat, pixelsOf, type Shape, sizeOf } from "../shape.ts";
import type { RealInput, Source, Synapses, Workspace } from "../synapses.ts";
import { type AutoencoderShape, autoencoderShapes } from "./shapes.ts";

/** One of the two networks. */
export type Network = "perception" | "recall";

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
    const { image, maxImages, kind, keepDrives = false, keepGradients = keepDrives } = options;
    this.stimulusShape = kind === "mlp" ? flat(sizeOf(image)) : image;
    this.stimulusWidth = padded(sizeOf(image));
    this.stimulus = team.arena.f32(maxImages * this.stimulusWidth);
    const gradients = keepGradients ? "own" : "shared";
    this.perception = this.#tower("perception", gradients, keepDrives ? undefined : this.#workspace());
    this.recall = options.networks === "perception" ? [] : this.#tower("recall", gradients).reverse();
    for (const layer of this.layers) initialise(layer, options.seed);
    if (!keepGradients) {
      ParameterGroup.shareGradients(
        team,
        this.layers.map(({ group }) => group),
      );
    }
  }

  /** Room for the drives of whichever stage of perception is at work. */
  #workspace(): { workspace: Workspace; features: Region<Float32Array> } {
    const { team, options, stimulusWidth } = this;
    const { image, maxImages, steps } = options;
    const widths = autoencoderShapes(options, image).map((shape) => pixelsOf(shape) * padded(shape.channels));
    const redrawn = options.kind === "mlp" ? stimulusWidth : pixelsOf(image) * padded(image.channels);
    const drives = maxImages * steps * Math.max(...widths, redrawn);
    const { arena } = team;
    const workspace = { z: arena.allocate(drives * 4), g: arena.allocate(drives * 4), winner: 0 };
    return { workspace, features: arena.f32(maxImages * Math.max(...widths, stimulusWidth)) };
  }

  /** One network's layers in the order its stimulus goes through them. */
  #tower(
    network: Network,
    gradients: "own" | "shared",
    shared: { workspace: Workspace; features: Region<Float32Array> } | undefined = undefined,
  ): Layer[] {
    const { team, options } = this;
    const { kind, hidden, image, maxImages, steps, norm, tau, threshold } = options;
    const shapes = autoencoderShapes(options, image);
    const stages = shapes.length + 2;
    const stageOf = (index: number) => (network === "perception" ? index + 2 : stages - 1 - index);
    const common = { maxImages, steps, gradients, ...shared };
    const neurons = { ...neuronDefaults, tau, threshold: threshold[network], norm, pool: 0 };
    const latent = hidden.length;
    let source: Source = {
      kind: "real",
      shape: this.stimulusShape,
      at: this.stimulus.at,
      stride: this.stimulusWidth,
      maxImages,
    } satisfies RealInput;
    const layers: Layer[] = [];
    for (const [index, shape] of shapes.entries()) {
      const synapses = this.#synapses(source, shape, index);
      // The plane before the latent is read by full connections, as the latent is.
      const reader = kind === "mlp" || index === latent - 1 || index === latent ? "linear" : "conv";
      const name = `${network}.stage${stageOf(index)}`;
      const layer = new Layer(team, { name, synapses, ...common, neurons: { ...neurons, reader } });
      layers.push(layer);
      source = layer.output!;
    }
    const synapses = this.#drawing(layers.at(-1)!.output!);
    layers.push(new Layer(team, { name: `${network}.stage${stageOf(shapes.length)}`, synapses, ...common }));
    return layers;
  }

  /** Synapses that draw the image. Backprop wants their inputs' gradients step by step, so it is given a convolution of spikes. */
  #drawing(spikes: Population): Synapses {
    const { team, options, stimulusShape } = this;
    const { kind, hidden, image, maxImages, keepDrives } = options;
    if (kind === "mlp" || hidden.length === 0) return new LinearSynapses(team, spikes, stimulusShape, true);
    const { channels } = image;
    if (channels > MOST_DRAWN_CHANNELS || keepDrives) {
      return new ConvSynapses(team, spikes, { channels, upsample: true, bias: true });
    }
    return new DrawingSynapses(team, spikes, channels, maxImages);
  }

  #synapses(source: Source, shape: Shape, index: number): Synapses {
    const { team, options } = this;
    const { kind, hidden, norm } = options;
    const latent = hidden.length;
    // The norm takes a bias away again, unless one norm serves many pixels with a bias each.
    if (kind === "mlp" || index === latent) return new LinearSynapses(team, source, shape, !norm);
    if (index === latent + 1) return new LinearSynapses(team, source, shape, !norm || pixelsOf(shape) > 1);
    const { channels } = shape;
    const bias = !norm;
    return new ConvSynapses(
      team,
      source,
      index < latent ? { channels, stride: 2, bias } : { channels, upsample: true, bias },
    );
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

  /** Every layer, perception's from the bottom up, then recall's from stage 1 up. */
  get layers(): readonly Layer[] {
    return [...this.perception, ...this.recall];
  }

  /**
   * A network's layers in the order its stimulus goes through them; the last one's drive is the redrawn image.
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
