/**
 * One step of Bidirectional Spike-Based Distillation of a pair of autoencoders, float64: losses, drawings and all gradients; no parameter is changed. Every gradient is written by hand.
 *
 *   stage 1             stimulusWeight / (B n) |y_recall - x|^2           y: the time mean of the last block's drive
 *   stage i, 1 < i < L  weight align(v_i, w_i), plain or by bands         v_i, w_i: features of perception's and recall's half
 *                       + homeostasis and local reconstructs of both halves
 *   stage L             topWeight / (B n) |y_perception - x|^2
 *
 * Arrays are [batch][channels][space]; perception's half k meets recall's half H - 1 - k of H hidden stages, in the order in which a network runs them.
 */
import { type ComparedRows, type ComparisonRule, compare } from "./autoencoder-compare.ts";
import { type Block, type BlockGradients, type BlockTrace, blockBackward, blockForward } from "./block.ts";
import { heaviside, lifBackward } from "./lif.ts";
import { type LocalReadOut, localReconstruction, type Plane, squaredError } from "./local-reconstruction.ts";
import {
  type FeatureKind,
  holdOverTime,
  type StageOptions,
  type StageTrace,
  spreadOverTime,
  stageForward,
  timeMean,
} from "./stage.ts";

export interface NetworkHalf {
  /** In the order in which the image goes through them; the last one draws it. */
  readonly blocks: readonly Block[];
  /** Planes of all blocks but the last. */
  readonly planes: readonly Plane[];
  readonly theta: number;
  /** Of the first blocks, as many as see; none without local reconstructs. */
  readonly readOuts: readonly LocalReadOut[];
}

export interface AutoencoderRule extends ComparisonRule {
  readonly steps: number;
  readonly tau: number;
  readonly features: FeatureKind;
  readonly weight: number;
  readonly stimulusWeight: number;
  readonly topWeight: number;
  readonly reconstruct: number;
  readonly homeostasis: { readonly weight: number; readonly rate: number };
}

export interface HalfStep extends StageTrace {
  readonly plane: Plane;
  /** The norm's; null without one. */
  readonly scale: Float64Array | null;
  /** Drive before the norm, [steps][batch][channels][space]. */
  readonly z: Float64Array;
  /** Firing rates of the channels. */
  readonly rates: Float64Array;
  readonly gradients: BlockGradients;
  /** Of the local read-out; null where there is none. */
  readonly readOut: { readonly weight: Float64Array; readonly bias: Float64Array } | null;
}

export interface NetworkStep {
  readonly halves: readonly HalfStep[];
  readonly drawing: Float64Array;
  readonly drawingGradients: BlockGradients;
}

export interface AutoencoderStep {
  readonly stageLosses: readonly number[];
  readonly perception: NetworkStep;
  readonly recall: NetworkStep;
  readonly compared: readonly ComparedRows[];
}

type Run = {
  traces: (StageTrace & { z: Float64Array; rates: Float64Array })[];
  last: BlockTrace;
  drawing: Float64Array;
};

const spaceOf = ({ height, width }: Plane): number => height * width;

function runNetwork(network: NetworkHalf, image: Float64Array, batch: number, rule: AutoencoderRule): Run {
  const options: StageOptions = { steps: rule.steps, features: rule.features, tau: rule.tau, theta: network.theta };
  const rows = rule.steps * batch;
  let input = holdOverTime(image, rule.steps);
  const traces = network.planes.map((plane, k) => {
    const block = network.blocks[k]!;
    const { drive: z } = blockForward({ ...block, norm: null }, input, rows);
    const trace = stageForward(block, input, batch, options, heaviside);
    input = trace.spikes;
    const rates = new Float64Array(plane.channels);
    const share = plane.channels / trace.spikes.length;
    for (const [at, spike] of trace.spikes.entries())
      rates[Math.floor(at / spaceOf(plane)) % plane.channels]! += share * spike;
    return { ...trace, z, rates };
  });
  const last = blockForward(network.blocks.at(-1)!, input, rows);
  return { traces, last, drawing: timeMean(last.drive, rule.steps) };
}

