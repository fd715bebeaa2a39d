/**
 * Leaky integrate-and-fire neurons as operators, over the steps of one run of the graph:
 *
 *   hidden stages   H = (1 - 1/tau) V + X              X is folded with 1 / tau, as the kernels have it
 *   the concept's   H = V + (z - V) / tau
 *   S = H >= threshold,  V = H where S is 0, else 0
 *
 * Values of several steps lie one step after the other in the first axis, [T rows][...], so that synapses see them all at once; at every step the same ones ("held") lie there once.
 */
import type { Graph } from "./graph.ts";

/** What goes from stage to stage. */
export interface Signal {
  /** [T N][...], or held [N][...]. */
  readonly value: string;
  readonly held: boolean;
}

export interface NeuronOptions {
  readonly name: string;
  readonly tau: number;
  readonly threshold: number;
  /** Hidden stages' drives are folded with 1 / tau, the concept's is not. */
  readonly folded: boolean;
  /** T of this graph: all steps of a sample, or 1. */
  readonly steps: number;
  /** V of the step before; zeros where absent. */
  readonly membrane?: string;
}

export interface FiredNeurons {
  /** 0 and 1 as floats. */
  readonly spikes: Signal;
  /** V after the last step. */
  readonly membrane: string;
}

/** The smallest single-precision number that is not below a threshold: single-precision potentials that reach one reach the other. */
export function singleAtLeast(threshold: number): number {
  const single = Math.fround(threshold);
  if (single >= threshold) return single;
  const bits = new Uint32Array(1);
  const view = new Float32Array(bits.buffer);
  view[0] = single;
  bits[0]! += 1;
  return view[0]!;
}

export function fire(graph: Graph, drive: Signal, options: NeuronOptions): FiredNeurons {
  const { name, steps } = options;
  const drives = eachStep(graph, drive, steps, `${name}.drive`);
  // The kernels round a threshold to single precision; the concept's potentials are compared with it as it is.
  const threshold = graph.scalar(options.folded ? Math.fround(options.threshold) : singleAtLeast(options.threshold));
  const zero = graph.scalar(0);
  let membrane = options.membrane;
  const spikes: string[] = [];
  for (const [t, x] of drives.entries()) {
    const at = `${name}.t${t + 1}`;
    const charged = charge(graph, x, membrane, options, at);
    const fired = graph.node("GreaterOrEqual", [charged, threshold], `${at}.fired`);
    membrane = graph.node("Where", [fired, zero, charged], `${at}.membrane`);
    spikes.push(graph.cast(fired, "float", `${at}.spikes`));
  }
  const value = spikes.length === 1 ? spikes[0]! : graph.node("Concat", spikes, `${name}.trains`, { axis: 0 });
  return { spikes: { value, held: steps === 1 }, membrane: membrane! };
}

/** H. */
function charge(graph: Graph, x: string, before: string | undefined, options: NeuronOptions, at: string): string {
  const { tau, folded } = options;
  if (folded) {
    if (before === undefined) return x;
    const kept = graph.node("Mul", [before, graph.scalar(1 - Math.fround(1 / tau))], `${at}.kept`);
    return graph.node("Add", [kept, x], `${at}.charged`);
  }
  const distance = before === undefined ? x : graph.node("Sub", [x, before], `${at}.distance`);
  const step = graph.node("Div", [distance, graph.scalar(tau)], `${at}.step`);
  return before === undefined ? step : graph.node("Add", [before, step], `${at}.charged`);
}

/** The values of each step. */
function eachStep(graph: Graph, { value, held }: Signal, steps: number, wish: string): readonly string[] {
  if (held) return Array<string>(steps).fill(value);
  const wishes = Array.from({ length: steps }, (_, t) => `${wish}.t${t + 1}`);
  return graph.nodeOf("Split", [value], wishes, { axis: 0 });
}

/** The mean over the steps, [N][...]; a value that is held is its own. */
export function overSteps(
  graph: Graph,
  { value, held }: Signal,
  how: "mean" | "sum",
  { steps, sizes, name }: { steps: number; sizes: readonly number[]; name: string },
): string {
  if (held) {
    return how === "mean" || steps === 1 ? value : graph.node("Mul", [value, graph.scalar(steps)], `${name}.sum`);
  }
  const apart = graph.node("Reshape", [value, graph.wholes([steps, -1, ...sizes])], `${name}.apart`);
  if (how === "mean") return graph.node("ReduceMean", [apart], `${name}.mean`, { axes: [0], keepdims: 0 });
  return graph.node("ReduceSum", [apart, graph.wholes([0])], `${name}.sum`, { keepdims: 0 });
}

/** Spikes as a user of the file sees them: uint8, [N][T][...] of several steps, [N][...] of one. */
export function shownSpikes(
  graph: Graph,
  { value }: Signal,
  { steps, sizes, name }: { steps: number; sizes: readonly number[]; name: string },
): string {
  const small = graph.cast(value, "uint8", `${name}.small`);
  if (steps === 1) return small;
  const apart = graph.node("Reshape", [small, graph.wholes([steps, -1, ...sizes])], `${name}.by.step`);
  const perm = [1, 0, ...sizes.map((_, axis) => axis + 2)];
  return graph.node("Transpose", [apart], `${name}.by.image`, { perm });
}
