/** Rows of features in the engine's memory, each feature less its mean and over its standard deviation: a probe's penalty then weighs all alike. */
import type { Region } from "../../engine/memory.ts";

/** Deviations below this share of a feature's mean are float32's rounding. */
const ROUNDING = 1e-6;

/** What was taken away and divided by: x' = (x - mean) scale. */
export interface Standardised {
  readonly mean: Float64Array;
  /** 1 / standard deviation; 0 for a feature that is the same in all rows. */
  readonly scale: Float64Array;
}

/** Standardises `count` rows of `width` floats in place. */
export function standardise({ view }: Region<Float32Array>, count: number, width: number): Standardised {
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let r = 0, at = 0; r < count; r++) for (let f = 0; f < width; f++, at++) mean[f]! += view[at]! / count;
  for (let r = 0, at = 0; r < count; r++)
    for (let f = 0; f < width; f++, at++) squares[f]! += (view[at]! - mean[f]!) ** 2 / count;
  const scale = squares.map((square, f) => {
    const deviation = Math.sqrt(square);
    return deviation > ROUNDING * Math.abs(mean[f]!) ? 1 / deviation : 0;
  });
  for (let r = 0, at = 0; r < count; r++)
    for (let f = 0; f < width; f++, at++) view[at] = (view[at]! - mean[f]!) * scale[f]!;
  return { mean, scale };
}
