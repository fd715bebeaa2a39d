/**
 * One sequence, element by element: perception answers each element at once and keeps its spikes as the state, in memory that does not grow with the sequence. Where targets are told, the
 * pair also learns while it infers: every `every` elements recall runs back over those just seen, and one step of BSD is taken on them, from the state that preceded them.
 *
 * Norms use running statistics throughout (a single row's own would say nothing), so answers without learning are, bit for bit, those of the same elements as one window.
 */
import { BispikeError } from "../../errors.ts";
import type { Rates } from "../rule.ts";
import type { SequenceBsd } from "./bsd.ts";
import type { SequenceStepReport } from "./learner.ts";

/** An element: a symbol's number, or a row of standardised values. */
export type Element = number | ArrayLike<number>;

export interface StreamOptions {
  /** Elements between two learning steps, at most the pair's window; 0 (the default) never learns. */
  readonly every?: number;
  /** Learning rates of those steps. */
  readonly rates?: Rates;
}

/**
 * @example
 * const stream = new SequenceStream(learner, { every: 16, rates: { perception: 1e-4, recall: 1e-4 } });
 * for (let n = 0; n + 1 < symbols.length; n++) {
 *   const logits = stream.perceive(symbols[n]!);
 *   stream.tell(symbols[n + 1]!); // the truth, once it is known
 * }
 */
export class SequenceStream {
  /** The newest learning step's report. */
  report: SequenceStepReport | undefined;
  readonly #learner: SequenceBsd;
  readonly #every: number;
  readonly #rates: Rates;
  /** Perception's state after the newest element, and before the oldest one that was not learned from yet. */
  #state: Uint16Array[] | undefined;
  #before: Uint16Array[] | undefined;
  #elements: Element[] = [];
  #targets: Element[] = [];

  /** Errors: `usage` where `every` is longer than the pair's window or there are no rates to learn with. */
  constructor(learner: SequenceBsd, { every = 0, rates }: StreamOptions = {}) {
    if (!Number.isInteger(every) || every < 0 || every > learner.window) {
      throw new BispikeError(
        "usage",
        `every: expected 0 to ${learner.window} elements (the pair's window), got ${every}`,
      );
    }
    if (every > 0 && !rates)
      throw new BispikeError("usage", "rates: expected the learning rates of a stream that learns, got none");
    this.#learner = learner;
    this.#every = every;
    this.#rates = rates ?? { perception: 0, recall: 0 };
  }

  /** Forgets what came before. */
  reset(): void {
    this.#state = undefined;
    this.#before = undefined;
    this.#elements = [];
    this.#targets = [];
  }

  /** Logits of the next symbol or standardised values, after one more element. */
  perceive(element: Element): Float32Array {
    if (this.#elements.length > this.#targets.length) this.#forget();
    const { pair } = this.#learner;
    this.#put([element]);
    this.#resume(this.#state, 1);
    for (const layer of pair.perception) layer.forward(1, 1);
    if (this.#elements.length === 0) this.#before = this.#state;
    this.#state = pair.perception.map((layer) => layer.state(1, 1));
    if (this.#every > 0) this.#elements.push(element);
    const { conceptDrive } = pair;
    conceptDrive.forward(1, { train: false });
    return conceptDrive.features.view.slice(0, pair.options.targets.width);
  }

  /** The newest element's target; takes a learning step where it is due. */
  tell(target: Element): void {
    if (this.#every === 0) return;
    if (this.#targets.length >= this.#elements.length)
      throw new BispikeError("usage", "tell: expected one target an element, after `perceive`; got another one");
    this.#learner.assertTarget(target);
    this.#targets.push(target);
    if (this.#targets.length === this.#every) this.#learn();
  }

  /** Begins a new window. An element whose target was not told breaks it: what came before it is not learned from. */
  #forget(): void {
    this.#elements = [];
    this.#targets = [];
  }

  #learn(): void {
    const { pair } = this.#learner;
    const [elements, targets] = [this.#elements, this.#targets];
    // Before the step: one that throws must not leave a window that is never done.
    this.#forget();
    const positions = elements.length;
    this.#put(elements);
    this.#learner.setTargets(targets, positions, 1);
    pair.reset(positions, 1);
    this.#resume(this.#before, positions);
    const { statistics } = this.#learner;
    this.#learner.statistics = "running";
    try {
      this.report = this.#learner.stepFromHere(this.#rates);
    } finally {
      this.#learner.statistics = statistics;
    }
  }

  #resume(states: readonly Uint16Array[] | undefined, positions: number): void {
    for (const [k, layer] of this.#learner.pair.perception.entries()) {
      const state = states?.[k];
      if (state) layer.resume(state, positions, 1);
      else layer.reset(positions, 1);
    }
  }

  #put(elements: readonly Element[]): void {
    const { pair } = this.#learner;
    const { kind, width } = pair.options.inputs;
    if (kind === "symbols") {
      for (const symbol of elements) {
        if (typeof symbol !== "number" || !Number.isInteger(symbol) || symbol < 0 || symbol >= width)
          throw new BispikeError("usage", `expected a symbol from 0 to ${width - 1}, got ${String(symbol)}`);
      }
      pair.setSymbols(elements as readonly number[]);
      return;
    }
    for (const [n, row] of elements.entries()) {
      if (typeof row === "number" || row.length !== width)
        throw new BispikeError(
          "usage",
          `expected a row of ${width} values, got ${typeof row === "number" ? "a number" : row.length}`,
        );
      for (let i = 0; i < width; i++) {
        if (!Number.isFinite(row[i]!))
          throw new BispikeError("usage", `value ${i} of an element: expected a finite number, got ${row[i]}`);
      }
      pair.stimulus.view.set(row, n * pair.stimulusWidth);
    }
  }
}
