/**
 * Text from a net that predicts the next symbol: each drawn symbol is the next element.
 *
 *   p_c = exp(u_c / temperature) / sum over k of exp(u_k / temperature),   u: the logits
 *
 * The symbol drawn is the first whose cumulative p passes a uniform random number, which depends on the seed and on how many symbols were drawn before, on nothing else.
 */
import type { Alphabet } from "../data/sequence/text.ts";
import { exponential, placeOfLargest } from "../engine/elementary.ts";

import { RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { Stepper } from "../rules/stepper.ts";

/** How text is generated. */
export interface GenerateOptions {
  /** Symbols to draw, 0 or more. */
  readonly length: number;
  /** Above 0: below 1 the likelier symbols gain, above 1 the others. Default 1. */
  readonly temperature?: number;
  /** 0 to 2^53 - 1. Default 1. */
  readonly seed?: number;
  /** The largest logit's symbol each time; temperature and seed then play no part. Default false. */
  readonly greedy?: boolean;
}

/**
 * What a net that is given nothing to go on from hears first: a line's end, as if a new line began; in an alphabet without one a space, else its first character.
 *
 * @example
 * firstSymbol(["\n", "a", "b"]); // 0
 */
export function firstSymbol(alphabet: Alphabet): number {
  for (const character of ["\n", " "]) if (alphabet.includes(character)) return alphabet.indexOf(character);
  return 0;
}

/**
 * Shows a prompt to a net from silence and draws the symbols that follow it.
 *
 * @param prompt symbols, one or more
 * @throws BispikeError "usage" for an empty prompt, one with a symbol that the net does not have, or a temperature that is not above 0
 * @example
 * const drawn = generateSymbols(stepperOf(learner), encodeText("Alice was", alphabet), { length: 200, seed: 1 });
 * decodeSymbols(drawn, alphabet);
 */
export function generateSymbols(stepper: Stepper, prompt: ArrayLike<number>, options: GenerateOptions): Uint16Array {
  const { length, temperature = 1, seed = 1, greedy = false } = options;
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY))
    throw new BispikeError("usage", `temperature: expected a number above 0, got ${temperature}`);
  if (!Number.isSafeInteger(length) || length < 0)
    throw new BispikeError("usage", `length: expected a whole number of symbols from 0, got ${length}`);
  if (prompt.length === 0) throw new BispikeError("usage", "prompt: expected a symbol or more, got none");
  stepper.reset();
  let logits: Float32Array = new Float32Array();
  for (let n = 0; n < prompt.length; n++) logits = stepper.next(prompt[n]!);
  const drawn = new Uint16Array(length);
  for (let n = 0; n < length; n++) {
    const symbol = greedy
      ? placeOfLargest(logits)
      : drawSymbol(logits, temperature, new RandomStream(seed, "generate", n).uniform());
    drawn[n] = symbol;
    if (n + 1 < length) logits = stepper.next(symbol);
  }
  return drawn;
}

/**
 * A symbol by its softmax probability.
 *
 * @param chance uniform in [0, 1)
 */
export function drawSymbol(logits: ArrayLike<number>, temperature: number, chance: number): number {
  const most = logits[placeOfLargest(logits)]!;
  const weights = Float64Array.from(logits, (logit) => exponential((logit - most) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  let left = chance * sum;
  let last = 0;
  for (const [c, weight] of weights.entries()) {
    if (weight === 0) continue;
    last = c;
    left -= weight;
    if (left < 0) return c;
  }
  // Rounding can leave a rest: it belongs to the last symbol that is possible at all.
  return last;
}
