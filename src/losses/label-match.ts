/**
 * Squared difference of affinities and the label match (Kao and Hariharan 2024): each sample's row v_k against the row w_j of every class j,
 *
 *   dots     L = weight / (K J n) sum_kj (D_kj - M_kj)^2,  D_kj = v_k . w_j                M_kj = 1 where k is of class j, else 0; n features
 *   cosines  L = weight / (K J)   sum_kj (C_kj - M_kj)^2,  C_kj = D_kj / (|v_k| |w_j|), 0 where a row is silent
 *
 * so that w_j are rows of classes in order: prototypes. With G = dL/dD or dL/dC: mix_kj = G_kj, or G_kj / (|v_k| |w_j|) and own_k = -sum_j G_kj C_kj / |v_k|^2.
 */
import { type AlignmentLoss, SILENT } from "./affinity.ts";

export interface LabelMatchOptions {
  readonly affinity: "dots" | "cosines";
  /** Features a row (without padding). */
  readonly features: number;
  readonly weight: number;
}

export function labelMatch({ affinity, features, weight }: LabelMatchOptions): AlignmentLoss {
  const cosines = affinity === "cosines";
  return (_team, { rows, columns, dots, rowSquares, columnSquares }, { positive }, out) => {
    const unit = weight / (rows * columns * (cosines ? 1 : features));
    const [mix, rowOwn, columnOwn] = [out.mix.view, out.rowOwn.view, out.columnOwn.view];
    columnOwn.fill(0, 0, columns);
    let loss = 0;
    for (let k = 0; k < rows; k++) {
      const square = rowSquares.view[k]!;
      let own = 0;
      for (let j = 0; j < columns; j++) {
        const other = columnSquares.view[j]!;
        const share = cosines ? (square > SILENT && other > SILENT ? 1 / Math.sqrt(square * other) : 0) : 1;
        const value = dots.view[k * columns + j]! * share;
        const gap = value - (positive.view[k] === j ? 1 : 0);
        loss += unit * gap * gap;
        mix[k * columns + j] = 2 * unit * gap * share;
        if (!cosines || share === 0) continue;
        own -= (2 * unit * gap * value) / square;
        columnOwn[j]! -= (2 * unit * gap * value) / other;
      }
      rowOwn[k] = own;
    }
    return loss;
  };
}
