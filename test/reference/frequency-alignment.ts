/**
 * The stage loss split by frequency, float64: every band of the transformed rows is aligned by itself (`alignment.ts`), with a lambda and a weight of its own, and gradients
 * go back by the transposed matrix.
 *
 *   L = sum_b share_b L(F_b v, F_b w; lambda_b),   dL/dv = sum_b share_b F_b^T dL/d(F_b v)
 *
 * Rows are [point][channels]. The mean over the rows is taken from the coefficients, in each band.
 */
import { type AlignmentOptions, align, type Means } from "./alignment.ts";
import { fourierForward, fourierMatrix, fourierTranspose } from "./fourier.ts";

export interface ReferenceSplit {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly edges: readonly number[];
  readonly bands: readonly { readonly lambda: number; readonly share: number }[];
}

export interface SplitAlignment {
  readonly loss: number;
  readonly gradV: Float64Array;
  readonly gradW: Float64Array;
  /** The means of each band's coefficients, to hold in a finite difference. */
  readonly means: readonly Means[];
  /** The rows of each band that was aligned, to judge how well their directions are known. */
  readonly parts: readonly {
    readonly band: number;
    readonly features: number;
    readonly v: Float64Array;
    readonly w: Float64Array;
  }[];
}

export function frequencyAlign(
  v: Float64Array,
  w: Float64Array,
  labels: readonly number[],
  split: ReferenceSplit,
  options: Omit<AlignmentOptions, "lambda">,
  heldMeans?: readonly Means[],
): SplitAlignment {
  const { height, width, channels, edges, bands } = split;
  const matrix = fourierMatrix(height, width, edges);
  const size = matrix.length * channels;
  const [spectrumV, spectrumW] = [fourierForward(matrix, v, channels), fourierForward(matrix, w, channels)];
  const [slopeV, slopeW] = [new Float64Array(v.length), new Float64Array(w.length)];
  let loss = 0;
  const means: Means[] = [];
  const parts: SplitAlignment["parts"][number][] = [];
  for (const [band, { lambda, share }] of bands.entries()) {
    const first = matrix.findIndex((c) => c.band === band) * channels;
    const features = matrix.filter((c) => c.band === band).length * channels;
    if (features === 0 || share === 0) continue;
    const cut = (x: Float64Array) =>
      Float64Array.from(
        { length: (x.length / size) * features },
        (_, at) => x[Math.floor(at / features) * size + first + (at % features)]!,
      );
    const paste = (gradient: Float64Array, to: Float64Array) => {
      for (const [at, g] of gradient.entries())
        to[Math.floor(at / features) * size + first + (at % features)] = share * g;
    };
    const part = { band, features, v: cut(spectrumV), w: cut(spectrumW) };
    const one = align(part.v, part.w, labels, { ...options, lambda }, heldMeans?.[means.length]);
    loss += share * one.loss;
    paste(one.gradV, slopeV);
    paste(one.gradW, slopeW);
    means.push(one.means);
    parts.push(part);
  }
  return {
    ...{ loss, means, parts },
    gradV: fourierTranspose(matrix, slopeV, channels),
    gradW: fourierTranspose(matrix, slopeW, channels),
  };
}
