/** Products of an alignment of two networks' features (`learning/stage-alignment.ts`). */

export interface AlignmentRows {
  /** J, rows of recall or feedback a batch. */
  readonly recalls: number;
  /** B. */
  readonly batch: number;
  readonly recallLearns: boolean;
  /** Whether rows are compared by cosines: then each has its own square, and a term of its own in its gradient. */
  readonly own: boolean;
}

/**
 * MACs of one image and its share of the recalled rows: dot products with each recalled row, squares, and the combinations that carry the gradient, to perception's row (not at
 * stage 1, whose stimulus learns nothing) and to recall's where it learns. A combination is a sum over the other side's rows and the row itself.
 *
 * @param widths features of stage 1, the stimulus's, then of the hidden stages
 */
export function alignmentMacs(
  [stimulus = 0, ...hidden]: readonly number[],
  { recalls, batch, recallLearns, own }: AlignmentRows,
): number {
  const share = own ? recalls / batch : 0;
  const self = own ? 1 : 0;
  const compared = recalls + self + share;
  const toRecall = recallLearns ? recalls + share : 0;
  const toPerception = recalls + self;
  return (
    (compared + toRecall) * stimulus +
    (compared + toRecall + toPerception) * hidden.reduce((sum, width) => sum + width, 0)
  );
}
