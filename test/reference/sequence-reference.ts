/**
 * A recurrent pair and one step of learning on one window, float64, in plain loops over positions.
 *
 *   perception  u_n = W_x x_n + W_h s_{n-1}          recall  b_n = Theta_y r^y_n + Theta_h r_{n+1}
 *
 * A neuron hears at its step t what its fellows did at step t of the neighbouring element; nothing is heard at the window's ends. Every element has T steps, its membranes start at 0. The norm
 * takes its statistics from one position's rows and steps. Losses (source: arXiv 2509.20284, carried over to sequences):
 *
 *   stage 1             symbols: reconstructed rows against the alphabet's codes; values: stimulus rows against reconstructed rows; of cosines whatever the others are of
 *   stage i, 1 < i < L  perception's firing rates against recall's features, row k to row k, in blocks of rows; plus homeostasis of both
 *   stage L             cross-entropy or mean squared error of the read-out's time mean
 *
 * Spikes of an element are [T][rows][neurons]; what holds for a window is a list over positions, or rows position * rows + row ("images").
 */
import { type AlignmentOptions, align, type Means } from "./alignment.ts";
import { type LifOptions, type LifTrace, lifBackward, lifForward, type Surrogate } from "./lif.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "./linear.ts";
import { type NormTrace, normBackward, normEpsilon, normForward } from "./norm.ts";
import { crossEntropy } from "./softmax.ts";
import { type FeatureKind, holdOverTime, spreadOverTime, timeMean } from "./stage.ts";

/** Weights are [neurons][inputs]; either a bias or a norm. */
export interface SequenceStage {
  readonly inputs: number;
  readonly neurons: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array | null;
  readonly recurrent: Float64Array | null;
  readonly norm: SequenceNorm | null;
}

export interface SequenceNorm {
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  /** Statistics that all positions share, constants to the gradient; absent: each position's own. */
  readonly running?: { readonly mean: Float64Array; readonly variance: Float64Array };
}

