/** What a sequence task hands to the learners: inputs and targets by position, and the parts of the series that train, choose and test. */

/** One element a position; position n's input and target are at index n. */
export type SequenceInputs =
  /** One-hot; width: the alphabet's size. */
  | { readonly kind: "symbols"; readonly width: number; readonly symbols: Uint16Array }
  /** [position][width], standardised. */
  | { readonly kind: "values"; readonly width: number; readonly values: Float32Array };

export type SequenceTargets =
  | { readonly kind: "symbols"; readonly width: number; readonly symbols: Uint16Array }
  /** [position][width], standardised. */
  | { readonly kind: "values"; readonly width: number; readonly values: Float32Array };

/** Positions, `to` exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface SequenceSet {
  readonly name: string;
  readonly inputs: SequenceInputs;
  readonly targets: SequenceTargets;
  readonly parts: { readonly train: Range; readonly heldOut: Range; readonly test: Range };
}
