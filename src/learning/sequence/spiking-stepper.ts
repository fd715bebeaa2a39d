/** Perception of one element at a time. Its state are the spikes of the newest element, which the next one hears; norms use running statistics, as in every evaluation. */
import { checkElement, type Element } from "../../data/sequence/element.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import type { Stepper } from "./stepper.ts";

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
