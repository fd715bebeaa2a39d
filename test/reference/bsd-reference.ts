/**
 * One step of Bidirectional Spike-Based Distillation, float64, readable before anything else: the oracle for the fast
 * engine. Method and notation: arXiv 2509.20284. Every gradient is written by hand; none crosses a stage.
 *
 * Stages 1..L. Perception block i drives stage i + 2 (0-based block), the top block drives the decision. Recall runs
 * down: its first block drives stage L - 1, its last reconstructs the stimulus at stage 1 (no neurons, no norm).
 * Direct coding: the stimulus, and the one-hot target at the other end, are held for all T steps.
 */
import { type Alignment, type AlignmentOptions, align } from "./alignment.ts";
import { type Block, type BlockGradients, blockBackward, blockForward } from "./block.ts";
import { heaviside, type Surrogate } from "./lif.ts";
import { crossEntropy } from "./softmax.ts";
import {
  holdOverTime,
  type StageOptions,
  type StageTrace,
  spreadOverTime,
  stageBackward,
  stageForward,
  timeMean,
} from "./stage.ts";

/** A perception/recall pair; recall has one block more than perception, its last one reconstructs the stimulus. */
export interface Pair {
  readonly perception: readonly Block[];
  readonly top: Block;
  readonly recall: readonly Block[];
}

export interface BsdOptions extends StageOptions, AlignmentOptions {
  /** What recall is compared by. Default as perception, by `features`. */
  readonly recallFeatures?: StageOptions["features"];
}

export interface PairGradients {
  readonly perception: readonly BlockGradients[];
  readonly top: BlockGradients;
  readonly recall: readonly BlockGradients[];
}

export interface BsdStep {
  /** Alignment losses of stages 1..L-1, each a sum over samples divided by the batch size. */
  readonly stageLosses: readonly number[];
  /** Mean cross-entropy of the time mean of the top drive. */
  readonly topLoss: number;
  readonly perception: readonly StageTrace[];
  /** Without the last block, which has no neurons. */
  readonly recall: readonly StageTrace[];
  /** [steps][batch][classes] */
  readonly topDrive: Float64Array;
  /** The reconstructed stimulus' drive, [steps][batch or classes][inputs]. */
  readonly reconstructed: Float64Array;
  readonly gradients: PairGradients;
}

function oneHot(labels: ArrayLike<number>, classes: number): Float64Array {
  const out = new Float64Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) out[row * classes + labels[row]!] = 1;
  return out;
}

/** Runs blocks one after another, each on the spikes of the one before. */
function runNetwork(
  blocks: readonly Block[],
  input: Float64Array,
  batch: number,
  options: StageOptions,
  surrogate: Surrogate,
): { traces: StageTrace[]; spikes: Float64Array } {
  const traces: StageTrace[] = [];
  let spikes = input;
  for (const block of blocks) {
    const trace = stageForward(block, spikes, batch, options, surrogate);
    traces.push(trace);
    spikes = trace.spikes;
  }
  return { traces, spikes };
}

/**
 * Losses, traces and gradients of one batch; no parameter is changed.
 *
 * @param stimulus [batch][inputs] (images: [batch][channels][height][width])
 * @param labels class of each sample, [batch]
 *
 * @example
 * const { gradients, topLoss } = bsdStep(pair, stimulus, [0, 1, 2], options);
 */
export function bsdStep(
  pair: Pair,
  stimulus: Float64Array,
  labels: readonly number[],
  options: BsdOptions,
  surrogate: Surrogate = heaviside,
): BsdStep {
  const { steps, classes } = options;
  const batch = labels.length;
  const seen = runNetwork(pair.perception, holdOverTime(stimulus, steps), batch, options, surrogate);
  const top = blockForward(pair.top, seen.spikes, steps * batch);

  const shown = options.rivals === "prototypes" ? Array.from({ length: classes }, (_, c) => c) : labels;
  const target = holdOverTime(oneHot(shown, classes), steps);
  const down: BsdOptions = { ...options, features: options.recallFeatures ?? options.features };
  const recalled = runNetwork(pair.recall.slice(0, -1), target, shown.length, down, surrogate);
  const last = pair.recall.at(-1)!;
  const reconstructed = blockForward(last, recalled.spikes, steps * shown.length);

  // Stage 1 stays with cosines, and has no margin.
  const drawn = options.affinity === "dots" ? { affinity: "cosines" as const, temperature: 0.1 } : {};
  const first = align(stimulus, timeMean(reconstructed.drive, steps), labels, { ...options, ...drawn, margin: 0 });
  const partners = recalled.traces.toReversed();
  const stages: Alignment[] = seen.traces.map((trace, i) =>
    align(trace.features, partners[i]!.features, labels, options),
  );
  const decision = crossEntropy(timeMean(top.drive, steps), batch, classes, labels);

  const perception = pair.perception.map((block, i) =>
    stageBackward(block, seen.traces[i]!, stages[i]!.gradV, batch, options, surrogate),
  );
  const recall = recalled.traces.map((trace, i) => {
    const stage = stages[stages.length - 1 - i]!;
    return stageBackward(pair.recall[i]!, trace, stage.gradW, shown.length, down, surrogate);
  });
  recall.push(blockBackward(last, reconstructed, spreadOverTime(first.gradW, steps), steps * shown.length));

  return {
    stageLosses: [first.loss, ...stages.map((stage) => stage.loss)],
    topLoss: decision.loss,
    perception: seen.traces,
    recall: recalled.traces,
    topDrive: top.drive,
    reconstructed: reconstructed.drive,
    gradients: {
      perception,
      top: blockBackward(pair.top, top, spreadOverTime(decision.gradient, steps), steps * batch),
      recall,
    },
  };
}
