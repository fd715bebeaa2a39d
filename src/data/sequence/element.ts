/** One element of a sequence by itself, as it comes where sequences are gone through element by element. */
import { BispikeError } from "../../errors.ts";
import type { SequenceInputs } from "./task.ts";

/** A symbol's number, or a row of standardised values. */
export type Element = number | ArrayLike<number>;

/** What elements are: one of `width` symbols, or `width` values. */
export interface ElementKind {
  readonly kind: SequenceInputs["kind"];
  /** Size of the alphabet, or values a row. */
  readonly width: number;
}

/**
 * Refuses what is no element of this kind.
 *
 * @param what "element" or "target", for the message
 * @throws BispikeError "usage" for a symbol that is not from 0 to width - 1, a row of another length, or a value that is not finite
 * @example
 * checkElement({ kind: "symbols", width: 27 }, 3, "element");
 */
export function checkElement({ kind, width }: ElementKind, element: Element, what: string): void {
  if (kind === "symbols") {
    if (typeof element === "number" && Number.isInteger(element) && element >= 0 && element < width) return;
    const got = typeof element === "number" ? String(element) : "a row of values";
    throw new BispikeError("usage", `${what}: expected a symbol from 0 to ${width - 1}, got ${got}`);
  }
  if (typeof element !== "object" || element === null || element.length !== width) {
    const row = typeof element === "object" && element !== null;
    const got = typeof element === "number" ? "a number" : String(row ? element.length : element);
    throw new BispikeError("usage", `${what}: expected a row of ${width} values, got ${got}`);
  }
  for (let i = 0; i < width; i++) {
    if (!Number.isFinite(element[i]))
      throw new BispikeError("usage", `${what}: expected finite values, got ${element[i]} at ${i}`);
  }
}
