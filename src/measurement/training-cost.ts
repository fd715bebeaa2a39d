/**
 * Work of a step of BSD, an image of the batch, counted as NeuroBench counts (which has no metric for training):
 *
 *   forward      perception's products, and recall's for J recalled rows a batch of B: J = classes (prototypes) or B (pairs)
 *   gradients    for every input that is not 0, the row of its outputs' gradients: the same pairs as forward, zero weights not skipped; additions where inputs are spikes.
 *                No error is carried from one layer to the next, so there is no other product
 *   alignment    cosines of B rows with J, and their gradient on either side: B J width products each and the rows' own squares and terms, MACs
 *   updates      numbers the optimiser changes, once a batch
 *
 * Firing rates are those of the images measured (norms with running statistics), not of a training batch.
 */
import type { NetworkPair } from "../network/pair.ts";
import { sizeOf } from "../network/shape.ts";
import type { NetworkCost, PairCost } from "./cost.ts";
import { addOperations, NO_OPERATIONS, type Operations, scaleOperations } from "./operations.ts";

export interface TrainingStep {
  /** B, images a batch. */
  readonly batch: number;
  /** Whether recall runs once a class; else once an image. */
  readonly prototypes: boolean;
  /** Whether recall learns; false for a frozen one (`train.recallRate` 0). */
  readonly recallLearns: boolean;
}

/** A sample, that is an image of the batch. */
export interface TrainingCost {
  readonly batch: number;
  readonly recalls: number;
  readonly forward: Operations;
  readonly gradients: Operations;
  readonly alignment: Operations;
  readonly total: Operations;
  /** Parameters updated, divided by B. */
  readonly updates: number;
}

/**
 * @example
 * trainingCost(model.pair, meter.result(), { batch: 128, prototypes: true, recallLearns: true }).total.acs;
 */
export function trainingCost(pair: NetworkPair, { perception, recall }: PairCost, step: TrainingStep): TrainingCost {
  const { batch, prototypes, recallLearns } = step;
  const recalls = prototypes ? pair.target.classes : batch;
  const share = recalls / batch;
  const forward = addOperations(perception.operations, scaleOperations(recall.operations, share));
  const gradients = recallLearns
    ? addOperations(gradientsOf(perception), scaleOperations(gradientsOf(recall), share))
    : gradientsOf(perception);
  const macs = alignmentMacs(pair, recalls, share, recallLearns);
  const alignment = { macs, acs: 0, dense: macs };
  const parameters = perception.footprint.parameters + (recallLearns ? recall.footprint.parameters : 0);
  const total = [forward, gradients, alignment].reduce(addOperations);
  return { batch, recalls, forward, gradients, alignment, total, updates: parameters / batch };
}

function gradientsOf({ layers }: NetworkCost): Operations {
  return layers.reduce((sum, layer) => addOperations(sum, layer.gradient), NO_OPERATIONS);
}

/** Features of each aligned stage: the stimulus's pixels, then the hidden stages'. */
function widths(pair: NetworkPair): { stimulus: number; hidden: number[] } {
  const hidden = [...pair.hiddenStages()].map(
    ({ perception }) => perception.cellCount * perception.synapses.shape.channels,
  );
  return { stimulus: sizeOf(pair.stimulusShape), hidden };
}

/**
 * Of one image and its share of the recalled rows: dot products with each recalled row, squares, and the combinations that carry the gradient, to perception's row (not at
 * stage 1, whose stimulus learns nothing) and to recall's where it learns. A combination is a sum over the other side's rows and the row itself.
 */
function alignmentMacs(pair: NetworkPair, recalls: number, share: number, recallLearns: boolean): number {
  const { stimulus, hidden } = widths(pair);
  const compared = recalls + 1 + share;
  const toRecall = recallLearns ? recalls + share : 0;
  const toPerception = recalls + 1;
  return (
    (compared + toRecall) * stimulus +
    (compared + toRecall + toPerception) * hidden.reduce((sum, width) => sum + width, 0)
  );
}
