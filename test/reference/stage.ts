/**
 * One network's half of a stage, float64: synapses, norm, neurons, features; and the way back from the features to the
 * stage's own parameters.
 *
 *   features = (1/T) sum over t of S[t] (rate), of the drive X[t] (drive), or of H[t] (membrane)
 */
import { type Block, type BlockGradients, type BlockTrace, blockBackward, blockForward } from "./block.ts";
import { type LifOptions, type LifTrace, lifBackward, lifForward, type Surrogate } from "./lif.ts";

export type FeatureKind = "rate" | "drive" | "membrane";

export interface StageOptions extends LifOptions {
  readonly steps: number;
  readonly features: FeatureKind;
}

export interface StageTrace extends LifTrace {
  readonly block: BlockTrace;
  /** Time means, [batch][neurons]. */
  readonly features: Float64Array;
}

/** Mean over time: [steps][entries] to [entries]. */
export function timeMean(x: Float64Array, steps: number): Float64Array {
  const entries = x.length / steps;
  const mean = new Float64Array(entries);
  for (let at = 0; at < x.length; at++) mean[at % entries]! += x[at]! / steps;
  return mean;
}

/** Gradient of a time mean: every step gets an equal share, [entries] to [steps][entries]. */
export function spreadOverTime(gradient: Float64Array, steps: number): Float64Array {
  return new Float64Array(gradient.length * steps).map((_, at) => gradient[at % gradient.length]! / steps);
}

/** The same input at each step: [entries] to [steps][entries] (direct coding, a held target). */
export function holdOverTime(x: Float64Array, steps: number): Float64Array {
  return new Float64Array(x.length * steps).map((_, at) => x[at % x.length]!);
}

/**
 * @param input spikes (or the held stimulus), [steps][batch][inputs]
 * @param frozenReset see `lifForward`
 */
export function stageForward(
  block: Block,
  input: Float64Array,
  batch: number,
  options: StageOptions,
  surrogate: Surrogate,
  frozenReset?: Float64Array,
): StageTrace {
  const trace = blockForward(block, input, options.steps * batch);
  const { membrane, spikes } = lifForward(
    trace.drive,
    trace.drive.length / options.steps,
    options,
    surrogate,
    frozenReset,
  );
  const source = { rate: spikes, drive: trace.drive, membrane }[options.features];
  return { block: trace, membrane, spikes, features: timeMean(source, options.steps) };
}

/** Gradients of the stage's parameters from dL/dfeatures [batch][neurons]. */
export function stageBackward(
  block: Block,
  trace: StageTrace,
  gradFeatures: Float64Array,
  batch: number,
  options: StageOptions,
  surrogate: Surrogate,
): BlockGradients {
  const spread = spreadOverTime(gradFeatures, options.steps);
  const none = new Float64Array(spread.length);
  const [gradSpikes, gradMembrane] = options.features === "rate" ? [spread, none] : [none, spread];
  const gradDrive =
    options.features === "drive"
      ? spread
      : lifBackward(gradSpikes, gradMembrane, trace, gradFeatures.length, options, surrogate);
  return blockBackward(block, trace.block, gradDrive, options.steps * batch);
}
