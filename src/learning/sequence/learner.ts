/** What the trainer knows of a net for sequences and its learning rule. */
import type { SequenceSet } from "../../data/sequence/task.ts";
import type { Team } from "../../engine/team.ts";
import type { AdamW } from "../optimiser.ts";
import type { Rates } from "../rule.ts";

export interface SequenceStepReport {
  /** Sum of all stage losses, means over the windows' positions. */
  readonly loss: number;
  /** Loss of stages 1..L; the last is the top loss (nats, or mean squared error of standardised values). */
  readonly stageLosses: readonly number[];
  /** Mean firing rate of each hidden stage, spikes a neuron and step; empty for nets that do not spike. */
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
  /** Positions whose largest logit is the target's; 0 for values. */
  readonly correct: number;
  readonly positions: number;
}

/** A tensor's place in the engine: how to read and write it. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  read(): Float32Array;
  write(values: Float32Array): void;
}

export interface SequenceLearner {
  readonly team: Team;
  /** Elements of the longest window. */
  readonly window: number;
  readonly maxRows: number;
  readonly optimiser: AdamW;
  /** Puts windows of `window` elements that start at starts[from .. from + count) into the net's memory. */
  load(set: SequenceSet, starts: Int32Array, from: number, count: number): void;
  /** One update from the loaded windows. Throws a `training` error that names the stage when a loss stops being finite. */
  step(rates: Rates): SequenceStepReport;
  /** Outputs of the loaded windows without learning: logits of symbols or standardised values, [position][row][stride]. */
  predict(): { readonly view: Float32Array; readonly stride: number };
  /** Everything that is learned as named tensors in plain order ([out][in]), with the optimiser's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot>;
}
