/** What float32 may make of a step of autoencoders: whether spikes and directions are the same, and how well losses are known. */
import type { AutoencoderRule, AutoencoderStep, HalfStep } from "./autoencoder-reference.ts";

/** Largest size of any number; 0 of none. */
export function largest(arrays: Iterable<ArrayLike<number>>): number {
  let most = 0;
  for (const array of arrays) for (let i = 0; i < array.length; i++) most = Math.max(most, Math.abs(array[i]!));
  return most;
}

/** Largest drive of each channel as the norm's scale makes it. The norm is folded into z scale + shift: a large z scale loses what cancels. */
function driveSizes({ z, block, rates, plane, scale }: HalfStep): Float64Array {
  const { height, width, channels } = plane;
  const sizes = new Float64Array(rates.length);
  for (const [at, value] of z.entries()) {
    const c = Math.floor(at / (height * width)) % channels;
    const factor = scale ? scale[c]! * block.norm!.inverseDeviation[c]! : 1;
    sizes[c] = Math.max(sizes[c]!, Math.abs(value * factor));
  }
  return sizes;
}

const driveSize = (half: HalfStep): number => Math.max(...driveSizes(half));

/** By how much all membranes keep clear of the threshold, in units of what float32 may be wrong by. */
export function margin(theta: number, halves: readonly HalfStep[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const half of halves) {
    const { channels, height, width } = half.plane;
    const sizes = driveSizes(half);
    for (const [at, h] of half.membrane.entries()) {
      const size = sizes[Math.floor(at / (height * width)) % channels]!;
      least = Math.min(least, Math.abs(h - theta) / (1e-5 + 8 * 2 ** -24 * size));
    }
  }
  return least;
}

const rowLengths = (x: Float64Array, features: number): number[] =>
  Array.from({ length: x.length / features }, (_, row) =>
    Math.hypot(...x.subarray(row * features, (row + 1) * features)),
  );

/** How well a stage's comparison is known. */
export interface Doubt {
  /** Whether each row has a direction, or is silent in both. */
  readonly firm: boolean;
  /** What float32 may do to the stage's loss. */
  readonly loss: number;
}

/**
 * Features are known to float32's rounding of the longest row V, and where they are drives or membranes to what the norm leaves of the drive's; a direction of length b to
 * that over b.
 */
export function doubtOf(step: AutoencoderStep, stage: number, rule: AutoencoderRule, images: number): Doubt {
  const { weight, frequency } = rule;
  const { loss, centred, lambda, temperature } = rule.alignment;
  const compared = step.compared.filter((rows) => rows.stage === stage);
  let [firm, shortest, longest] = [true, Number.POSITIVE_INFINITY, 0];
  for (const { band, features, silent, ...sides } of compared)
    for (const side of ["v", "w"] as const)
      for (const length of rowLengths(sides[side], features)) {
        longest = Math.max(longest, length);
        // A row that is its own mean leaves nothing but rounding, unless there is no other row.
        const quiet = band ? length < 1e-9 : length === 0 && (silent[side] || !centred || images === 1);
        if (quiet) continue;
        shortest = Math.min(shortest, length);
        firm &&= length > 0.05;
      }
  const rival = frequency ? Math.max(frequency.lowLambda, frequency.highLambda) : lambda;
  const hidden = step.perception.halves.length;
  const halves = [step.perception.halves[stage - 2]!, step.recall.halves[hidden + 1 - stage]!];
  const { features } = compared[0]!;
  const drives = Math.max(...halves.map(driveSize));
  const eps = 2 ** -23;
  const wrong = 32 * eps * longest + (rule.features === "rate" ? 0 : 4 * eps * drives * Math.sqrt(features));
  if (loss === "mse") return { firm: true, loss: 2 * weight * longest * wrong };
  if (shortest === Number.POSITIVE_INFINITY) return { firm, loss: 0 };
  const steepest = weight * (loss === "reco" ? 2 + 2 * rival * images : 2 / temperature);
  return { firm, loss: (steepest * wrong) / shortest };
}
