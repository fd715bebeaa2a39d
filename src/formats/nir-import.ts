/**
 * Perception from a NIR graph: a chain of Linear or Affine nodes and LIF neurons, as `perceptionToNir` writes it or another library. Ours are
 * `v' = v + (x - v) / tau` with reset to 0, one tau for all and one threshold for the hidden stages; what differs is refused, but for v_leak and r, which are
 * the same as a bias and a factor:
 *
 *   tau dv/dt = (v_leak - v) + r i   by steps of dt   ->   x = r (W s + b) + v_leak,  tau in steps = tau / dt
 */
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { type DataSummary, Model } from "../nets/model.ts";
import type { NetworkOptions } from "../nets/pair.ts";
import { importSlots } from "../training/state.ts";
import { neighbour } from "./nir.ts";
import { chainOf, type NirArray, type NirGraph, type NirMetadata, type NirNode } from "./nir-graph.ts";
import type { Tensor } from "./safetensors.ts";

/** Seconds a step where nobody says: snnTorch's. */
const COMMON_DT = 1e-4;
const MOST_STEPS = 1024;

/** What an imported graph says of itself in its metadata, checked; and what is taken for granted where it says nothing. */
interface Remarks {
  readonly dt: number;
  readonly steps: number;
  readonly seed: number;
  /** Whether neurons fire at v >= v_threshold; NIR itself says v > v_threshold. */
  readonly inclusive: boolean;
  readonly coding: Pick<NetworkOptions, "stimulus" | "target" | "targetSize">;
  /** A time constant in steps, to six digits: float32 seconds have no more. */
  inSteps(tau: number): number;
  /** What the data were like: as the graph says, else one row of `inputs` pixels, `outputs` classes and no normalisation. */
  data(inputs: number, outputs: number): DataSummary;
}

/**
 * @throws BispikeError "usage" where a number of steps is needed and not given, or a remark contradicts the graph
 */
export function remarks({ metadata }: NirGraph, options: { readonly steps?: number; readonly dt?: number }): Remarks {
  const dt = options.dt ?? positive(metadata, "dt") ?? COMMON_DT;
  const steps = options.steps ?? positive(metadata, "steps");
  if (steps === undefined || !Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) {
    throw new BispikeError(
      "usage",
      `NIR: steps: expected 1 to ${MOST_STEPS} time steps, got ${steps ?? "none, neither as an option nor in the graph's metadata"}`,
    );
  }
  const exact = positive(metadata, "tau_steps");
  return {
    dt,
    steps,
    inclusive: oneOf(metadata, "comparison", [">=", ">"]) === ">=",
    seed: whole(metadata, "target_seed") ?? 0,
    coding: {
      stimulus: oneOf(metadata, "input_coding", ["direct", "poisson", "latency"]) ?? "direct",
      target: oneOf(metadata, "target_coding", ["one-hot", "random"]) ?? "one-hot",
      targetSize: whole(metadata, "target_size") ?? 0,
    },
    inSteps: (tau) => {
      const found = Number((tau / dt).toPrecision(6));
      return exact !== undefined && Math.abs(exact - found) <= 1e-5 * exact ? exact : found;
    },
    data: (inputs, outputs) => dataOf(metadata, inputs, outputs),
  };
}

function dataOf(metadata: NirMetadata, inputs: number, outputs: number): DataSummary {
  const name = text(metadata, "data_name") ?? "NIR graph";
  const [height = 1, width = 1, channels = inputs, ...more] = list(metadata, "image_shape") ?? [];
  const sizes = [height, width, channels];
  if (
    more.length > 0 ||
    !sizes.every((size) => Number.isInteger(size) && size > 0) ||
    height * width * channels !== inputs
  ) {
    throw new BispikeError(
      "usage",
      `NIR: metadata image_shape: expected [height, width, channels] of ${inputs} inputs, got [${sizes.join(", ")}]`,
    );
  }
  const mean = statistics(metadata, "input_mean", channels, 0);
  const std = statistics(metadata, "input_std", channels, 1);
  if (std.some((value) => value <= 0))
    throw new BispikeError("usage", "NIR: metadata input_std: expected values above 0");
  return {
    name,
    shape: { height, width, channels },
    classNames: classNames(metadata, outputs),
    statistics: { mean, std },
  };
}

