/**
 * One sequence, element by element, for a pair that also learns while it infers: perception answers each element at once and keeps its spikes as the state, in memory that does not
 * grow with the sequence. Where targets are told, every `every` elements recall runs back over those just seen, and one step of BSD is taken on them, from the state that preceded
 * them.
 *
 * Norms use running statistics throughout (a single row's own would say nothing), so answers without learning are, bit for bit, those of the same elements as one window.
 */
import { checkElement, type Element } from "../data/sequence/task.ts";
import { BispikeError } from "../errors.ts";
import type { LearningRates, SequenceStepReport } from "../rules/rule.ts";
import type { SequenceBsd } from "./sequence.ts";
import { type PerceptionState, presentElements, resumePerception, SpikingStepper } from "./sequence-stepper.ts";

/** How a stream learns. */
export interface StreamOptions {
  /** Elements between two learning steps, at most the pair's window; 0 (the default) never learns. */
  readonly every?: number;
  /** Learning rates of those steps. */
  readonly learningRates?: LearningRates;
}

/**
 * One sequence, element by element, in memory that does not grow with it: perception answers each element at once, and where targets are told one step of BSD is taken every `every` elements.
 *
 * @example
 * const stream = new SequenceStream(learner, { every: 16, learningRates: { perception: 1e-4, recall: 1e-4 } });
 * for (let n = 0; n + 1 < symbols.length; n++) {
 *   const logits = stream.perceive(symbols[n]!);
 *   stream.tell(symbols[n + 1]!); // the truth, once it is known
 * }
 */
export class SequenceStream {
  /** The newest learning step's report. */
  report: SequenceStepReport | undefined;
  readonly #learner: SequenceBsd;
  readonly #stepper: SpikingStepper;
  readonly #every: number;
  readonly #learningRates: LearningRates;
  /** Perception's state before the oldest element that was not learned from yet. */
  #before: PerceptionState;
  /** Whether the norms know more than the optimiser's steps tell: those of a net that was opened for use, whose steps and moments are not kept. */
  readonly #opened: boolean;
  #elements: Element[] = [];
  #targets: Element[] = [];

  /** Errors: `usage` where `every` is longer than the pair's window or there are no learning rates, or negative ones. */
  constructor(learner: SequenceBsd, { every = 0, learningRates }: StreamOptions = {}) {
    if (!Number.isInteger(every) || every < 0 || every > learner.window) {
      throw new BispikeError(
        "usage",
        `every: expected 0 to ${learner.window} elements (the pair's window), got ${every}`,
      );
    }
    if (every > 0 && !learningRates)
      throw new BispikeError("usage", "learningRates: expected those of a stream that learns, got none");
    for (const [network, rate] of Object.entries(learningRates ?? {}))
      if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY))
        throw new BispikeError("usage", `learningRates.${network}: expected a number from 0, got ${rate}`);
    const { pair, optimiser } = learner;
    this.#opened = optimiser.steps === 0 && [...pair.perception, ...pair.recall].some(({ norm }) => norm.observed);
    this.#learner = learner;
    this.#stepper = new SpikingStepper(learner.pair);
    this.#every = every;
    this.#learningRates = learningRates ?? { perception: 0, recall: 0 };
  }

  /** Forgets what came before; elements that were not learned from yet are not learned from. */
  reset(): void {
    this.#stepper.reset();
    this.#forget();
  }

  /** Logits of the next symbol or standardised values, after one more element. Throws a `usage` error for what is no element of the pair's. */
  perceive(element: Element): Float32Array {
    const before = this.#stepper.state;
    const outputs = this.#stepper.next(element);
    if (this.#elements.length > this.#targets.length) this.#forget();
    if (this.#every === 0) return outputs;
    if (this.#elements.length === 0) this.#before = before;
    // The caller may write the next element into the same array.
    this.#elements.push(copyOf(element));
    return outputs;
  }

  /** The newest element's target; takes a learning step where it is due. Throws a `usage` error for what is no target, which then counts as not told. */
  tell(target: Element): void {
    if (this.#every === 0) return;
    if (this.#targets.length >= this.#elements.length)
      throw new BispikeError("usage", "tell: expected one target an element, after `perceive`; got another one");
    checkElement(this.#learner.pair.options.targets, target, "target");
    this.#targets.push(copyOf(target));
    if (this.#targets.length === this.#every) this.#learn();
  }

  /** Begins a new window. An element whose target was not told breaks it: what came before it is not learned from. */
  #forget(): void {
    this.#elements = [];
    this.#targets = [];
  }

  #learn(): void {
    const learner = this.#learner;
    const { statistics, pair } = learner;
    const positions = this.#elements.length;
    presentElements(pair, this.#elements);
    learner.setTargets(this.#targets, positions, 1);
    this.#forget();
    pair.reset(positions, 1);
    resumePerception(pair, this.#before, positions);
    learner.statistics = "running";
    try {
      // What a trained net knows of its drives is worth more than one window.
      this.report = learner.stepFromHere(this.#learningRates, this.#opened ? Number.POSITIVE_INFINITY : undefined);
    } finally {
      learner.statistics = statistics;
    }
  }
}

function copyOf(element: Element): Element {
  return typeof element === "number" ? element : Float32Array.from(element);
}