/** What a half adds to its stage's loss by itself, and its gradients with those of its features. */
function learnHalf(
  network: NetworkHalf,
  run: Run,
  k: number,
  gradFeatures: Float64Array,
  image: Float64Array,
  batch: number,
  rule: AutoencoderRule,
): { loss: number; half: HalfStep } {
  const { steps, tau, features, homeostasis } = rule;
  const trace = run.traces[k]!;
  const [block, plane] = [network.blocks[k]!, network.planes[k]!];
  const readOut = network.readOuts[k];
  let loss = 0;
  let slope = gradFeatures;
  let parameters: HalfStep["readOut"] = null;
  if (readOut) {
    const below = k === 0 ? image : timeMean(run.traces[k - 1]!.spikes, steps);
    const reconstructed = localReconstruction(
      readOut,
      timeMean(trace.spikes, steps),
      below,
      batch,
      plane,
      rule.reconstruct,
    );
    loss += reconstructed.loss;
    slope = slope.map((g, at) => g + reconstructed.rates[at]!);
    parameters = reconstructed.parameters;
  }
  const excess = trace.rates.map((rate) => Math.max(0, rate - homeostasis.rate));
  loss += excess.reduce((sum, e) => sum + (homeostasis.weight / plane.channels) * e * e, 0);
  const seen = trace.spikes.length / plane.channels;
  const pull = trace.spikes.map((_, at) => {
    const e = excess[Math.floor(at / spaceOf(plane)) % plane.channels]!;
    return (2 * homeostasis.weight * e) / (plane.channels * seen);
  });
  const spread = spreadOverTime(slope, steps);
  const none = new Float64Array(spread.length);
  const gradDrive = lifBackward(
    features === "rate" ? pull.map((p, at) => p + spread[at]!) : pull,
    features === "membrane" ? spread : none,
    trace,
    slope.length,
    { tau, theta: network.theta },
    heaviside,
  );
  const whole = features === "drive" ? gradDrive.map((g, at) => g + spread[at]!) : gradDrive;
  const gradients = blockBackward(block, trace.block, whole, steps * batch);
  return { loss, half: { ...trace, plane, scale: block.norm?.scale ?? null, gradients, readOut: parameters } };
}

/** @param image [batch][channels][height][width] */
export function autoencoderStep(
  perception: NetworkHalf,
  recall: NetworkHalf,
  image: Float64Array,
  batch: number,
  rule: AutoencoderRule,
): AutoencoderStep {
  const { steps, stimulusWeight, topWeight, weight } = rule;
  const seen = runNetwork(perception, image, batch, rule);
  const recalled = runNetwork(recall, image, batch, rule);
  const hidden = perception.planes.length;
  const halves = { perception: [] as HalfStep[], recall: [] as HalfStep[] };
  const compared: ComparedRows[] = [];
  const stageLosses: number[] = [];
  for (let k = 0; k < hidden; k++) {
    const other = hidden - 1 - k;
    const { features: v } = seen.traces[k]!;
    const { features: w } = recalled.traces[other]!;
    const stage = compare(k + 2, v, w, batch, perception.planes[k]!, rule);
    const weighed = (gradient: Float64Array) => gradient.map((g) => weight * g);
    const own = learnHalf(perception, seen, k, weighed(stage.gradV), image, batch, rule);
    const partner = learnHalf(recall, recalled, other, weighed(stage.gradW), image, batch, rule);
    halves.perception.push(own.half);
    halves.recall.unshift(partner.half);
    compared.push(...stage.compared);
    stageLosses.push(weight * stage.loss + own.loss + partner.loss);
  }
  const draw = (network: NetworkHalf, { last, drawing }: Run, factor: number) => {
    const { loss, gradient } = squaredError(drawing, image, factor);
    const spread = spreadOverTime(gradient, steps);
    return { loss, gradients: blockBackward(network.blocks.at(-1)!, last, spread, steps * batch) };
  };
  const [bottom, top] = [draw(recall, recalled, stimulusWeight), draw(perception, seen, topWeight)];
  const networkStep = (of: HalfStep[], { drawing }: Run, drawingGradients: BlockGradients): NetworkStep => ({
    ...{ halves: of, drawing, drawingGradients },
  });
  return {
    stageLosses: [bottom.loss, ...stageLosses, top.loss],
    perception: networkStep(halves.perception, seen, top.gradients),
    recall: networkStep(halves.recall, recalled, bottom.gradients),
    compared,
  };
}