function statistics(metadata: NirMetadata, key: string, channels: number, otherwise: number): number[] {
  const values = list(metadata, key);
  // One number for all: a row of inputs without a picture has as many "channels" as inputs.
  if (values?.length === channels && values.every(Number.isFinite)) return [...values];
  if (values)
    throw new BispikeError("usage", `NIR: metadata ${key}: expected ${channels} numbers, got ${values.length}`);
  return new Array<number>(channels).fill(otherwise);
}

function classNames(metadata: NirMetadata, outputs: number): string[] {
  const stated = text(metadata, "class_names");
  if (stated === undefined) return Array.from({ length: outputs }, (_, c) => String(c));
  try {
    const names: unknown = JSON.parse(stated);
    if (Array.isArray(names) && names.length > 1 && names.every((name) => typeof name === "string")) return names;
  } catch {
    // Said below.
  }
  throw new BispikeError("usage", "NIR: metadata class_names: expected a JSON array of names");
}

function own(metadata: NirMetadata, key: string): NirMetadata[string] | undefined {
  return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
}

function text(metadata: NirMetadata, key: string): string | undefined {
  const value = own(metadata, key);
  return typeof value === "string" ? value : undefined;
}

function list(metadata: NirMetadata, key: string): readonly number[] | undefined {
  const value = own(metadata, key);
  return typeof value === "object" ? value : undefined;
}

