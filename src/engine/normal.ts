/**
 * Normally distributed numbers by Marsaglia's polar method, from a Philox stream:
 *
 *   u, v uniform over (-1, 1), drawn again until q = u^2 + v^2 < 1;   u sqrt(-2 ln q / q) and v sqrt(-2 ln q / q) are two of them
 *
 * The logarithm is our own and square roots are exact to the last bit everywhere, so the numbers are the same on every machine.
 */
import { logarithm } from "./elementary.ts";
import type { RandomStream } from "./random.ts";

const TWO_31 = 0x8000_0000;

export class NormalStream {
  readonly #stream: RandomStream;
  /** The second of a pair; NaN when it has been given. */
  #kept = Number.NaN;

  /**
   * @param stream uniform numbers, which it uses up; nobody else should draw from it
   * @example
   * new NormalStream(new RandomStream(1, "pixel noise", image)).next();
   */
  constructor(stream: RandomStream) {
    this.#stream = stream;
  }

  /** The next number, of mean 0 and variance 1. */
  next(): number {
    const kept = this.#kept;
    if (!Number.isNaN(kept)) {
      this.#kept = Number.NaN;
      return kept;
    }
    let [u, v, q] = [0, 0, 1];
    while (q >= 1) {
      u = this.#signed();
      v = this.#signed();
      q = u * u + v * v;
    }
    const scale = Math.sqrt((-2 * logarithm(q)) / q);
    this.#kept = v * scale;
    return u * scale;
  }

  /** Uniform over 2^32 places in (-1, 1), half a place from its ends and from 0. */
  #signed(): number {
    return (this.#stream.nextU32() + 0.5) / TWO_31 - 1;
  }
}
