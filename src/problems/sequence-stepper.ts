/** A trained net that is shown one element at a time, whatever its rule, and what is made with it: text, and forecasts. Its memory does not grow with the sequence. */
import { checkElement, type Element, type Range, type SequenceSet } from "../data/sequence/task.ts";
import type { Alphabet } from "../data/sequence/text.ts";
import { exponential, placeOfLargest } from "../engine/elementary.ts";
import type { Region } from "../engine/memory.ts";
import { RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { RecurrentNet } from "../nets/dense-recurrent-net.ts";
import type { SequencePair } from "../nets/sequence-pair.ts";
import type { SequenceLearner } from "../rules/rule.ts";
import { AnnLearner, SpikingLearner } from "../rules/sequence-learners.ts";

/** The non-spiking net on one element at a time: h_n = tanh(W_x x_n + W_h h_{n-1} + b), with h_{n-1} kept in a row of its own. */

export class AnnStepper implements Stepper {
  readonly #net: RecurrentNet;
  /** h of the newest element, a row a layer. */
  readonly #newest: readonly Region<Float32Array>[];
  /** Whether there is one. */
  #begun = false;

  constructor(net: RecurrentNet) {
    this.#net = net;
    this.#newest = net.layers.map(({ stride }) => net.team.arena.f32(stride));
  }

  reset(): void {
    this.#begun = false;
  }

  next(element: Element): Float32Array {
    const { windows, layers, readout } = this.#net;
    windows.present(element);
    for (const [k, layer] of layers.entries()) {
      const { at, view } = this.#newest[k]!;
      const h = layer.valuesAt(0);
      layer.drive(0, 1);
      if (this.#begun) layer.recurFrom({ at, stride: layer.stride }, 1, h, "own");
      layer.activate(h, 1);
      view.set(layer.values.view.subarray(0, layer.stride));
    }
    this.#begun = true;
    readout.forward(0, 1);
    return readout.outputs.view.slice(0, readout.width);
  }
}

// Perception of one element at a time. Its state are the spikes of the newest element, which the next one hears; norms use running statistics, as in every evaluation.

/** Spikes of an element, one entry a hidden stage; undefined stands for silence. */
export type PerceptionState = readonly Uint16Array[] | undefined;

const ONE_ELEMENT = { positions: 1, rows: 1 };
const EVALUATION = { train: false, alike: true };

export class SpikingStepper implements Stepper {
  /** After the newest element. */
  state: PerceptionState;
  readonly #pair: SequencePair;

  constructor(pair: SequencePair) {
    this.#pair = pair;
  }

  reset(): void {
    this.state = undefined;
  }

  next(element: Element): Float32Array {
    const pair = this.#pair;
    presentElements(pair, [element]);
    resumePerception(pair, this.state, 1);
    for (const layer of pair.perception) layer.forward(ONE_ELEMENT, EVALUATION);
    this.state = pair.perception.map((layer) => layer.window!.state(1, 1));
    const { conceptDrive } = pair;
    conceptDrive.forward(ONE_ELEMENT, EVALUATION);
    return conceptDrive.features.view.slice(0, pair.options.targets.width);
  }
}

/** Such a state precedes the window of `positions` elements of one row to come. */
export function resumePerception(pair: SequencePair, states: PerceptionState, positions: number): void {
  for (const [k, layer] of pair.perception.entries()) {
    const state = states?.[k];
    if (state) layer.window!.resume(state, positions, 1);
    else layer.window!.reset(positions, 1);
  }
}

/** Puts elements into the pair's memory as one window of one row. Throws a `usage` error, and changes nothing, where one does not fit. */
export function presentElements(pair: SequencePair, elements: readonly Element[]): void {
  const { inputs } = pair.options;
  for (const element of elements) checkElement(inputs, element, "element");
  if (inputs.kind === "symbols") {
    pair.setSymbols(elements as readonly number[]);
    return;
  }
  for (const [n, row] of elements.entries()) pair.stimulus.view.set(row as ArrayLike<number>, n * pair.stimulusWidth);
}

/** A net that takes one element at a time. */
export interface Stepper {
  /** Forgets what came before: silence, as at the beginning of a window. */
  reset(): void;
  /**
   * Outputs after one more element: logits of the next symbol, or standardised values; a new array of `targets.width`.
   *
   * Throws a `usage` error for what is no element of the net's; the state is then as it was.
   */
  next(element: Element): Float32Array;
}

/**
 * A stepper on a learner's net. Its outputs are, bit for bit, those of `predict` on the same elements as one window. It works in the net's memory: load windows again before
 * the learner's next step or prediction.
 *
 * @throws BispikeError "usage" for a learner that is not of this library
 * @example
 * const stepper = stepperOf(learner);
 * for (const symbol of symbols) console.log(stepper.next(symbol));
 */
export function stepperOf(learner: SequenceLearner): Stepper {
  if (learner instanceof SpikingLearner) return new SpikingStepper(learner.pair);
  if (learner instanceof AnnLearner) return new AnnStepper(learner.net);
  throw new BispikeError("usage", "stepperOf: expected a learner of this library's, such as experiment.learner");
}

// Text from a net that predicts the next symbol: each drawn symbol is the next element.
//
//   p_c = exp(u_c / temperature) / sum over k of exp(u_k / temperature),   u: the logits
//
// The symbol drawn is the first whose cumulative p passes a uniform random number, which depends on the seed and on how many symbols were drawn before, on nothing else.

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

// A series gone through row by row, the net's state kept from row to row, so that every prediction knows all that came before. (Evaluation, as training, starts anew each window.)

/** Predicted values, in the series' own units. */
export interface SeriesPrediction {
  /** Row of the series that each prediction is of: its position's row plus the horizon. */
  readonly rows: Int32Array;
  /** Standardised, [prediction][target]. */
  readonly predicted: Float32Array;
  /** The same of the series; shorter than `predicted` by the predictions beyond the series' end, which come last. */
  readonly truth: Float32Array;
}

/**
 * Predictions at the positions of a range. A range that ends where the targets do goes on with the newest rows, whose targets are still to come.
 *
 * @param options `horizon`: rows from an input to its target, 0 for regression; `past`: rows before the range that are shown first, fewer where the series has fewer
 * @throws BispikeError "usage" for a set of symbols or a range that is not in it
 * @example
 * const { rows, predicted } = predictSeries(stepperOf(learner), set, set.parts.test, { horizon: 24, past: 32 });
 */
export function predictSeries(
  stepper: Stepper,
  set: SequenceSet,
  range: Range,
  options: { horizon: number; past: number },
): SeriesPrediction {
  const { inputs, targets, name } = set;
  const { horizon, past } = options;
  if (inputs.kind !== "values" || targets.kind !== "values")
    throw new BispikeError("usage", `${name}: expected a series, got symbols`);
  const { from } = range;
  const known = targets.values.length / targets.width;
  const to = range.to === known ? inputs.values.length / inputs.width : range.to;
  if (from < 0 || range.to > known || from >= to)
    throw new BispikeError("usage", `${name}: expected positions of 0 to ${known}, got ${from} to ${range.to}`);
  const predicted = new Float32Array((to - from) * targets.width);
  stepper.reset();
  for (let n = Math.max(0, from - past); n < to; n++) {
    const outputs = stepper.next(inputs.values.subarray(n * inputs.width, (n + 1) * inputs.width));
    if (n >= from) predicted.set(outputs, (n - from) * targets.width);
  }
  return {
    rows: Int32Array.from({ length: to - from }, (_, k) => from + k + horizon),
    predicted,
    truth: targets.values.slice(from * targets.width, Math.min(to, known) * targets.width),
  };
}