function positive(metadata: NirMetadata, key: string): number | undefined {
  const value = own(metadata, key);
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function whole(metadata: NirMetadata, key: string): number | undefined {
  const value = own(metadata, key);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function oneOf<const T extends string>(metadata: NirMetadata, key: string, choices: readonly T[]): T | undefined {
  const value = own(metadata, key);
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw new BispikeError(
      "usage",
      `NIR: metadata ${key}: expected ${choices.join(", ")}, got ${JSON.stringify(value)}`,
    );
  return found;
}

/** How a graph is read as a model. */
export interface NirImportOptions {
  /** Largest batch. Default 64. */
  readonly maxImages?: number;
  /** T. Default what the graph's metadata say; needed where they do not. */
  readonly steps?: number;
  /** Seconds a step. Default the metadata's, else 1e-4. */
  readonly dt?: number;
}

type Lif = Extract<NirNode, { type: "LIF" }>;

/** One stage: synapses, with neurons or without. */
interface Stage {
  readonly name: string;
  readonly weight: NirArray;
  readonly bias: NirArray | undefined;
  readonly neurons: { readonly tau: number; readonly threshold: number; readonly lif: Lif } | undefined;
}

/**
 * A model that perceives as the graph does, with weights of its own and no norm. Evaluate or predict with it as with any other.
 *
 * @throws BispikeError "usage" for a graph that is not such a chain, or whose neurons differ from ours
 * @example
 * const model = modelFromNir(team, await decodeNir(bytes, "net.nir"), { steps: 4 });
 */
export function modelFromNir(team: Team, graph: NirGraph, options: NirImportOptions = {}): Model {
  const known = remarks(graph, options);
  const stages = stagesOf(graph, known.inclusive);
  const hidden = stages.slice(0, -1);
  const top = stages.at(-1)!;
  if (hidden.length === 0) throw refused("expected at least one hidden stage of LIF neurons, found none");
  const taus = stages.flatMap(({ name, neurons }) => (neurons ? [[name, known.inSteps(neurons.tau)] as const] : []));
  const tau = taus[0]![1];
  for (const [name, other] of taus) {
    if (other !== tau) throw refused(`${name}: its tau is ${other} steps, other stages' ${tau}; one tau serves all`);
  }
  if (!(tau >= 1)) throw refused(`tau: expected at least a step of ${known.dt} s, got ${tau} steps; is dt another?`);
  const threshold = hidden[0]!.neurons!.threshold;
  for (const { name, neurons } of hidden) {
    if (neurons!.threshold !== threshold)
      throw refused(
        `${name}: its threshold is ${neurons!.threshold}, ${hidden[0]!.name}'s ${threshold}; one serves all hidden stages`,
      );
  }
  const data: DataSummary = known.data(hidden[0]!.weight.shape[1]!, top.weight.shape[0]!);
  const concept = top.neurons?.threshold;
  const network: NetworkOptions = {
    kind: "mlp",
    hidden: hidden.map(({ weight }) => weight.shape[0]!),
    steps: known.steps,
    norm: false,
    tau,
    threshold: { perception: threshold, recall: threshold, ...(concept !== undefined && { concept }) },
    ...known.coding,
  };
  const model = new Model(
    team,
    { network, seed: known.seed, maxImages: options.maxImages ?? 64, networks: "perception" },
    data,
  );
  const { width } = model.pair.target;
  if (width !== top.weight.shape[0])
    throw refused(`the concept has ${top.weight.shape[0]} neurons, but the metadata's code ${width}`);
  importSlots(model.slots(false), tensorsOf(stages));
  return model;
}

function refused(message: string): BispikeError {
  return new BispikeError("usage", `NIR: ${message}`);
}

/** Stages of a chain: an Affine or Linear each, LIF between them. */
function stagesOf(graph: NirGraph, inclusive: boolean): Stage[] {
  const chain = chainOf(graph).slice(1, -1);
  const stages: Stage[] = [];
  for (let at = 0; at < chain.length; at++) {
    const [name, node] = chain[at]!;
    if (node.type !== "Affine" && node.type !== "Linear")
      throw refused(
        `${name}: expected Linear or Affine, got ${node.type}; chains of Linear or Affine and LIF nodes are imported`,
      );
    const after = chain[at + 1];
    const lif = after?.[1].type === "LIF" ? after[1] : undefined;
    const last = at + (after?.[1].type === "LIF" || after?.[1].type === "LI" ? 2 : 1) >= chain.length;
    if (!lif && !last) throw refused(`${after![0]}: expected LIF neurons after ${name}, got ${after![1].type}`);
    const neurons = lif && {
      tau: uniform(lif.tau, after![0], "tau"),
      threshold: thresholdOf(lif, after![0], inclusive),
      lif,
    };
    if (lif?.v_reset.data.some((value) => value !== 0))
      throw refused(`${after![0]}: v_reset: expected 0, as ours are reset to 0, got another value`);
    stages.push({ name, weight: node.weight, bias: node.type === "Affine" ? node.bias : undefined, neurons });
    if (lif || last) at += after && after[1].type !== "Output" ? 1 : 0;
  }
  if (stages.length === 0) throw refused("expected Linear or Affine nodes, found none");
  return stages;
}

/** Where ours fire, at v >= threshold: as it is written, or the next float32 above for a graph that means v > v_threshold. */
function thresholdOf({ v_threshold }: Lif, name: string, inclusive: boolean): number {
  const value = uniform(v_threshold, name, "v_threshold");
  if (!(value > 0)) throw refused(`${name}: v_threshold: expected more than 0, got ${value}`);
  return inclusive ? value : neighbour(value, 1);
}

function uniform({ data }: NirArray, name: string, field: string): number {
  const [first] = data;
  const other = data.find((value) => value !== first);
  if (other !== undefined)
    throw refused(`${name}: ${field}: expected one value for the whole layer, got ${first} and ${other}`);
  return first!;
}

/** Weights and biases by the names a checkpoint has for them. */
function tensorsOf(stages: readonly Stage[]): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [k, { weight, bias, neurons }] of stages.entries()) {
    const [outputs = 0, inputs = 0] = weight.shape;
    const w = Float32Array.from(weight.data);
    const b = Float32Array.from(bias?.data ?? new Float32Array(outputs));
    for (let n = 0; neurons && n < outputs; n++) {
      const r = neurons.lif.r.data[n]!;
      const leak = neurons.lif.v_leak.data[n]!;
      if (r !== 1) for (let i = n * inputs; i < (n + 1) * inputs; i++) w[i]! *= r;
      b[n] = r * b[n]! + leak;
    }
    tensors.set(`perception.stage${k + 2}.weight`, { dtype: "F32", shape: [outputs, inputs], data: w });
    tensors.set(`perception.stage${k + 2}.bias`, { dtype: "F32", shape: [outputs], data: b });
  }
  return tensors;
}
