/**
 * What a learning rule knows of the nets it trains and of what they learn for. Rows are samples x positions: an image has one position, a window of text has 32; row k of a region is
 * position * rows + row. A problem implements `Ends`: what is shown and told, and what is measured at the stimulus and at the top. A rule knows no problem.
 */
import type { Address, Region } from "../engine/memory.ts";
import type { AlignedStage, Alignment } from "../losses/align.ts";
import type { Feature } from "../nets/neuron.ts";
import type { Statistics } from "../nets/norm.ts";
import type { StageRange } from "../nets/pair.ts";
import type { ParameterGroup } from "../nets/parameters.ts";
import type { Population } from "../nets/population.ts";
import type { Shape } from "../nets/shape.ts";

/** Rows of a pass. */
export interface Span {
  /** Elements of a window; 1 of images. */
  readonly positions: number;
  /** Samples side by side. */
  readonly rows: number;
}

/** Rows of memory that a span has. */
export const rowsOf = ({ positions, rows }: Span): number => positions * rows;

/** Which network: perception (stimulus to target) or recall (target to stimulus). */
export type Side = "perception" | "recall";

/** One network's half of a stage, as rules see it. */
export interface StageLayer {
  readonly name: string;
  readonly group: ParameterGroup;
  /** Feature rows [row][featureWidth] of the newest pass. */
  readonly features: Region<Float32Array>;
  readonly featureWidth: number;
  /** What features are of: cells x channels, or a flat population. */
  readonly plane: Shape;
  /** Added to the gradient of every spike of a neuron (homeostasis). */
  readonly regularisation: Region<Float32Array>;
  /** Drives, spikes and features, and the lists of spikes that the next layer reads. */
  forward(span: Span, mode: { readonly learn: Statistics; readonly feature: Feature }): void;
  /** The gradients of the group's parameters, from rows of the features' gradient. */
  backward(span: Span, feature: Feature, gradient: Address): void;
  /** Moves running statistics that wait for the update. `seen`: batches they are of. */
  settle(span: Span, seen: number): void;
  /** Firing rate of each neuron (of a plane: of each channel) in the newest pass, and in how many steps it could have fired. */
  rates(span: Span): { readonly rates: Float64Array; readonly seen: number };
}

/** Rows in recall's place. */
export interface Codes {
  readonly features: Region<Float32Array>;
  /** Writes the rows anew: an alignment centres them in place. */
  write(): void;
}

/** A hidden stage: perception's half, and what its features are held against. */
export interface HiddenStage {
  /** Its number, 2 .. L - 1. */
  readonly stage: number;
  readonly up: StageLayer;
  readonly down: StageLayer | Codes;
}

/** Whether a stage is held against recall. */
export const isRecall = (down: StageLayer | Codes): down is StageLayer => "group" in down;

/** A pair of nets, or some of its stages in a row. */
export interface PairView {
  /** Number of stages, stimulus and concept included. */
  readonly stages: number;
  /** The stages at hand. */
  readonly range: StageRange;
  /** From stage 2 up, the concept's last; or from the first at hand. */
  readonly perception: readonly StageLayer[];
  /** From stage 1 up, or from the first at hand; empty without recall. */
  readonly recall: readonly StageLayer[];
  readonly hidden: readonly HiddenStage[];
  /** Recall's half of stage 1, where there is one. */
  readonly reconstructed: StageLayer | undefined;
  /** Perception's half of the last stage, where it is at hand. */
  readonly concept: StageLayer | undefined;
  /** Where the pair is cut: spikes it waits for from below and above, and its own that others wait for. */
  readonly cuts: {
    readonly below?: Population | undefined;
    readonly above?: Population | undefined;
    readonly up?: Population | undefined;
    readonly down?: Population | undefined;
  };
  /** Silence before the windows to come. */
  reset(span: Span): void;
}

/** What every batch may say. */
export interface Continues {
  /** Whether the nets' newest state precedes the windows. Default false: they begin in silence. */
  readonly continues?: boolean;
  /** Where norms of windows take their statistics from. Default batch. */
  readonly statistics?: Statistics;
  /** Batches that running statistics are of. Default the optimiser's steps. */
  readonly seen?: number | undefined;
}

/** A loss, and rows of its gradient by the features of the layer it is of. */
export interface EndLoss {
  readonly loss: number;
  readonly gradient: Address;
}

/** What learning is for: both ends of a pair, for batches B. */
export interface Ends<B> {
  /** Most rows of perception and of recall. */
  readonly room: { readonly rows: number; readonly columns: number };
  /** What `stimulus` aligns with the rule's alignment. */
  readonly aligned?: readonly AlignedStage[];
  /** Rows that perception is shown and that recall is told: samples, positions, or classes. */
  spans(batch: B): { readonly shown: Span; readonly told: Span };
  /** Makes the stimulus's spikes, or lists those that came from the stage below. */
  show(batch: B): void;
  /** Makes the spikes that recall starts from, or lists those that came from the stage above. */
  tell(batch: B): void;
  /** What tells rivals from each other: see `Sides.labels`. */
  labels(batch: B): ArrayLike<number> | undefined;
  /** Stage 1: what recall has reconstructed, against the stimulus. Undefined where it is not measured. */
  stimulus(batch: B, learns: boolean, alignment: Alignment): EndLoss | undefined;
  /** Stage L: what perception has read out, against the target. `correct`: right decisions. */
  top(batch: B): EndLoss & { readonly correct: number };
}
