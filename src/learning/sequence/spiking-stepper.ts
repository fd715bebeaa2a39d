/** Perception of one element at a time. Its state are the spikes of the newest element, which the next one hears; norms use running statistics, as in every evaluation. */
import { checkElement, type Element } from "../../data/sequence/element.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import type { Stepper } from "./stepper.ts";

/** Spikes of an element, one entry a hidden stage; undefined stands for silence. */
export type PerceptionState = readonly Uint16Array[] | undefined;

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
    for (const layer of pair.perception) layer.forward(1, 1);
    this.state = pair.perception.map((layer) => layer.state(1, 1));
    const { conceptDrive } = pair;
    conceptDrive.forward(1, { train: false, alike: true });
    return conceptDrive.features.view.slice(0, pair.options.targets.width);
  }
}

/** Such a state precedes the window of `positions` elements of one row to come. */
export function resumePerception(pair: SequencePair, states: PerceptionState, positions: number): void {
  for (const [k, layer] of pair.perception.entries()) {
    const state = states?.[k];
    if (state) layer.resume(state, positions, 1);
    else layer.reset(positions, 1);
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
