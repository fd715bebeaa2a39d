/**
 * Which positions of a sequence are trained on, held out and tested: one after the other in time, as a random choice
 * would put a position's neighbours on the other side.
 */
import { BispikeError } from "../../errors.ts";

/** Positions `from` (inclusive) to `to` (exclusive). */
export interface Range {
  /** First position. */
  readonly from: number;
  /** The one after the last. */
  readonly to: number;
}

/** Which elements are trained on, held out and tested, in the order of time. */
export interface PartOptions {
  /** Fraction of the elements, the first ones, to train on and hold out; 0 to 1, default 0.8. The rest is tested. */
  readonly trainPart?: number | undefined;
  /** Fraction of those, their last ones, to hold out; 0 to below 1, default 0.1. */
  readonly heldOut?: number | undefined;
}

/** Defaults of the division into parts. */
export const partDefaults = { trainPart: 0.8, heldOut: 0.1 } as const;

export interface Division {
  readonly parts: { readonly train: Range; readonly heldOut: Range; readonly test: Range };
  /** Elements that training may see, as input or as target. */
  readonly trained: Range;
}

/**
 * Divides `length` elements; counts are rounded down. A position belongs to the part of its element, and is left out
 * where its target, `horizon` elements later, lies in the next part or beyond the end.
 *
 * @throws BispikeError "config" for a fraction out of range
 * @example
 * divide(100, 1, {}).parts; // train 0 to 71, heldOut 72 to 79, test 80 to 99 (exclusive)
 */
export function divide(length: number, horizon: number, options: PartOptions): Division {
  const { trainPart = partDefaults.trainPart, heldOut = partDefaults.heldOut } = options;
  if (!(trainPart >= 0 && trainPart <= 1)) {
    throw new BispikeError("config", `trainPart: expected a fraction from 0 to 1, got ${trainPart}`);
  }
  if (!(heldOut >= 0 && heldOut < 1)) {
    throw new BispikeError("config", `heldOut: expected a fraction from 0 to below 1, got ${heldOut}`);
  }
  const seen = Math.floor(length * trainPart);
  const trained = seen - Math.floor(seen * heldOut);
  const part = (from: number, to: number): Range => ({ from, to: Math.max(from, to - horizon) });
  return {
    parts: { train: part(0, trained), heldOut: part(trained, seen), test: part(seen, length) },
    trained: { from: 0, to: trained },
  };
}

/**
 * First positions of the windows of `window` positions that fit in a range, `stride` apart; empty when none fits.
 *
 * @throws BispikeError "config" unless window and stride are whole numbers from 1
 * @example
 * windowStarts({ from: 10, to: 20 }, 4, 4); // 10, 14
 */
export function windowStarts(range: Range, window: number, stride: number): Int32Array {
  for (const [name, value] of [
    ["window", window],
    ["stride", stride],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new BispikeError("config", `${name}: expected a whole number of positions from 1, got ${value}`);
    }
  }
  const room = range.to - range.from - window;
  const count = room < 0 ? 0 : Math.floor(room / stride) + 1;
  return Int32Array.from({ length: count }, (_, index) => range.from + index * stride);
}
