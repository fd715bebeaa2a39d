/** A trained net that is shown one element at a time, whatever its rule: it answers at once and keeps its state, in memory that does not grow with the sequence. */
import type { Element } from "../../data/sequence/element.ts";
import { BispikeError } from "../../errors.ts";
import type { SequenceLearner } from "./learner.ts";
import { RealLearner } from "./real-learner.ts";
import { RealStepper } from "./real-stepper.ts";
import { SpikingLearner } from "./spiking-learner.ts";
import { SpikingStepper } from "./spiking-stepper.ts";

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
  if (learner instanceof RealLearner) return new RealStepper(learner.net);
  throw new BispikeError("usage", "stepperOf: expected a learner of this library's, such as experiment.learner");
}
