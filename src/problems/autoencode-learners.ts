/**
 * Learners of autoencoders (image -> image). Under BSD both networks are shown the image x, at opposite ends, and draw it at the others; backprop has perception alone:
 *
 *   stage 1  |recall's drawing - x|^2       stage L  |perception's drawing - x|^2
 *
 * Image k's own two rows belong together at hidden stages, the other images of the batch are rivals. What draws in one network learns from what sees in the other: perception's way out of its
 * latent from recall's way into its own.
 */
import { type Frame, fillRows } from "../data/batch.ts";
import { imageBytes, type Split } from "../data/dataset.ts";
import { fromFrameRows } from "../data/frame-rows.ts";
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { FrequencyOptions } from "../losses/bands.ts";
import { AutoencoderPair, type Network } from "../nets/autoencoder-pair.ts";
import type { Layer } from "../nets/layer.ts";
import { LayeredNet } from "../nets/layered-net.ts";
import type { DataSummary } from "../nets/model.ts";
import type { Feature } from "../nets/neuron.ts";
import type { Slot } from "../nets/parameters.ts";
import { assertRows, type Shape, sizeOf } from "../nets/shape.ts";
import { type AutoencoderShape, annAutoencoderSpec } from "../nets/specs.ts";
import { UpwardBackprop } from "../rules/backprop.ts";
import { BsdLearner, type HiddenOptions, type LayerReconstruction } from "../rules/bsd.ts";
import type { Continues, EndLoss, Ends, Span, StageLayer } from "../rules/ends.ts";
import { type Below, LocalReconstruction } from "../rules/local-reconstruction.ts";
import type { AdamW, OptimiserOptions } from "../rules/optimiser.ts";
import type { UpwardEnds, UpwardNet } from "../rules/perception-rule.ts";
import type { AutoencoderLearner, AutoencoderReport, LatentAccess, LearningRates } from "../rules/rule.ts";
import { Drawing } from "../rules/top.ts";
import { autoencoderView } from "../rules/views.ts";

// The latent of spiking autoencoders: its spikes for given images, and images for given spikes. Norms use their running statistics.

/** Runs layers one after the other, without learning. `alike`: an image's bytes do not depend on those beside it. */
function run(layers: UpwardNet["perception"], images: number, alike: boolean): void {
  for (const layer of layers) {
    layer.run(images, { train: false, alike });
  }
}

