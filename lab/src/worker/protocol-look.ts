/** What the page may ask to look inside a run: plain data, made anew for a few images of the newest batch at each question. */

/** What the inside of a run is made of; the same for as long as it is open. */
export interface Inside {
  /** What units say to each other: spikes, or real numbers under rules that train nets of these. */
  readonly signal: "spikes" | "activations";
  readonly recalls: boolean;
  /** Populations that can be looked at, from the stimulus up. */
  readonly stages: readonly InsideStage[];
  /** Weights, from the lowest up. */
  readonly joints: readonly InsideJoint[];
  /** Whether there are weights down that can be held against those up. */
  readonly aligns: boolean;
}

export interface InsideStage {
  readonly name: string;
  readonly units: number;
  /** "28x28x32", or "512" for a flat one. */
  readonly shape: string;
  /** Whether recall has units here too. */
  readonly recalled: boolean;
}

/** The weights that join two neighbouring stages. */
export interface InsideJoint {
  /** "stimulus and stage 2" */
  readonly name: string;
  /** How many weights go up, and down; null where none do. */
  readonly up: number;
  readonly down: number | null;
}

/** Spikes of some neighbouring units for some images. */
export interface Trains {
  readonly images: number;
  /** Steps an image: T, or 1 for units of real numbers. */
  readonly steps: number;
  readonly units: number;
  /** [image][step][unit]: 127 for a spike, 0 for none; or an activation over the largest one's size, in 127ths. */
  readonly values: Int8Array;
}

export interface Raster {
  readonly step: number;
  /** Number of the first unit shown, from 0, and how many the stage has. */
  readonly first: number;
  readonly total: number;
  /** The images' classes, ascending. */
  readonly labels: readonly number[];
  readonly perception: Trains;
  /** Recall of each image's class; null where recall has no units. */
  readonly recall: Trains | null;
}

/** Counts over equal bins from `from` to `to`. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** How often units fire, or how active they are on the mean. */
export interface RateHistogram extends Histogram {
  readonly units: number;
  readonly mean: number;
  /** Shares of units that were silent for all images, and that fired at nearly every step (0 for activations). */
  readonly dead: number;
  readonly saturated: number;
}

export interface LearningRates {
  readonly step: number;
  readonly images: number;
  readonly perception: RateHistogram;
  /** Over one recall of each class; null where recall has no units. */
  readonly recall: RateHistogram | null;
}

export interface WeightHistogram extends Histogram {
  readonly weights: number;
  readonly mean: number;
  readonly deviation: number;
}

export interface Weights {
  readonly step: number;
  readonly up: WeightHistogram;
  readonly down: WeightHistogram | null;
}

export interface Alignment {
  readonly step: number;
  /** A pair of neighbouring stages each, from the lowest up. */
  readonly joints: readonly {
    readonly name: string;
    /** Cosine of the weights up and the mirrored weights down; null where there is none. */
    readonly cosine: number | null;
    /** What independent random weights would have, give or take. */
    readonly chance: number;
  }[];
}

/** Which of the networks' firing rates are compared. */
export type Compared = "both" | "perception" | "recall";

export interface Similarity {
  readonly step: number;
  /** Classes of the rows and of the columns, ascending. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** Centred cosines, [row][column], -1..1. */
  readonly cosines: Float32Array;
}

/** Part of what a worker answers; see `LabApi`. Stages and joints are places in the lists of `inside`. */
export interface LookApi {
  inside(): Promise<Inside>;
  /** @param first number of the first unit shown, from 0; null for some in the middle, as those at a picture's edge are mostly silent */
  raster(stage: number, first: number | null): Promise<Raster>;
  rates(stage: number): Promise<LearningRates>;
  weights(joint: number): Promise<Weights>;
  alignment(): Promise<Alignment>;
  similarity(stage: number, compared: Compared): Promise<Similarity>;
}
