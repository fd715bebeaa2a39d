/** The lines of `observations.jsonl`: what a net and its learning are like at some steps of training (`observe` in the configuration). */
import type { StageAngle, WeightAlignment } from "../measure/backprop-twin.ts";

/**
 * One network's half of a hidden stage, over the observed images (recall: over one recall a class), by the norms' running statistics as in any evaluation: before the first step
 * these are not the data's yet.
 */
export interface ObservedSpikes {
  /** Firing rate, spikes a unit and step. */
  readonly rate: number;
  /** Share of units, 0..1, that never fired. */
  readonly dead: number;
  /** Share of units, 0..1, that fired at more than 95 % of all steps. */
  readonly saturated: number;
  /** Effective rank of the firing rates, [sample][unit]; see `effectiveRank` in `bispike/measurement`. */
  readonly effectiveRank: number;
  /** The same of the firing rates less each unit's mean. */
  readonly centredRank: number;
}

/** What was observed of a stage. */
export interface ObservedStage {
  /** 2..L - 1. */
  readonly stage: number;
  /** Hamming similarity of the two networks' spikes, 0..1; null where there is perception alone. */
  readonly hamming: number | null;
  /** The same with recall of another class: the control. */
  readonly hammingShuffled: number | null;
  readonly perception: ObservedSpikes;
  /** Null where there is perception alone. */
  readonly recall: ObservedSpikes | null;
}

/** What was observed of a step. */
export interface Observation {
  /** The step whose gradients are compared, from 1; all else is of the weights just before it. */
  readonly step: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  /** Images the spikes are measured on; 0 for non-spiking nets. */
  readonly images: number;
  /** Angles between the rule's and backprop's gradients, stages 2..L. */
  readonly gradients: readonly StageAngle[];
  /** Weights up against those down; empty where nothing goes down by weights of its own. */
  readonly weights: readonly WeightAlignment[];
  /** Hidden stages; empty for non-spiking nets. */
  readonly stages: readonly ObservedStage[];
}
