/** A pair together with what it knows of its data: how pixels become its stimulus, and the names of its concepts. */
import { type Frame, fillRows } from "../data/batch.ts";
import type { Split } from "../data/dataset.ts";
import type { ChannelStatistics } from "../data/normalise.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { type NetworkOptions, NetworkPair, paddedShape } from "./pair.ts";
import type { Shape } from "./shape.ts";

/** What a pair must know of the data it was trained on; part of a checkpoint. */
export interface DataSummary {
  readonly name: string;
  readonly shape: Shape;
  readonly classNames: readonly string[];
  /** Of the training images, per channel, in units of pixel / 255. */
  readonly statistics: ChannelStatistics;
}

export interface ModelOptions {
  readonly network: NetworkOptions;
  readonly seed: number;
  /** Largest batch. */
  readonly maxImages: number;
  /** Rows recall runs at once; at least the number of classes. Default: that or maxImages, whichever is more. */
  readonly maxRecalls?: number;
  /** Average-pool convolutional features to this many cells a side before comparing; 0 for none. Default 0. */
  readonly pool?: number;
  /** As the pair's: default true. */
  readonly keepGradients?: boolean;
}

/** A pair that can perceive and recall images. */
export class Model {
  readonly data: DataSummary;
  readonly pair: NetworkPair;
  /** The frame images are centred in. */
  readonly frame: Frame;
  readonly #direct: boolean;

  constructor(team: Team, options: ModelOptions, data: DataSummary) {
    const { network } = options;
    const image = paddedShape(network.kind, network.hidden.length, data.shape);
    const classes = data.classNames.length;
    if (classes < 2) throw new BispikeError("data", `${data.name}: expected at least 2 classes, got ${classes}`);
    this.data = data;
    this.frame = image;
    this.#direct = network.stimulus === "direct";
    const { seed, maxImages, pool = 0, keepGradients = true } = options;
    const maxRecalls = Math.max(classes, options.maxRecalls ?? maxImages);
    const sizes = { image, classes, pool, maxImages, maxRecalls };
    this.pair = new NetworkPair(team, { ...network, ...sizes, seed, keepGradients });
  }

  /** What a stimulus value is in units of pixel / 255, per channel: the deviation it was divided by (direct coding), else 1. */
  get stimulusScale(): readonly number[] {
    return this.#direct ? this.data.statistics.std : this.data.statistics.std.map(() => 1);
  }

  /** What is taken from pixel / 255 first, per channel: the training images' mean (direct coding), else 0. */
  get stimulusMean(): readonly number[] {
    return this.data.statistics.mean.map((mean) => (this.#direct ? mean : 0));
  }

  /** Puts images into the pair's stimulus rows, normalised (direct coding) or as intensities 0..1. Returns how many. */
  load(split: Split, indices: Int32Array | Uint32Array, from: number, count: number): number {
    const { pair, data, frame } = this;
    const { shape } = data;
    const statistics = { mean: this.stimulusMean, std: this.stimulusScale };
    const { stimulus, stimulusWidth } = pair;
    fillRows(stimulus.view, stimulusWidth, split, indices, from, count, shape, frame, statistics);
    for (let k = 0; k < count; k++) pair.imageIds.view[k] = indices[from + k]!;
    return count;
  }
}
