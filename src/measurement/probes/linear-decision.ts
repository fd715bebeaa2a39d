/**
 * Decisions by the largest of linear scores, offset_c + sum over f of x_f weight_fc: what a linear probe decides, and what the nearest of some prototypes by centred cosine is, or by centred
 * product. cos(x - m, p_c) with unit p_c has the same length of x - m for every class, so the largest (x - m) p_c is the class.
 */
import type { AffinityKind } from "../../losses/infonce.ts";

export class LinearDecision {
  /** [feature][class]: most features of a spiking stage are 0, and their rows are passed over. */
  readonly #weights: Float64Array;
  readonly #offsets: Float64Array;
  readonly #scores: Float64Array;

  /**
   * @param rows weights, [class][feature]
   * @param offsets one a class; minus infinity for a class that is never to be decided for
   * @example
   * new LinearDecision(Float64Array.of(1, 0, 0, 1), Float64Array.of(0, 0)).classOf(Float64Array.of(0, 2)); // 1
   */
  constructor(rows: Float64Array, offsets: Float64Array) {
    const classes = offsets.length;
    const width = rows.length / classes;
    this.#weights = Float64Array.from(rows, (_, i) => rows[(i % classes) * width + Math.floor(i / classes)]!);
    this.#offsets = offsets;
    this.#scores = new Float64Array(classes);
  }

  /** The class with the largest score, the first of several; -1 where no class can be decided for. */
  classOf(features: Float64Array): number {
    const scores = this.#scores;
    scores.set(this.#offsets);
    const classes = scores.length;
    for (let f = 0, at = 0; f < features.length; f++, at += classes) {
      const x = features[f]!;
      if (x === 0) continue;
      for (let c = 0; c < classes; c++) scores[c]! += x * this.#weights[at + c]!;
    }
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) if (scores[c]! > most) [best, most] = [c, scores[c]!];
    return best;
  }
}

/**
 * The class of the prototype with the largest cosine, or dot product, both sides centred: features less `mean`, prototypes less their own mean over the classes. A prototype that is its mean
 * decides for nothing.
 *
 * @param prototypes [class][feature], of the classes that `present` names (default: all); the others have none
 * @param mean what is taken from the features
 * @param options.affinity by what the nearest is told; default cosines
 * @example
 * nearestPrototype(Float64Array.of(1, 0, 0, 1), Float64Array.of(0.5, 0.5)).classOf(Float64Array.of(0, 1)); // 1
 */
export function nearestPrototype(
  prototypes: Float64Array,
  mean: Float64Array,
  options: { readonly present?: readonly boolean[]; readonly affinity?: AffinityKind } = {},
): LinearDecision {
  const width = mean.length;
  const { present = Array.from({ length: prototypes.length / width }, () => true), affinity = "cosines" } = options;
  const count = present.filter(Boolean).length;
  const rows = new Float64Array(prototypes.length);
  const offsets = new Float64Array(present.length).fill(Number.NEGATIVE_INFINITY);
  const own = new Float64Array(width);
  for (const [c, there] of present.entries())
    if (there) for (let f = 0; f < width; f++) own[f]! += prototypes[c * width + f]! / count;
  for (const [c, there] of present.entries()) {
    if (!there) continue;
    const row = rows.subarray(c * width, (c + 1) * width);
    let [squares, size] = [0, 0];
    for (let f = 0; f < width; f++) {
      const value = prototypes[c * width + f]!;
      row[f] = value - own[f]!;
      squares += row[f]! ** 2;
      size += value ** 2;
    }
    // What rounding leaves of a prototype that is its mean has no direction.
    if (squares <= width * Number.EPSILON ** 2 * size) continue;
    const length = affinity === "dots" ? 1 : Math.sqrt(squares);
    let along = 0;
    for (let f = 0; f < width; f++) {
      row[f]! /= length;
      along += row[f]! * mean[f]!;
    }
    offsets[c] = -along;
  }
  return new LinearDecision(rows, offsets);
}
