/** A similarity matrix in a few numbers, for who does not see it. */
import type { Similarity } from "../worker/protocol-look.ts";

export interface ClassLikeness {
  readonly label: number;
  /** Mean cosine with rows of the same class, and with those of others; null where there are none. */
  readonly own: number | null;
  readonly others: number | null;
}

/**
 * A class each, ascending.
 *
 * @param sameSet whether rows and columns are the same vectors: one's likeness to itself is then left out
 */
export function likenessByClass({ rows, columns, cosines }: Similarity, sameSet: boolean): ClassLikeness[] {
  const classes = [...new Set(rows)].sort((a, b) => a - b);
  return classes.map((label) => {
    const sums = { own: 0, owns: 0, others: 0, differ: 0 };
    for (const [r, row] of rows.entries()) {
      if (row !== label) continue;
      for (const [c, column] of columns.entries()) {
        if (sameSet && r === c) continue;
        const cosine = cosines[r * columns.length + c]!;
        if (column === label) {
          sums.own += cosine;
          sums.owns++;
        } else {
          sums.others += cosine;
          sums.differ++;
        }
      }
    }
    const mean = (sum: number, count: number) => (count > 0 ? sum / count : null);
    return { label, own: mean(sums.own, sums.owns), others: mean(sums.others, sums.differ) };
  });
}
