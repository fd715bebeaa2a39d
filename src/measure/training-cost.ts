/**
 * Work of a step of a rule, an image of the batch, counted as NeuroBench counts (which has no metric for training). L layers, of which the first reads the stimulus:
 *
 *   forward      perception's products; of bsd also recall's for J recalled rows a batch of B: J = classes (prototypes) or B (pairs)
 *   gradients    for every input that is not 0, the row of its outputs' gradients: the same pairs as forward, zero weights not skipped; additions where inputs are spikes
 *   errors       backprop: errors that go down through the transposes of layers 2 .. L, at every step: MACs, as errors are real, and none taken as 0
 *   feedback     what errors or targets come down by in their place: feedback-alignment and dll through matrices of the same shapes, and dll's gradient of those;
 *                direct-feedback-alignment from the classes to each hidden stage; ccl the feedback net's J = classes runs down and its gradients
 *   classifiers  local-losses: each stage's classifier on its features, the gradient of its weights, and that of the features
 *   inference    predictive-coding: a step takes errors down through layers 2 .. L and values up through the same, whose inputs are real and none of them 0
 *   alignment    bsd, ccl: affinities of B rows with J, and their gradient on either side: B J width products each, and with cosines the rows' own squares and terms; MACs
 *   traces       r-stdp: of every unit of a stage that learns, at every step, two traces that decay, a weight for each, and the reward: 5 MACs
 *   updates      numbers the optimiser changes, once a batch
 *
 * What is the same at all steps is counted at each, as an input that is held over time is. Activity is that of the images measured (norms with running statistics), not of a training
 * batch; of predictive coding's weight gradients those above the first layer read values that have moved, none of them 0. Losses, neurons, norms and the optimiser are not counted.
 */

import type { LayeredNet } from "../nets/layered-net.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { sizeOf } from "../nets/shape.ts";
import type { PairCost } from "./cost.ts";
import { feedbackNet } from "./feedback-net.ts";
import { featuresOf, type LayerCost } from "./layer-meter.ts";
import { addOperations, NO_OPERATIONS, type Operations, scaleOperations } from "./operations.ts";
import { ruleFootprint } from "./rule-footprint.ts";
import type { TrainingStep } from "./training-step.ts";

/** The parts of a step, in the order they are shown. */
export const TRAINING_PARTS = [
  "forward",
  "gradients",
  "errors",
  "feedback",
  "classifiers",
  "inference",
  "alignment",
  "traces",
] as const;

type Parts = Readonly<Record<(typeof TRAINING_PARTS)[number], Operations>>;

/** A sample, that is an image of the batch. Parts that a rule does without are zeros. */
export interface TrainingCost extends Parts {
  /** B, images a batch. */
  readonly batch: number;
  /** Rows that run down a batch: J, or 0 where nothing does. */
  readonly recalls: number;
  /** All parts together. */
  readonly total: Operations;
  /** Parameters updated, divided by B. */
  readonly updates: number;
}

/** Products of R-STDP's traces, a unit and step. */
const TRACE_MACS = 5;

/**
 * Work of a step of a rule, an image of the batch, counted as NeuroBench counts operations (arXiv 2304.04640; it has no metric for training).
 *
 * @param net whose cost was measured
 * @example
 * trainingCost(model.pair, meter.result(), { batch: 128, prototypes: true, recallLearns: true }).total.acs;
 */