/** Synapses that are read out: [outputs][inputs] and [outputs]. */
export interface ReadOut {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

export interface SequenceNet {
  /** From the stimulus up. */
  readonly perception: readonly SequenceStage[];
  readonly top: ReadOut;
  /** From the concept down; empty for backprop. */
  readonly recall: readonly SequenceStage[];
  readonly reconstruct: ReadOut;
}

export interface WindowSize {
  readonly positions: number;
  readonly rows: number;
  readonly steps: number;
}

export interface NeuronOptions {
  readonly tau: number;
  readonly theta: number;
  readonly surrogate: Surrogate;
}

export type Direction = "forward" | "backward";

/** One element's way through a stage; all [T][rows][neurons] but the norm's. */
interface ElementTrace extends LifTrace {
  readonly input: Float64Array;
  /** Spikes of the neighbouring element. */
  readonly heard: Float64Array;
  readonly z: Float64Array;
  readonly norm: NormTrace | null;
}

export type StageTrace = readonly ElementTrace[];

/** What a finite difference holds: the spikes that reset membranes, and for rules that carry no credit back those that are heard. */
export interface Held {
  readonly reset: readonly Float64Array[];
  readonly heard?: readonly Float64Array[];
}

/** Positions in the order a network reaches them. */
const orderOf = (direction: Direction, positions: number): number[] =>
  Array.from({ length: positions }, (_, k) => (direction === "forward" ? k : positions - 1 - k));

export function runStage(
  stage: SequenceStage,
  inputs: readonly Float64Array[],
  { positions, rows, steps }: WindowSize,
  direction: Direction,
  { tau, theta, surrogate }: NeuronOptions,
  held?: Held,
): StageTrace {
  const { neurons, weight, recurrent, norm } = stage;
  const lif: LifOptions = { tau, theta };
  const traces: ElementTrace[] = new Array(positions);
  const none = new Float64Array(neurons);
  let before = new Float64Array(steps * rows * neurons);
  for (const n of orderOf(direction, positions)) {
    const heard = held?.heard?.[n] ?? before;
    const input = inputs[n]!;
    const z = linearForward(input, steps * rows, weight, stage.bias ?? none, shapeOf(stage));
    if (recurrent) {
      const more = linearForward(heard, steps * rows, recurrent, none, { inputs: neurons, outputs: neurons });
      for (let i = 0; i < z.length; i++) z[i]! += more[i]!;
    }
    const normed = norm && normalise(z, norm);
    const trace = lifForward(normed?.output ?? z, rows * neurons, lif, surrogate, held?.reset[n]);
    traces[n] = { ...trace, input, heard, z, norm: normed };
    before = Float64Array.from(trace.spikes);
  }
  return traces;
}

/** X = gamma (z - m) / sqrt(v + eps) + beta of rows of z, [row][neurons]. */
function normalise(z: Float64Array, { gamma, beta, running }: SequenceNorm): NormTrace {
  const neurons = gamma.length;
  if (!running) return normForward(z, neurons, 1, gamma, beta);
  const inverseDeviation = running.variance.map((v) => 1 / Math.sqrt(v + normEpsilon));
  const standard = z.map((value, i) => (value - running.mean[i % neurons]!) * inverseDeviation[i % neurons]!);
  const output = standard.map((value, i) => gamma[i % neurons]! * value + beta[i % neurons]!);
  return { output, standard, inverseDeviation };
}

function throughNorm(dX: Float64Array, trace: NormTrace, { gamma, running }: SequenceNorm) {
  const neurons = gamma.length;
  const own = normBackward(dX, trace, neurons, 1, gamma);
  if (!running) return own;
  return { ...own, input: dX.map((g, i) => g * gamma[i % neurons]! * trace.inverseDeviation[i % neurons]!) };
}

const shapeOf = ({ inputs, neurons }: SequenceStage) => ({ inputs, outputs: neurons });

/** Time means of the spikes, the drive or the membrane, [image][neurons]. */
export function featuresOf(trace: StageTrace, steps: number, kind: FeatureKind = "rate"): Float64Array {
  const rows = trace.map(({ spikes, membrane, z, norm }) =>
    timeMean({ rate: spikes, membrane, drive: norm?.output ?? z }[kind], steps),
  );
  return Float64Array.from(rows.flatMap((row) => [...row]));
}

/** Gradients of what a stage's neurons do, each [position][T * rows * neurons]; absent: 0. */
export interface NeuronGradients {
  readonly spikes: readonly Float64Array[];
  readonly membrane?: readonly Float64Array[];
  readonly drive?: readonly Float64Array[];
}

export interface StageGradients {
  readonly weight: Float64Array;
  readonly bias: Float64Array | null;
  readonly recurrent: Float64Array | null;
  readonly gamma: Float64Array | null;
  readonly beta: Float64Array | null;
}

/**
 * Gradients of a stage from those of its neurons.
 *
 * @param throughTime whether dz of an element goes on to the spikes its fellows of the element before fired
 * @returns the stage's gradients, and those of its inputs
 */
export function stageGradients(
  stage: SequenceStage,
  trace: StageTrace,
  { spikes: gradSpikes, membrane, drive }: NeuronGradients,
  { positions, rows, steps }: WindowSize,
  direction: Direction,
  { tau, theta, surrogate }: NeuronOptions,
  throughTime: boolean,
): { gradients: StageGradients; inputs: Float64Array[] } {
  const { neurons, recurrent, norm } = stage;
  const zeros = (length: number) => new Float64Array(length);
  const gradients = {
    weight: zeros(neurons * stage.inputs),
    bias: stage.bias && zeros(neurons),
    recurrent: recurrent && zeros(neurons * neurons),
    gamma: norm && zeros(neurons),
    beta: norm && zeros(neurons),
  };
  const add = (to: Float64Array | null, from: Float64Array) => {
    if (to) for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
  };
  const inputs: Float64Array[] = new Array(positions);
  let back = zeros(steps * rows * neurons);
  for (const n of orderOf(direction, positions).reverse()) {
    const element = trace[n]!;
    const dS = gradSpikes[n]!.map((value, i) => value + back[i]!);
    const dH = membrane?.[n] ?? zeros(dS.length);
    const dX = lifBackward(dS, dH, element, rows * neurons, { tau, theta }, surrogate);
    if (drive) for (let i = 0; i < dX.length; i++) dX[i]! += drive[n]![i]!;
    let dz = dX;
    if (norm && element.norm) {
      const through = throughNorm(dX, element.norm, norm);
      dz = through.input;
      add(gradients.gamma, through.scale);
      add(gradients.beta, through.shift);
    }
    const own = linearWeightGradient(element.input, dz, steps * rows, shapeOf(stage));
    add(gradients.weight, own.weight);
    add(gradients.bias, own.bias);
    inputs[n] = linearInputGradient(dz, steps * rows, stage.weight, shapeOf(stage));
    if (!recurrent) continue;
    const square = { inputs: neurons, outputs: neurons };
    add(gradients.recurrent, linearWeightGradient(element.heard, dz, steps * rows, square).weight);
    if (throughTime) back = Float64Array.from(linearInputGradient(dz, steps * rows, recurrent, square));
  }
  return { gradients, inputs };
}

/** Rows of a window compared in blocks of at most `block`; centring is over the whole window. */
export interface WindowLoss extends Pick<AlignmentOptions, "loss" | "lambda" | "temperature" | "centred" | "affinity"> {
  readonly block: number;
}

/** Mean row over a window, [width]. */
export const meanRow = (x: Float64Array, width: number): Float64Array => timeMean(x, x.length / width);

const centredRows = (x: Float64Array, width: number, mean = meanRow(x, width)): Float64Array =>
  x.map((value, at) => value - mean[at % width]!);

/**
 * Mean loss over the rows of v and w ([image][width]), and both gradients. Rows of one label are no rivals of each other.
 *
 * @param means rows to take away in place of the window's own, which are constants to the gradient: for finite differences
 */
export function alignBlocks(
  v: Float64Array,
  w: Float64Array,
  width: number,
  options: WindowLoss,
  labels?: ArrayLike<number>,
  means?: Means,
): { loss: number; gradV: Float64Array; gradW: Float64Array } {
  const images = v.length / width;
  const [cv, cw] = options.centred ? [centredRows(v, width, means?.v), centredRows(w, width, means?.w)] : [v, w];
  const [gradV, gradW] = [new Float64Array(v.length), new Float64Array(w.length)];
  let loss = 0;
  for (let from = 0; from < images; from += options.block) {
    const end = Math.min(images, from + options.block);
    const own = Array.from({ length: end - from }, (_, k) => labels?.[from + k] ?? k);
    const part = (x: Float64Array) => x.slice(from * width, end * width);
    const one = align(part(cv), part(cw), own, {
      ...options,
      centred: false,
      rivals: labels ? "masked" : "literal",
      classes: 0,
    });
    const share = (end - from) / images;
    loss += share * one.loss;
    gradV.set(
      one.gradV.map((g) => g * share),
      from * width,
    );
    gradW.set(
      one.gradW.map((g) => g * share),
      from * width,
    );
  }
  return { loss, gradV, gradW };
}

/** A window's elements, rows position * rows + row: symbols, or `width` values a row. */
export type Elements =
  | { readonly kind: "symbols"; readonly width: number; readonly symbols: readonly number[] }
  | { readonly kind: "values"; readonly width: number; readonly values: Float64Array };

/** Elements as what synapses see: one-hot or real rows, held over T steps. */
function held(elements: Elements, { positions, rows, steps }: WindowSize): Float64Array[] {
  const { width } = elements;
  return Array.from({ length: positions }, (_, n) => {
    const first = n * rows;
    if (elements.kind === "values")
      return holdOverTime(elements.values.slice(first * width, (first + rows) * width), steps);
    const code = new Float64Array(rows * width);
    for (let b = 0; b < rows; b++) code[b * width + elements.symbols[first + b]!] = 1;
    return holdOverTime(code, steps);
  });
}

export interface PopulationCodeSize {
  readonly size: number;
  readonly range: number;
}

/**
 * Values as spikes of tuned neurons, [T][rows][width * size]: centres evenly over [-range, range], tuning exp(-(y - c)^2 / (2 spacing^2)), round(a T) spikes spread
 * evenly: step t fires where floor((t + 1) k / T) > floor(t k / T). Values beyond the range count as its ends.
 */
export function populationSpikes(
  values: Float64Array,
  width: number,
  { size, range }: PopulationCodeSize,
  steps: number,
): Float64Array {
  const rows = values.length / width;
  const out = new Float64Array(steps * rows * width * size);
  const spacing = (2 * range) / (size - 1);
  for (let i = 0; i < values.length; i++) {
    const y = Math.min(range, Math.max(-range, values[i]!));
    for (let j = 0; j < size; j++) {
      const distance = size === 1 ? 0 : (y - (j * spacing - range)) / spacing;
      const count = Math.round(Math.exp(-(distance ** 2) / 2) * steps);
      for (let t = 0; t < steps; t++) {
        const fires = Math.floor(((t + 1) * count) / steps) > Math.floor((t * count) / steps);
        if (fires) out[t * values.length * size + i * size + j] = 1;
      }
    }
  }
  return out;
}

/** The concept's spikes that recall starts from. */
export function conceptSpikes(targets: Elements, size: WindowSize, code: PopulationCodeSize): Float64Array[] {
  if (targets.kind === "symbols") return held(targets, size);
  const each = size.rows * targets.width;
  return Array.from({ length: size.positions }, (_, n) =>
    populationSpikes(targets.values.slice(n * each, (n + 1) * each), targets.width, code, size.steps),
  );
}

interface ReadTrace {
  /** Time means, [image][outputs]. */
  readonly mean: Float64Array;
  readonly inputs: readonly Float64Array[];
}

function readOut(layer: ReadOut, inputs: readonly Float64Array[], { rows, steps }: WindowSize): ReadTrace {
  const means = inputs.map((x) => timeMean(linearForward(x, steps * rows, layer.weight, layer.bias, layer), steps));
  return { mean: Float64Array.from(means.flatMap((mean) => [...mean])), inputs };
}

/** Gradients of a read-out from those of its time means, and those of its inputs' spikes. */
function readOutGradients(layer: ReadOut, trace: ReadTrace, gradMean: Float64Array, { rows, steps }: WindowSize) {
  const weight = new Float64Array(layer.weight.length);
  const bias = new Float64Array(layer.outputs);
  const each = rows * layer.outputs;
  const inputs = trace.inputs.map((x, n) => {
    const g = spreadOverTime(gradMean.slice(n * each, (n + 1) * each), steps);
    const own = linearWeightGradient(x, g, steps * rows, layer);
    for (let i = 0; i < weight.length; i++) weight[i]! += own.weight[i]!;
    for (let i = 0; i < bias.length; i++) bias[i]! += own.bias[i]!;
    return linearInputGradient(g, steps * rows, layer.weight, layer);
  });
  return { gradients: { weight, bias }, inputs };
}

/** Cross-entropy, or the mean squared error over rows and values, of the read-out's time means. */
function topLoss(mean: Float64Array, targets: Elements): { loss: number; gradient: Float64Array } {
  if (targets.kind === "symbols") return crossEntropy(mean, targets.symbols.length, targets.width, targets.symbols);
  const gaps = mean.map((value, i) => value - targets.values[i]!);
  const loss = gaps.reduce((sum, gap) => sum + gap ** 2, 0) / gaps.length;
  return { loss, gradient: gaps.map((gap) => (2 * gap) / gaps.length) };
}

export interface SequenceOptions extends WindowLoss {
  /** What recall is compared by. Default rate. */
  readonly recallFeatures?: FeatureKind;
  readonly steps: number;
  readonly tau: number;
  readonly theta: { readonly perception: number; readonly recall: number };
  readonly surrogate: Surrogate;
  readonly rivals: "literal" | "masked";
  readonly weight: number;
  readonly stimulusWeight: number;
  readonly homeostasis: { readonly weight: number; readonly rate: number };
  readonly code: PopulationCodeSize;
}

export interface SequenceStep {
  /** Loss of stages 1..L. */
  readonly stageLosses: readonly number[];
  readonly perception: readonly { trace: StageTrace; gradients: StageGradients }[];
  /** From the concept down, as the net's. */
  readonly recall: readonly { trace: StageTrace; gradients: StageGradients }[];
  readonly top: { readonly mean: Float64Array; readonly gradients: { weight: Float64Array; bias: Float64Array } };
  readonly reconstruct: {
    readonly mean: Float64Array;
    readonly gradients: { weight: Float64Array; bias: Float64Array };
  };
  /** Rows that were compared: those of a window's reconstructed stimulus, and of each stage's two sides; before and after centring. */
  readonly compared: readonly { rows: Float64Array; centred: Float64Array; width: number }[];
}

/** The pull of homeostasis: weight * mean over neurons of max(0, rate - target)^2 and its gradient by a neuron's every spike. */
export function homeostasis(rates: Float64Array, neurons: number, steps: number, o: SequenceOptions["homeostasis"]) {
  const images = rates.length / neurons;
  const excess = timeMean(rates, images).map((rate) => Math.max(0, rate - o.rate));
  return {
    cost: (o.weight * excess.reduce((sum, e) => sum + e ** 2, 0)) / neurons,
    pull: excess.map((e) => (2 * o.weight * e) / (neurons * images * steps)),
  };
}

/** Whose targets are the same: symbols, or rows of values that the same neurons of the code prefer, the upper of two that are as near. */
function labelsOf(targets: Elements, { size, range }: PopulationCodeSize): ArrayLike<number> {
  if (targets.kind === "symbols") return targets.symbols;
  const preferred = Array.from(targets.values, (value) => {
    const clamped = Math.min(range, Math.max(-range, value));
    let best = 0;
    for (let j = 1; j < size; j++) {
      const [centre, rival] = [j, best].map((k) => -range + (2 * range * k) / (size - 1)) as [number, number];
      if (Math.abs(clamped - centre) <= Math.abs(clamped - rival)) best = j;
    }
    return best;
  });
  const rows = preferred.length / targets.width;
  return Array.from({ length: rows }, (_, row) => {
    const own = preferred.slice(row * targets.width, (row + 1) * targets.width);
    return own.reduce((label, neuron) => label * size + neuron, 0);
  });
}

/** Gradients of a stage's neurons from that of its features, time means of `kind`, and a pull that every spike of a neuron has. */
export function ofNeurons(
  gradFeatures: Float64Array,
  pull: Float64Array,
  neurons: number,
  { positions, rows, steps }: WindowSize,
  kind: FeatureKind = "rate",
): NeuronGradients {
  const each = rows * neurons;
  const spread = Array.from({ length: positions }, (_, n) =>
    spreadOverTime(gradFeatures.slice(n * each, (n + 1) * each), steps),
  );
  const pulled = spread.map((values) => values.map((value, i) => (kind === "rate" ? value : 0) + pull[i % neurons]!));
  return { spikes: pulled, ...(kind === "rate" ? {} : { [kind]: spread }) };
}

/** The whole BSD step on one window; no parameter is changed. */
export function sequenceStep(
  net: SequenceNet,
  inputs: Elements,
  targets: Elements,
  size: WindowSize,
  options: SequenceOptions,
): SequenceStep {
  const { steps } = size;
  const neuron = (theta: number): NeuronOptions => ({ tau: options.tau, theta, surrogate: options.surrogate });
  const [seeing, recalling] = [neuron(options.theta.perception), neuron(options.theta.recall)];
  const chain = (
    stages: readonly SequenceStage[],
    first: Float64Array[],
    direction: Direction,
    neurons: NeuronOptions,
  ): StageTrace[] => {
    let source: readonly Float64Array[] = first;
    return stages.map((stage) => {
      const trace = runStage(stage, source, size, direction, neurons);
      source = trace.map(({ spikes }) => spikes);
      return trace;
    });
  };
  const recalled = chain(net.recall, conceptSpikes(targets, size, options.code), "backward", recalling);
  const seen = chain(net.perception, held(inputs, size), "forward", seeing);
  const spikesOf = (trace: StageTrace) => trace.map(({ spikes }) => spikes);

  const reconstructed = readOut(net.reconstruct, spikesOf(recalled.at(-1)!), size);
  const first = reconstructLoss(reconstructed.mean, inputs, options);
  const shown = (rows: Float64Array, width: number) => ({
    rows,
    centred: options.centred ? centredRows(rows, width) : rows,
    width,
  });
  const compared = [shown(reconstructed.mean, inputs.width)];
  const losses = [options.stimulusWeight * first.loss];

  const perception: { trace: StageTrace; gradients: StageGradients }[] = [];
  const recall: { trace: StageTrace; gradients: StageGradients }[] = [];
  for (const [k, trace] of seen.entries()) {
    const other = seen.length - 1 - k;
    const stage = net.perception[k]!;
    const partner = net.recall[other]!;
    const [rates, theirRates] = [featuresOf(trace, steps), featuresOf(recalled[other]!, steps)];
    const [v, w] = [rates, featuresOf(recalled[other]!, steps, options.recallFeatures)];
    const labels = options.rivals === "masked" ? labelsOf(targets, options.code) : undefined;
    const { loss, gradV, gradW } = alignBlocks(v, w, stage.neurons, options, labels);
    const [own, theirs] = [rates, theirRates].map((x) => homeostasis(x, stage.neurons, steps, options.homeostasis));
    losses.push(options.weight * loss + own!.cost + theirs!.cost);
    for (const rows of [v, w]) compared.push(shown(rows, stage.neurons));
    const weighted = (x: Float64Array) => x.map((value) => value * options.weight);
    const dV = ofNeurons(weighted(gradV), own!.pull, stage.neurons, size);
    const dW = ofNeurons(weighted(gradW), theirs!.pull, stage.neurons, size, options.recallFeatures);
    const ours = stageGradients(stage, trace, dV, size, "forward", seeing, false);
    const back = stageGradients(partner, recalled[other]!, dW, size, "backward", recalling, false);
    perception.push({ trace, gradients: ours.gradients });
    recall.unshift({ trace: recalled[other]!, gradients: back.gradients });
  }
  const read = readOut(net.top, spikesOf(seen.at(-1)!), size);
  const decision = topLoss(read.mean, targets);
  losses.push(decision.loss);
  const reconstructGradient = first.gradient.map((value) => value * options.stimulusWeight);
  return {
    stageLosses: losses,
    perception,
    recall,
    compared,
    top: { mean: read.mean, gradients: readOutGradients(net.top, read, decision.gradient, size).gradients },
    reconstruct: {
      mean: reconstructed.mean,
      gradients: readOutGradients(net.reconstruct, reconstructed, reconstructGradient, size).gradients,
    },
  };
}

/** Stage 1's loss and its gradient by the reconstructed rows. */
function reconstructLoss(
  reconstructed: Float64Array,
  inputs: Elements,
  given: SequenceOptions,
): { loss: number; gradient: Float64Array } {
  const { width } = inputs;
  const options = given.affinity === "dots" ? { ...given, affinity: "cosines" as const, temperature: 0.1 } : given;
  if (inputs.kind === "values") {
    const { loss, gradW } = alignBlocks(inputs.values, reconstructed, width, options);
    return { loss, gradient: gradW };
  }
  const codes = new Float64Array(width * width).map((_, at) => (at % (width + 1) === 0 ? 1 : 0));
  const { loss, gradV } = align(reconstructed, codes, inputs.symbols, {
    ...options,
    rivals: "prototypes",
    classes: width,
  });
  return { loss, gradient: gradV };
}

export interface BackpropStep {
  readonly loss: number;
  /** Time means of the read-out, [image][outputs]. */
  readonly outputs: Float64Array;
  readonly traces: readonly StageTrace[];
  readonly perception: readonly StageGradients[];
  readonly top: { readonly weight: Float64Array; readonly bias: Float64Array };
}

/**
 * Backprop through time of perception alone: the top loss through every stage, position and step, with the surrogate for the spike and the reset held constant.
 *
 * @param reset spikes that reset membranes instead of the ones fired, [stage][position], for finite differences
 */
export function backpropStep(
  net: Pick<SequenceNet, "perception" | "top">,
  inputs: Elements,
  targets: Elements,
  size: WindowSize,
  neurons: NeuronOptions,
  reset?: readonly (readonly Float64Array[])[],
): BackpropStep {
  const traces: StageTrace[] = [];
  let source = held(inputs, size);
  for (const [k, stage] of net.perception.entries()) {
    const trace = runStage(stage, source, size, "forward", neurons, reset && { reset: reset[k]! });
    traces.push(trace);
    source = trace.map(({ spikes }) => spikes);
  }
  const read = readOut(net.top, source, size);
  const { loss, gradient } = topLoss(read.mean, targets);
  const top = readOutGradients(net.top, read, gradient, size);
  const perception: StageGradients[] = [];
  let above: readonly Float64Array[] = top.inputs;
  for (let k = net.perception.length - 1; k >= 0; k--) {
    const stage = net.perception[k]!;
    const { gradients, inputs: below } = stageGradients(
      ...([stage, traces[k]!, { spikes: above }, size, "forward", neurons, true] as const),
    );
    perception.unshift(gradients);
    above = below;
  }
  return { loss, outputs: read.mean, traces, perception, top: top.gradients };
}
