/**
 * InfoNCE (van den Oord et al. 2018): the sample's own recall must be told from the rivals by its affinity,
 *
 *   L = -weight / K sum_k ln ( exp(z_k,k+) / sum_{j in {k+, rivals}} exp(z_kj) ),   z_k,k+ = A_k,k+ / temperature,   z_kj = A_kj / temperature + margin for rivals
 *
 *   dL/dA_kj = weight / (K temperature) (p_kj - [j = k+]),  p the softmax of z over k+ and the rivals
 *
 *   cosines   A_kj = v_k . w_j / (|v_k| |w_j|)
 *   dots      A_kj = v_k . w_j / n,  n features: the mean product
 *
 * Cosines lie between -1 and 1, so their softmax can be no surer than the temperature lets it be. Mean products grow with what the two networks have to say: a stage goes on from samples it has
 * learned to those it has not, as under the cross-entropy of a classifier of its own.
 *
 * With a margin a rival counts as e^margin of it: the own recall must lead by so much before they stop to push. ln n is what n images a class in the batch make of a prototype a class.
 */
import { BispikeError } from "../errors.ts";
import { type AlignmentLoss, lossOfCosines, lossOfProducts, type RowKernel, SILENT } from "./affinity.ts";

/** What rows are told apart by: the cosine of the angle between them, or their mean product. */
export const AFFINITIES = ["cosines", "dots"] as const;
/** What rows are told apart by. cosines: A_kj = v_k . w_j / (|v_k| |w_j|). dots: A_kj = v_k . w_j / n, the mean product over n features. */
export type AffinityKind = (typeof AFFINITIES)[number];

/** What InfoNCE is told. */
export interface InfoNceOptions {
  /** Temperature of the softmax, above 0. */
  readonly temperature: number;
  /** Weight of the whole. */
  readonly weight: number;
  /** By how many nats rivals stand higher than they are. Default 0. */
  readonly margin?: number;
  /** What rows are told apart by: see `AffinityKind`. Default cosines. */
  readonly affinity?: AffinityKind;
  /** Features a row, without padding; dots need it. */
  readonly features?: number;
}

/**
 * InfoNCE (van den Oord et al. 2018) as a stage loss, of the affinities A of K samples with their own recall, k+, and with the rivals; the sum runs in a kernel:
 *
 *     L = -weight / K sum_k ln ( exp(z_k,k+) / sum_{j in {k+, rivals}} exp(z_kj) ),   z = A / temperature, for rivals + margin
 *
 * @throws BispikeError "usage" for dots without `features`
 * @example
 * infonce({ temperature: 0.1, weight: 1 });
 * infonce({ temperature: 0.02, weight: 1, affinity: "dots", features: 256 });
 */
export function infonce(options: InfoNceOptions): AlignmentLoss {
  const { temperature, weight, margin = 0, affinity = "cosines", features = 0 } = options;
  const kernel = (features: number): RowKernel => {
    return (team, rows, shared) => team.run("infonceRows", rows, { ...shared, features, temperature, margin });
  };
  if (affinity === "cosines") return lossOfCosines(kernel(0), weight);
  if (!(features > 0))
    throw new BispikeError(
      "usage",
      `infonce of dots: expected features, the numbers a row has, above 0, got ${features}`,
    );
  return lossOfProducts(kernel(features), weight);
}

/**
 * Squared difference of affinities and the label match (Kao and Hariharan 2024): each sample's row v_k against the row w_j of every class j,
 *
 *   dots     L = weight / (K J n) sum_kj (D_kj - M_kj)^2,  D_kj = v_k . w_j                M_kj = 1 where k is of class j, else 0; n features
 *   cosines  L = weight / (K J)   sum_kj (C_kj - M_kj)^2,  C_kj = D_kj / (|v_k| |w_j|), 0 where a row is silent
 *
 * so that w_j are rows of classes in order: prototypes. With G = dL/dD or dL/dC: mix_kj = G_kj, or G_kj / (|v_k| |w_j|) and own_k = -sum_j G_kj C_kj / |v_k|^2.
 */

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
