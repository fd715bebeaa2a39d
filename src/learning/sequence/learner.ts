/** What a trainer knows of a rule that learns sequences, whatever its net. */
import type { SequenceSet } from "../../data/sequence/task.ts";
import type { Team } from "../../engine/team.ts";
import type { Slot } from "../../network/slots.ts";
import type { AdamW } from "../optimiser.ts";
import type { Rates } from "../rule.ts";

export interface SequenceStepReport {
  /** Mean over positions: cross-entropy in nats for symbols, mean squared error of standardised values. */
  readonly loss: number;
  /** Loss of stages 1 .. L; 0 for stages without one of their own. */
  readonly stageLosses: readonly number[];
  /** Mean firing rate of each hidden stage; empty for nets that do not spike. */
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
  /** Positions whose next symbol had the largest output; 0 for values. */
  readonly correct: number;
  /** Elements of the step: windows * positions a window. */
  readonly positions: number;
}

/** Outputs of windows, [position][row][stride]: logits of symbols, or standardised values. */
export interface SequenceOutputs {
  readonly view: Float32Array;
  readonly stride: number;
}

export interface SequenceLearner {
  readonly team: Team;
  /** Positions a window. */
  readonly window: number;
  /** Most windows at once. */
  readonly maxRows: number;
  readonly optimiser: AdamW;
  /** Puts the windows that begin at starts[from .. from + count) into the net's memory. */
  load(set: SequenceSet, starts: Int32Array, from: number, count: number): void;
  /** One update from the loaded windows. Throws a `training` error when the loss stops being finite. */
  step(rates: Rates): SequenceStepReport;
  /** Outputs of the loaded windows without learning; valid until the next call. */
  predict(): SequenceOutputs;
  /** Everything learned as named tensors (weights [out][in]), with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot>;
}
