/** The latent of spiking autoencoders: its spikes for given images, and images for given spikes. Norms use their running statistics. */

import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { AutoencoderPair, Network } from "../network/autoencoder-pair.ts";
import type { Layer } from "../network/layer.ts";
import { layerSlots, type ParameterGroup, type Slot, type StatefulLayer } from "../network/parameters.ts";
import { assertRows, sizeOf } from "../network/shape.ts";

import type { Synapses } from "../network/synapses.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import {
  type AutoencoderLearner,
  type AutoencoderReport,
  assertFiniteLoss,
  type LatentAccess,
  type LearningRates,
} from "./rule.ts";
import { Drawing } from "./top.ts";
import type { LayeredBackprop } from "./ways-down.ts";

/** Runs layers one after the other, without learning. `alike`: an image's bytes do not depend on those beside it. */
function run(layers: readonly Layer[], images: number, alike: boolean): void {
  for (const layer of layers) {
    layer.forward(images, { train: false, alike });
    layer.output?.list(images, false);
  }
}

/** The pair's stimulus rows as a network draws them: the feature rows of its last layer. */
export function reconstructImages(pair: AutoencoderPair, images: number, by: Network): Float32Array {
  assertRows("images", images, pair.options.maxImages);
  const layers = pair.path(by);
  run(layers, images, false);
  return layers.at(-1)!.features.view.subarray(0, images * pair.stimulusWidth);
}

export class SpikingLatent implements LatentAccess {
  readonly neurons: number;
  readonly steps: number;
  readonly #pair: AutoencoderPair;

  constructor(pair: AutoencoderPair) {
    this.#pair = pair;
    this.neurons = pair.options.latent;
    this.steps = pair.options.steps;
  }

  encode(images: number, by: Network): Uint8Array {
    const { neurons, steps } = this;
    const pair = this.#pair;
    assertRows("images", images, pair.options.maxImages);
    const layers = pair.path(by);
    run(layers.slice(0, pair.latent + 1), images, true);
    const { output } = layers[pair.latent]!;
    const spikes = new Uint8Array(images * steps * neurons);
    for (let image = 0, at = 0; image < images; image++) {
      for (let t = 0; t < steps; t++) {
        for (let n = 0; n < neurons; n++, at++) spikes[at] = output!.fired(image, t, 0, n) ? 1 : 0;
      }
    }
    return spikes;
  }

  decode(spikes: Uint8Array, images: number, by: Network): Float32Array {
    const { neurons, steps } = this;
    const pair = this.#pair;
    assertRows("images", images, pair.options.maxImages);
    if (spikes.length !== images * steps * neurons)
      throw new BispikeError(
        "shape",
        `latent spikes: expected ${images} images x ${steps} steps x ${neurons} neurons, got ${spikes.length}`,
      );
    const layers = pair.path(by);
    const output = layers[pair.latent]!.output!;
    for (let image = 0, at = 0; image < images; image++) {
      for (let t = 0; t < steps; t++) {
        for (let n = 0; n < neurons; n++, at++) output.set(image, t, 0, n, spikes[at] !== 0);
      }
    }
    output.list(images, false);
    const after = layers.slice(pair.latent + 1);
    run(after, images, true);
    return after.at(-1)!.features.view.subarray(0, images * pair.stimulusWidth);
  }
}

/** The pair's state as named tensors: as of image pairs, `perception.stage2.weight`, `recall.stage1.bias`, `perception.stage2.norm.gamma`, ... */
export function* autoencoderSlots(pair: AutoencoderPair, optimiser: boolean): Generator<Slot> {
  for (const { name, group, synapses, norm } of pair.layers) {
    yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
  }
}

// Backprop on an autoencoder, whatever its neurons: perception alone learns to reconstruct the images it is shown.
//
// L = mean over images, pixels and channels of (mean drive of the read-out - image)^2
//
// None of the criteria of plausibility is met but, where the net spikes, binary messages (C4).

/** Mean firing rate of each hidden stage and its share of silent neurons; empty where nothing spikes. */
export interface Activity {
  readonly rates: readonly number[];
  readonly dead: readonly number[];
}

/** A layer of either kind of net. */
interface LearnedLayer {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly synapses: Synapses;
  readonly norm: NonNullable<StatefulLayer["norm"]>;
}

/** The net a learner trains. */
export interface PerceptionNet {
  readonly team: Team;
  readonly maxImages: number;
  /** The images, [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  /** Stages 2 .. L, the read-out last. */
  readonly layers: readonly LearnedLayer[];
  readonly readout: Layer;
  readonly backprop: LayeredBackprop;
}

export abstract class PerceptionLearner implements AutoencoderLearner {
  readonly optimiser: AdamW;
  readonly reconstructors = ["perception"] as const;
  readonly #net: PerceptionNet;
  readonly #drawing: Drawing;

  constructor(net: PerceptionNet, optimiser: OptimiserOptions) {
    const { team, maxImages, stimulusWidth, readout } = net;
    this.#net = net;
    this.#drawing = new Drawing(team, maxImages, sizeOf(readout.synapses.shape), stimulusWidth);
    const groups = net.layers.map(({ group }) => group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  get team(): Team {
    return this.#net.team;
  }

  get maxImages(): number {
    return this.#net.maxImages;
  }

  get stimulus(): Region<Float32Array> {
    return this.#net.stimulus;
  }

  get stimulusWidth(): number {
    return this.#net.stimulusWidth;
  }

  /** Runs the loaded images up to the read-out. In evaluation an image's bytes do not depend on those beside it. */
  protected abstract forward(images: number, train: boolean): void;

  protected abstract activity(images: number): Activity;

  /** One update from the loaded images. Throws a `training` error when the loss stops being finite, a `usage` error for none or more than `maxImages`. */
  step(images: number, learningRates: LearningRates): AutoencoderReport {
    const { optimiser } = this;
    assertRows("images", images, this.maxImages, 1);
    const { layers, readout, backprop } = this.#net;
    optimiser.begin();
    this.forward(images, true);
    const loss = this.#drawing.loss(readout.features.at, this.stimulus.at, images, 1);
    assertFiniteLoss(layers.length + 1, loss, optimiser.steps);
    backprop.backward(images, this.#drawing.gradient.at);
    for (const { group } of layers) optimiser.update(group, learningRates.perception);
    optimiser.finish();
    const { rates: perceptionRates, dead } = this.activity(images);
    const stageLosses = [...new Array<number>(layers.length).fill(0), loss];
    return { loss, stageLosses, perceptionRates, recallRates: [], dead, correct: 0, images };
  }

  /** The loaded images as perception draws them, [image][stimulusWidth] normalised pixels; valid until the next call. Throws a `usage` error for recall, which backprop does not train, and for more than `maxImages`. */
  reconstruct(images: number, by: Network): Float32Array {
    if (by !== "perception")
      throw new BispikeError("usage", "backprop trains perception alone: expected images by perception, got by recall");
    assertRows("images", images, this.maxImages);
    this.forward(images, false);
    return this.#net.readout.features.view.subarray(0, images * this.stimulusWidth);
  }

  /** Everything learned and the running statistics as named tensors, with AdamW's moments where asked. */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const { name, group, synapses, norm } of this.#net.layers) {
      yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
    }
  }
}