/** The stimulus rows as layers that end in a read-out draw them: its feature rows. */
function drawn(net: AutoencoderNet, layers: UpwardNet["perception"], images: number, alike: boolean): Float32Array {
  assertRows("images", images, net.options.maxImages);
  run(layers, images, alike);
  return (layers.at(-1) as Layer).features.view.subarray(0, images * net.stimulusWidth);
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

/** The rule's choices; the YAML section `rule` of task autoencode with name bsd. */
export interface AutoencoderBsdOptions extends HiddenOptions {
  /** What is aligned: the time mean of spikes, drive or membrane. */
  readonly features: Feature;
  /** With `on`: a loss in each band of spatial frequencies, ReCo's with a lambda of its own. */
  readonly frequency: FrequencyOptions & { readonly on: boolean };
  /** Weight of recall's drawing's loss, at stage 1. */
  readonly stimulusWeight: number;
  /** Weight of perception's drawing's loss, at the top. */
  readonly topWeight: number;
  /** Learning rate of the stages through which a network sees, before its latent, as a multiple of the others'; 0 leaves them as they were drawn. */
  readonly seeing: number;
  /** Weight of the loss by which what sees reconstructs the stage below through a read-out of its own, beyond the paper; 0 is the method as published. */
  readonly reconstruct: number;
}

/** Images whose rows are in the pair's memory already. */
interface Images extends Continues {
  readonly images: number;
}

export class AutoencodeEnds implements Ends<Images> {
  readonly room: { readonly rows: number; readonly columns: number };
  readonly #pair: AutoencoderPair;
  readonly #drawing: Drawing;
  readonly #weights: { readonly stimulus: number; readonly top: number };

  constructor(pair: AutoencoderPair, options: Pick<AutoencoderBsdOptions, "stimulusWeight" | "topWeight">) {
    const { maxImages } = pair.options;
    this.room = { rows: maxImages, columns: maxImages };
    this.#pair = pair;
    this.#drawing = new Drawing(pair.team, maxImages, sizeOf(pair.stimulusShape), pair.stimulusWidth);
    this.#weights = { stimulus: options.stimulusWeight, top: options.topWeight };
  }

  spans({ images }: Images): { shown: Span; told: Span } {
    const span = { positions: 1, rows: images };
    return { shown: span, told: span };
  }

  /** Both networks read the images themselves. */
  show(): void {}
  tell(): void {}

  /** Literal rivals: every other image. */
  labels({ images }: Images): ArrayLike<number> {
    return Array.from({ length: images }, (_, k) => k);
  }

  stimulus({ images }: Images): EndLoss {
    return this.#draw(this.#pair.recall[0]!, images, this.#weights.stimulus);
  }

  top({ images }: Images): EndLoss & { correct: number } {
    return { ...this.#draw(this.#pair.perception.at(-1)!, images, this.#weights.top), correct: 0 };
  }

  #draw({ features }: Layer, images: number, weight: number): EndLoss {
    const loss = this.#drawing.loss(features.at, this.#pair.stimulus.at, images, weight);
    return { loss, gradient: this.#drawing.gradient.at };
  }
}

/**
 * Bidirectional Spike-Based Distillation (Lv et al., arXiv 2509.20284) between two autoencoders that are shown the image at opposite ends:
 *
 *     stage 1             |recall's drawing - image|^2              trains Theta_1
 *     stage i, 1 < i < L  align(perception's, recall's features)    trains W_{i-1} and Theta_i
 *     stage L             |perception's drawing - image|^2          trains W_{L-1}
 *
 * @example
 * const learner = new AutoencoderBsd(pair, autoencoderDefaults.rule, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels); // rows of learner.stimulusWidth floats
 * learner.step(64, { perception: 3e-3, recall: 3e-3 }).stageLosses;
 */
export class AutoencoderBsd implements AutoencoderLearner {
  readonly team: Team;
  readonly maxImages: number;
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  readonly reconstructors = ["perception", "recall"] as const;
  readonly latent: SpikingLatent;
  readonly #pair: AutoencoderPair;
  readonly #learner: BsdLearner<Images>;
  /** Read-outs of the layers that see. */
  readonly #reconstructions = new Map<Layer, LocalReconstruction>();

  constructor(pair: AutoencoderPair, options: AutoencoderBsdOptions, optimiser: OptimiserOptions) {
    const { team, stimulusWidth } = pair;
    this.team = team;
    this.maxImages = pair.options.maxImages;
    this.stimulus = pair.stimulus;
    this.stimulusWidth = stimulusWidth;
    this.latent = new SpikingLatent(pair);
    this.#pair = pair;
    if (options.reconstruct > 0) this.#addReconstructions();
    const view = autoencoderView(pair);
    const reconstructions = new Map<StageLayer, LayerReconstruction>();
    for (const [layer, reconstruct] of this.#reconstructions) {
      const learn = (rows: number, gradient: number) => reconstruct.learn(rows, options.reconstruct, gradient);
      reconstructions.set(view.of.get(layer)!, { group: reconstruct.group, learn });
    }
    // Stages below the latent (its own number is K + 2) are where perception sees and recall draws, those above the other way round.
    const latent = pair.latent + 2;
    const sees = { perception: (stage: number) => stage < latent, recall: (stage: number) => stage > latent };
    this.#learner = new BsdLearner({
      team,
      pair: view,
      ends: new AutoencodeEnds(pair, options),
      options,
      optimiser,
      share: (side, stage) => (sees[side](stage) ? options.seeing : 1),
      reconstructions,
    });
  }

  get optimiser(): AdamW {
    return this.#learner.optimiser;
  }

  step(images: number, learningRates: LearningRates): AutoencoderReport {
    assertRows("images", images, this.maxImages, 1);
    return this.#learner.step({ images }, learningRates);
  }

  reconstruct(images: number, by: Network): Float32Array {
    return drawn(this.#pair, this.#pair.path(by), images, false);
  }

  slots(optimiser: boolean): Iterable<Slot> {
    const reconstructions = optimiser ? [...this.#reconstructions.values()] : [];
    return [...this.#pair.slots(optimiser), ...reconstructions.flatMap((reconstruct) => [...reconstruct.slots()])];
  }

  /** Gives every layer up to its network's latent a read-out of what is below it. */
  #addReconstructions(): void {
    const pair = this.#pair;
    const image = { at: this.stimulus.at, stride: this.stimulusWidth, shape: pair.stimulusShape };
    for (const network of this.reconstructors) {
      let below: Below = image;
      for (const layer of pair.path(network).slice(0, pair.latent + 1)) {
        this.#reconstructions.set(layer, new LocalReconstruction(this.team, layer, below, this.maxImages));
        below = layer.output!;
      }
    }
  }
}

// Backprop on an autoencoder: perception alone learns to reconstruct the images it is shown.
//
// L = mean over images, pixels and channels of (mean drive of the read-out - image)^2

/** Perception of an autoencoder, spiking or not. */
export interface AutoencoderNet extends UpwardNet {
  readonly options: { readonly maxImages: number };
  /** The images, [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  readonly stimulusShape: Shape;
}

/** What a non-spiking autoencoder is made from. */
export interface AnnAutoencoderOptions extends AutoencoderShape {
  /** The frame an image comes in; for a cnn as `autoencoderFrame` says. */
  readonly image: Shape;
  readonly norm: boolean;
  readonly maxImages: number;
  readonly seed: number;
}

/**
 * A non-spiking autoencoder of the spiking one's shapes: rectified units in place of neurons, no steps.
 *
 * @throws BispikeError "shape" where the image cannot be halved as often as there are convolutions
 */
export function annAutoencoder(team: Team, options: AnnAutoencoderOptions): AutoencoderNet {
  const { image, maxImages, seed } = options;
  const spec = annAutoencoderSpec(options);
  const stimulusWidth = padded(sizeOf(image));
  const stimulus = team.arena.f32(maxImages * stimulusWidth);
  const input = { kind: "real", shape: spec.stimulus, at: stimulus.at, stride: stimulusWidth, maxImages } as const;
  const net = new LayeredNet(team, { input, spec, seed });
  const slots = (optimiser: boolean) => net.slots(optimiser);
  return { team, options, perception: net.layers, slots, stimulus, stimulusWidth, stimulusShape: spec.stimulus };
}

/**
 * Backprop through an autoencoder, spiking or not: the rival, and the yardstick that shares nothing with spikes but sizes, norm and optimiser. `learningRates.recall` is not used.
 *
 * @example
 * const pair = new AutoencoderPair(team, { ...options, networks: "perception", keepDrives: true });
 * const learner = new AutoencoderBackprop(pair, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels);
 * learner.step(64, { perception: 3e-3, recall: 0 }).loss;
 */
export class AutoencoderBackprop implements AutoencoderLearner {
  readonly reconstructors = ["perception"] as const;
  /** Perception's; there is no recall to ask. */
  readonly latent?: LatentAccess;
  readonly #net: AutoencoderNet;
  readonly #rule: UpwardBackprop<{ readonly images: number }>;

  /** @param net that keeps all drives and gradients; perception alone will do */
  constructor(net: AutoencoderNet, optimiser: OptimiserOptions) {
    const { team, stimulus, stimulusWidth, stimulusShape, options } = net;
    const { maxImages } = options;
    const drawing = new Drawing(team, maxImages, sizeOf(stimulusShape), stimulusWidth);
    const { features } = net.perception.at(-1) as Layer;
    this.#net = net;
    if (net instanceof AutoencoderPair) this.latent = new SpikingLatent(net);
    const ends: UpwardEnds<{ readonly images: number }> = {
      check: ({ images }) => {
        assertRows("images", images, maxImages, 1);
        return images;
      },
      show: () => {},
      top: ({ images }) => {
        const loss = drawing.loss(features.at, stimulus.at, images, 1);
        return { loss, gradient: drawing.gradient.at, correct: 0 };
      },
    };
    this.#rule = new UpwardBackprop(net, ends, optimiser);
  }

  get team(): Team {
    return this.#net.team;
  }

  get maxImages(): number {
    return this.#net.options.maxImages;
  }

  get optimiser(): AdamW {
    return this.#rule.optimiser;
  }

  get stimulus(): Region<Float32Array> {
    return this.#net.stimulus;
  }

  get stimulusWidth(): number {
    return this.#net.stimulusWidth;
  }

  step(images: number, learningRates: LearningRates): AutoencoderReport {
    return this.#rule.step({ images }, learningRates);
  }

  /** Throws a `usage` error for recall, which backprop does not train, and for more than `maxImages`. */
  reconstruct(images: number, by: Network): Float32Array {
    if (by !== "perception")
      throw new BispikeError("usage", "backprop trains perception alone: expected images by perception, got by recall");
    return drawn(this.#net, this.#net.perception, images, true);
  }

  slots(optimiser: boolean): Iterable<Slot> {
    return this.#net.slots(optimiser);
  }
}

// A learner together with what it knows of its data: how images become its stimulus, and its drawings images again.

/**
 * An autoencoder with what the data it was made for are like.
 *
 * @example
 * const { model, team } = await openAutoencoder("runs/mnist-autoencoder-seed1");
 * model.load(dataset.test, indices, 0, 8);
 * model.reconstruct(8, "perception"); // 8 pictures, 0..1
 */
export class AutoencoderModel {
  readonly data: DataSummary;
  readonly learner: AutoencoderLearner;
  /** The frame images are centred in. */
  readonly frame: Frame;

  constructor(learner: AutoencoderLearner, frame: Frame, data: DataSummary) {
    this.learner = learner;
    this.frame = frame;
    this.data = data;
  }

  /**
   * Puts the images at `indices[from .. from + count)` into the learner's rows, normalised.
   *
   * @throws BispikeError "shape" when they are more than `learner.maxImages`, or are none of the split's
   */
  load(split: Split, indices: Int32Array | Uint32Array, from: number, count: number): void {
    const { learner, frame, data } = this;
    const { shape, statistics } = data;
    fillRows(learner.stimulus.view, learner.stimulusWidth, split, indices, from, count, shape, frame, statistics);
  }

  /** The loaded images as a network draws them: [image][height][width][channel], 0 (black) to 1; a new array. */
  reconstruct(images: number, by: Network): Float32Array {
    return this.pixels(this.learner.reconstruct(images, by), images);
  }

  /**
   * Pictures of normalised rows: cut out of their frame, in units of pixel / 255, values outside 0..1 cut off, as no picture can show them.
   *
   * @param rows [image][stimulusWidth], as `learner.redraw` and `learner.latent.decode` give them
   * @returns [image][height][width][channel]; a new array
   */
  pixels(rows: Float32Array, images: number): Float32Array {
    const { frame, data, learner } = this;
    const { shape, statistics } = data;
    const out = fromFrameRows(rows, images, { shape, frame, stride: learner.stimulusWidth, statistics });
    for (let i = 0; i < out.length; i++) out[i] = Math.min(1, Math.max(0, out[i]!));
    return out;
  }

  /** The images at `indices[from .. from + count)` themselves, in the same units and order as `reconstruct`. */
  originals(split: Split, indices: Int32Array | Uint32Array, from: number, count: number): Float32Array {
    const size = imageBytes(this.data.shape);
    const out = new Float32Array(count * size);
    for (let k = 0; k < count; k++) {
      const start = indices[from + k]! * size;
      for (let i = 0; i < size; i++) out[k * size + i] = split.images[start + i]! / 255;
    }
    return out;
  }
}
