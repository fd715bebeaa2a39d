/** What a trainer knows of a rule that learns sequences, whatever its net. */
import type { SequenceSet } from "../../data/sequence/task.ts";
import type { Team } from "../../engine/team.ts";
import type { Slot } from "../../network/slots.ts";
import type { AdamW } from "../optimiser.ts";
import type { Rates, StageReport } from "../rule.ts";

/** Losses are means over positions; the top loss is cross-entropy in nats (symbols) or the squared error of standardised values, for which `correct` is 0. */
export interface SequenceStepReport extends StageReport {
  /** Elements of the step: windows * positions a window. */
  readonly positions: number;
}

/** Outputs of windows, [position][row][stride]: logits of symbols, or standardised values. */
export interface SequenceOutputs {
  readonly view: Float32Array;
  /** Floats a row; those past the outputs mean nothing. */
  readonly stride: number;
}

/** A learning rule for sequences with its net, as the trainer knows it. */
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