export function trainingCost(net: NetworkPair | LayeredNet, cost: PairCost, step: TrainingStep): TrainingCost {
  const { rule = "bsd", batch, recallLearns } = step;
  const { layers } = cost.perception;
  const classes = sizeOf(net.perception.at(-1)!.synapses.shape);
  const recalls = rule === "bsd" ? recallsOf(net, step) : rule === "ccl" ? classes : 0;
  const share = recalls / batch;
  const learning = rule === "r-stdp" && !step.hiddenLearns ? layers.slice(-1) : layers;
  const parts: Record<keyof Parts, Operations> = {
    forward: cost.perception.operations,
    gradients: sumOf(learning, ({ gradient }) => gradient),
    ...{ errors: NO_OPERATIONS, feedback: NO_OPERATIONS, classifiers: NO_OPERATIONS },
    ...{ inference: NO_OPERATIONS, alignment: NO_OPERATIONS, traces: NO_OPERATIONS },
  };
  const above = layers.slice(1);
  // Fixed and learned feedback weights have no zeros to skip.
  const through = sumOf(above, ({ errors }) => real(errors.dense));
  switch (rule) {
    case "bsd": {
      parts.forward = addOperations(parts.forward, scaleOperations(cost.recall.operations, share));
      const own = scaleOperations(
        sumOf(cost.recall.layers, ({ gradient }) => gradient),
        share,
      );
      if (recallLearns) parts.gradients = addOperations(parts.gradients, own);
      // Fixed codes have no stage 1.
      const [stimulus = 0, ...hidden] = widths(net);
      const aligned = [step.codes ? 0 : stimulus, ...hidden];
      const cosines = { stimulus: true, hidden: !step.dots };
      parts.alignment = real(alignmentMacs(aligned, { recalls, batch, recallLearns, own: cosines }));
      break;
    }
    case "backprop":
    case "backprop-ann":
      parts.errors = sumOf(above, ({ errors }) => errors);
      break;
    case "feedback-alignment":
      parts.feedback = through;
      break;
    case "direct-feedback-alignment": {
      const units = net.perception.slice(0, -1).reduce((sum, { synapses }) => sum + sizeOf(synapses.shape), 0);
      parts.feedback = real(cost.steps * classes * units);
      break;
    }
    case "local-losses":
      parts.classifiers = sumOf(layers.slice(0, -1), ({ features }) => ({
        ...{ macs: classes * (2 * features.nonZero + features.all), acs: 0, dense: 3 * classes * features.all },
      }));
      break;
    case "r-stdp": {
      const units = net.perception
        .slice(-learning.length)
        .reduce((sum, { synapses }) => sum + sizeOf(synapses.shape), 0);
      parts.traces = real(TRACE_MACS * cost.steps * units);
      break;
    }
    case "dll":
      parts.feedback = scaleOperations(through, 2);
      break;
    case "predictive-coding":
      parts.gradients = addOperations(layers[0]!.gradient, through);
      parts.inference = scaleOperations(
        sumOf(above, ({ errors, full }) => addOperations(errors, full)),
        step.inferenceSteps ?? 0,
      );
      break;
    case "ccl": {
      const { forward, gradient } = feedbackNet(net as LayeredNet);
      const down = recallLearns ? addOperations(forward, gradient) : forward;
      parts.feedback = scaleOperations(down, share);
      const cosines = { stimulus: !step.dots, hidden: !step.dots };
      parts.alignment = real(alignmentMacs(widths(net), { recalls, batch, recallLearns, own: cosines }));
      break;
    }
  }
  const total = TRAINING_PARTS.map((part) => parts[part]).reduce(addOperations);
  return { batch, recalls, ...parts, total, updates: updated(net, learning, step) / batch };
}

function recallsOf(net: NetworkPair | LayeredNet, { batch, prototypes }: TrainingStep): number {
  return "target" in net && prototypes ? net.target.classes : batch;
}

/** MACs alone, all of them done. */
const real = (macs: number): Operations => ({ macs, acs: 0, dense: macs });

function sumOf(layers: readonly LayerCost[], of: (layer: LayerCost) => Operations): Operations {
  return layers.map(of).reduce(addOperations, NO_OPERATIONS);
}

/** Features of each aligned stage: the stimulus's pixels, then the hidden stages'. */
function widths(net: NetworkPair | LayeredNet): readonly number[] {
  return [sizeOf(net.spec.stimulus), ...net.perception.slice(0, -1).map(featuresOf)];
}

/** Numbers that change in a batch. R-STDP leaves biases and norms alone; feedback that is fixed does not change. */
function updated(net: NetworkPair | LayeredNet, learning: readonly LayerCost[], step: TrainingStep): number {
  const { rule = "bsd", recallLearns } = step;
  if (rule === "r-stdp") return learning.reduce((sum, { weights }) => sum + weights, 0);
  const { perception, recall, feedback, classifiers } = ruleFootprint(net, rule);
  const learned = rule === "dll" || (rule === "ccl" && recallLearns) ? feedback.parameters : 0;
  return perception.parameters + classifiers.parameters + learned + (recallLearns ? recall.parameters : 0);
}

/** Rows of an alignment of two networks' features (`losses/align.ts`). */
interface AlignmentRows {
  /** J, rows of recall or feedback a batch. */
  readonly recalls: number;
  /** B. */
  readonly batch: number;
  readonly recallLearns: boolean;
  /** Whether rows are compared by cosines, of stage 1 and of the hidden stages: then each has its own square, and a term of its own in its gradient. */
  readonly own: { readonly stimulus: boolean; readonly hidden: boolean };
}

/**
 * MACs of one image and its share of the recalled rows: dot products with each recalled row, squares, and the combinations that carry the gradient, to perception's row (not at
 * stage 1, whose stimulus learns nothing) and to recall's where it learns. A combination is a sum over the other side's rows and the row itself.
 *
 * @param widths features of stage 1, the stimulus's, then of the hidden stages
 */
function alignmentMacs(
  [stimulus = 0, ...hidden]: readonly number[],
  { recalls, batch, recallLearns, own }: AlignmentRows,
): number {
  const sums = (ofOwn: boolean) => {
    const share = ofOwn ? recalls / batch : 0;
    const compared = recalls + (ofOwn ? 1 + share : 0);
    return { compared, toRecall: recallLearns ? recalls + share : 0, toPerception: recalls + (ofOwn ? 1 : 0) };
  };
  const [first, above] = [sums(own.stimulus), sums(own.hidden)];
  return (
    (first.compared + first.toRecall) * stimulus +
    (above.compared + above.toRecall + above.toPerception) * hidden.reduce((sum, width) => sum + width, 0)
  );
}
