/** Products of an alignment of two networks' features (`losses/align.ts`). */

export interface AlignmentRows {
  /** J, rows of recall or feedback a batch. */
  readonly recalls: number;
  /** B. */
  readonly batch: number;
  readonly recallLearns: boolean;
  /** Whether rows are compared by cosines, of stage 1 and of the hidden stages: then each has its own square, and a term of its own in its gradient. */
  readonly own: { readonly stimulus: boolean; readonly hidden: boolean };
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
  const sums = (ofOwn: boolean) => {
    const share = ofOwn ? recalls / batch : 0;
    const compared = recalls + (ofOwn ? 1 + share : 0);
    return { compared, toRecall: recallLearns ? recalls + share : 0, toPerception: recalls + (ofOwn ? 1 : 0) };
  };
  const [first, above] = [sums(own.stimulus), sums(own.hidden)];
  return (
    (first.compared + first.toRecall) * stimulus +
    (above.compared + above.toRecall + above.toPerception) * hidden.reduce((sum, width) => sum + width, 0)
  );
}
