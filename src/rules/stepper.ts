/** A trained net that is shown one element at a time, whatever its rule: it answers at once and keeps its state, in memory that does not grow with the sequence. */
import { checkElement, type Element } from "../data/sequence/task.ts";
import type { Region } from "../engine/memory.ts";
import { BispikeError } from "../errors.ts";
import type { RecurrentNet } from "../nets/dense-recurrent-net.ts";

import type { SequencePair } from "../nets/sequence-pair.ts";
import type { SequenceLearner } from "./rule.ts";
import { AnnLearner, SpikingLearner } from "./sequence-learners.ts";

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
