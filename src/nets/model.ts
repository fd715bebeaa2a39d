/** Nets together with what they know of their data: how pixels become a stimulus, and the names of the concepts. */
import { Augmenter, type AugmentOptions, augments, type VariedBatch } from "../data/augment.ts";

import { type Frame, fillRows } from "../data/batch.ts";
import { checkImages, type Split } from "../data/dataset.ts";

import type { ChannelStatistics } from "../data/normalise.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { perceive } from "./inference.ts";
import type { LayeredNet } from "./layered-net.ts";
import type { Pooling } from "./neuron.ts";
import { type NetworkOptions, NetworkPair, type PairOptions, type StageRange } from "./pair.ts";
import type { Slot, Stateful } from "./parameters.ts";
import { assertRows, type Shape } from "./shape.ts";
import { paddedShape } from "./specs.ts";

/** What a pair must know of the data it was trained on; part of a checkpoint. */
export interface DataSummary {
  /** Of the data set. */
  readonly name: string;
  /** One image, in pixels, without a frame. */
  readonly shape: Shape;
  /** One name a class, in the order of the class numbers; at least two. */
  readonly classNames: readonly string[];
  /** Of the training images, per channel, in units of pixel / 255. */
  readonly statistics: ChannelStatistics;
}

/** What a spiking model is made from. */
export interface ModelOptions {
  /** What the pair looks like; with `spec`, layer by layer. */
  readonly network: NetworkOptions & Pick<PairOptions, "spec">;
  /** Draws the weights, the random target codes and stimulus codes; an integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Largest batch. */
  readonly maxImages: number;
  /** Rows recall runs at once; at least the number of classes. Default: that or maxImages, whichever is more. */
  readonly maxRecalls?: number;
  /** Average-pool convolutional features to this many cells a side before comparing; 0 for none. Default 0. */
  readonly pool?: number;
  /** As the pair's. Default mean. */
  readonly pooling?: Pooling;
  /** Which networks there are. Default both. */
  readonly networks?: "both" | "perception";
  /** As the pair's. Default false. */
  readonly keepDrives?: boolean;
  /** As the pair's. Default true. */
  readonly keepGradients?: boolean;
  /** Stages at hand. Default: all. */
  readonly part?: StageRange;
}

/** Where a net's stimuli are put. */
export interface StimulusRows {
  /** [image][stimulusWidth]: normalised pixels (direct coding) or intensities 0..1. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a row: height x width x channels of the frame, and padding that stays 0. */
  readonly stimulusWidth: number;
  /** Numbers naming the images of a batch, where random codes ask for them. */
  readonly imageIds?: Region<Uint32Array>;
}

/** A net that names the concept of an image, of whatever neurons; what training and evaluation need of it. */
export type ImageModel = Model | AnnModel;

abstract class BaseModel implements Stateful {
  /** What the net knows of the data it is made for. */
  readonly data: DataSummary;
  /** The frame images are centred in. */
  readonly frame: Frame;
  readonly #direct: boolean;

  /**
   * @param direct whether a stimulus is normalised pixels, else intensities 0..1
   * @throws BispikeError "data" for fewer than 2 classes
   */
  protected constructor(data: DataSummary, frame: Frame, direct: boolean) {
    const classes = data.classNames.length;
    if (classes < 2) throw new BispikeError("data", `${data.name}: expected at least 2 classes, got ${classes}`);
    this.data = data;
    this.frame = frame;
    this.#direct = direct;
  }

  /** The nets it is made of. */
  abstract readonly net: NetworkPair | LayeredNet;

  /** Largest batch. */
  abstract get maxImages(): number;

  /** The rows that the first stage reads. */
  protected abstract readonly rows: StimulusRows;

  /** Runs the net on the first `images` loaded images, without learning. Throws a `usage` error for more than `maxImages`. */
  abstract perceive(images: number): void;

  /** Mean firing rate of each hidden stage in the newest pass, spikes a neuron and step; empty for nets that do not spike. */
  abstract rates(): number[];

  /** Everything learned and the running statistics, as named tensors; with `optimiser` AdamW's moments, too. */
  abstract slots(optimiser: boolean): Iterable<Slot>;

  /** What a stimulus value is in units of pixel / 255, per channel: the deviation it was divided by (direct coding), else 1. */
  get stimulusScale(): readonly number[] {
    return this.#direct ? this.data.statistics.std : this.data.statistics.std.map(() => 1);
  }

