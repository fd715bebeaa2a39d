/** How the two halves of an autoencoders' stage are compared, float64: image k's own two rows belong together, all other images are rivals; plainly or by bands of frequency. */
import { type AlignmentOptions, align } from "./alignment.ts";
import { frequencyAlign } from "./frequency-alignment.ts";
import { type BandChoice, referenceSplit } from "./frequency-split.ts";
import type { Plane } from "./local-reconstruction.ts";

export interface ComparisonRule {
  readonly alignment: Pick<AlignmentOptions, "loss" | "centred" | "lambda" | "temperature">;
  /** null: features are compared as they are. */
  readonly frequency: BandChoice | null;
}

/** Rows that were compared, after centring, to judge how well their directions are known: whole ones and, where the loss is split, each band's. */
export interface ComparedRows {
  readonly stage: number;
  readonly band: boolean;
  readonly features: number;
  readonly v: Float64Array;
  readonly w: Float64Array;
  /** Whether the features of a whole side are 0. */
  readonly silent: { readonly v: boolean; readonly w: boolean };
}

const spaceOf = ({ height, width }: Plane): number => height * width;

/** [batch][channels][space] to [batch][space][channels], or back with the two sizes exchanged. */
function exchanged(x: Float64Array, channels: number, space: number): Float64Array {
  const size = channels * space;
  return x.map((_, at) => {
    const [row, place] = [at - (at % size), at % size];
    return x[row + (place % channels) * space + Math.floor(place / channels)]!;
  });
}

function centredRows(x: Float64Array, features: number): Float64Array {
  const mean = new Float64Array(features);
  for (const [at, value] of x.entries()) mean[at % features]! += value / (x.length / features);
  return x.map((value, at) => value - mean[at % features]!);
}

/** The features of a stage compared, v and w [batch][channels][space]: plainly or in each band of frequencies. */
export function compare(
  stage: number,
  v: Float64Array,
  w: Float64Array,
  batch: number,
  plane: Plane,
  rule: ComparisonRule,
) {
  const names = Array.from({ length: batch }, (_, k) => k);
  const { centred } = rule.alignment;
  const own = (x: Float64Array, features: number) => (centred ? centredRows(x, features) : x);
  const options = { ...rule.alignment, rivals: "literal", classes: batch } as const;
  const none = (x: Float64Array) => x.every((value) => value === 0);
  const silent = { v: none(v), w: none(w) };
  const rows = (features: number, band: boolean, part: { v: Float64Array; w: Float64Array }): ComparedRows => ({
    ...{ stage, band, features, silent },
    v: own(part.v, features),
    w: own(part.w, features),
  });
  const whole = rows(v.length / batch, false, { v, w });
  if (!rule.frequency) {
    const { loss, gradV, gradW } = align(v, w, names, options);
    return { loss, gradV, gradW, compared: [whole] };
  }
  // A flat population is one line of neurons, in their order.
  const space = spaceOf(plane);
  const line = space === 1 ? { height: 1, width: plane.channels, channels: 1 } : plane;
  const [toPoints, back] = [
    (x: Float64Array) => exchanged(x, line.channels, spaceOf(line)),
    (x: Float64Array) => exchanged(x, spaceOf(line), line.channels),
  ];
  const split = { ...line, ...referenceSplit(line, rule.frequency) };
  const { loss, gradV, gradW, parts } = frequencyAlign(toPoints(v), toPoints(w), names, split, options);
  return {
    ...{ loss, gradV: back(gradV), gradW: back(gradW) },
    compared: [whole, ...parts.map((part) => rows(part.features, true, part))],
  };
}