  /** What is taken from pixel / 255 first, per channel: the training images' mean (direct coding), else 0. */
  get stimulusMean(): readonly number[] {
    return this.data.statistics.mean.map((mean) => (this.#direct ? mean : 0));
  }

  /**
   * What makes variants of this net's images; undefined where the options change nothing.
   *
   * @param seed the training's, an integer from 0 to 2^53 - 1
   * @throws BispikeError "config" for options out of range or beyond such images
   */
  augmenter(options: AugmentOptions, seed: number): Augmenter | undefined {
    if (!augments(options)) return undefined;
    const { data, frame } = this;
    const statistics = { mean: this.stimulusMean, std: this.stimulusScale };
    const layout = { shape: data.shape, frame, stride: this.rows.stimulusWidth, statistics };
    return new Augmenter(options, seed, layout, data.statistics.mean);
  }

  /**
   * Puts images into the stimulus rows, normalised (direct coding) or as intensities 0..1.
   *
   * @param varied shows variants of the images, as training may, in place of the images themselves
   * @returns how many
   * @throws BispikeError "shape" for images of another size or not of bytes, indices the split does not have, or more than `maxImages`
   */
  load(
    split: Split,
    indices: Int32Array | Uint32Array,
    from: number,
    count: number,
    varied?: VariedBatch | undefined,
  ): number {
    const { data, frame } = this;
    const { shape } = data;
    checkImages(split, shape, data.name);
    const { stimulus, stimulusWidth, imageIds } = this.rows;
    if (varied) varied.augmenter.fill(stimulus.view, split, indices, from, count, varied.counter);
    else {
      const statistics = { mean: this.stimulusMean, std: this.stimulusScale };
      fillRows(stimulus.view, stimulusWidth, split, indices, from, count, shape, frame, statistics);
    }
    if (imageIds) for (let k = 0; k < count; k++) imageIds.view[k] = indices[from + k]!;
    return count;
  }
}

/**
 * A spiking pair that can perceive and, unless it is perception alone, recall images.
 *
 * @example
 * const model = new Model(team, { network: defaults.network, seed: 1, maxImages: 128 }, data);
 * model.load(dataset.test, indices, 0, 128);
 * model.perceive(128);
 * decideImages(model, 128)[0].class;
 */
export class Model extends BaseModel {
  readonly spiking = true;
  readonly pair: NetworkPair;

  /**
   * Draws all weights from the seed.
   *
   * @throws BispikeError "data" for fewer than 2 classes, "config" where random target codes of `targetSize` neurons cannot differ
   */
  constructor(team: Team, options: ModelOptions, data: DataSummary) {
    const {
      network,
      seed,
      maxImages,
      pool = 0,
      pooling = "mean",
      keepGradients = true,
      keepDrives = false,
      networks = "both",
    } = options;
    const part = options.part ? { part: options.part } : {};
    const image = paddedShape(network.kind, network.hidden.length, data.shape);
    super(data, image, network.stimulus === "direct");
    const classes = data.classNames.length;
    const maxRecalls = Math.max(classes, options.maxRecalls ?? maxImages);
    const sizes = { image, classes, pool, pooling, maxImages, maxRecalls };
    this.pair = new NetworkPair(team, { ...network, ...sizes, seed, networks, keepDrives, keepGradients, ...part });
  }

  override get net(): NetworkPair {
    return this.pair;
  }

  override get maxImages(): number {
    return this.pair.options.maxImages;
  }

  protected override get rows(): StimulusRows {
    return this.pair;
  }

  override perceive(images: number): void {
    perceive(this.pair, images);
  }

  override rates(): number[] {
    return this.pair.perception.slice(0, -1).map((layer) => {
      const channels = layer.rates();
      return channels.reduce((sum, rate) => sum + rate, 0) / channels.length;
    });
  }

  override slots(optimiser: boolean): Iterable<Slot> {
    return this.pair.slots(optimiser);
  }
}

/**
 * A model that is to have a spiking pair.
 *
 * @param what needs it, such as "bispike plot --kind raster of runs/a"
 * @throws BispikeError "usage" for a non-spiking net
 * @example
 * const { pair } = spikingModel((await openModel("runs/mnist-mlp-seed1")).model, "this script");
 */
export function spikingModel(model: ImageModel, what: string): Model {
  if (model.spiking) return model;
  throw new BispikeError("usage", `${what} needs a spiking pair, but this is a non-spiking net, without spikes`);
}

// A non-spiking net together with what it knows of its data: what rules on such nets train, as a `Model` has a spiking pair.

/** A net with the rows its first stage reads. */
export interface AnnImageRows {
  readonly net: LayeredNet;
  /** [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  /** Largest batch. */
  readonly maxImages: number;
}

/**
 * A non-spiking net with what it knows of its data, as a `Model` has a spiking pair.
 *
 * @example
 * const model = new AnnModel({ net, stimulus, stimulusWidth, maxImages }, data, frame);
 * (await evaluate(model, dataset.test, indices)).accuracy;
 */
export class AnnModel extends BaseModel {
  readonly spiking = false;
  readonly pair = undefined;
  override readonly net: LayeredNet;
  /** The net again, with what it reads. */
  override readonly rows: AnnImageRows;

  /** @param frame the frame images are centred in, of the net's input */
  constructor(rows: AnnImageRows, data: DataSummary, frame: Frame) {
    super(data, frame, true);
    this.net = rows.net;
    this.rows = rows;
  }

  override get maxImages(): number {
    return this.rows.maxImages;
  }

  override perceive(images: number): void {
    assertRows("images", images, this.maxImages);
    this.net.forward(images, false);
  }

  override rates(): number[] {
    return [];
  }

  override slots(optimiser: boolean): Iterable<Slot> {
    return this.net.slots(optimiser);
  }
}
