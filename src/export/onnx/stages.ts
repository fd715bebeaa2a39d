/** Spiking stages of either network as operators, with their membranes as inputs and outputs where a graph has one step. */
import type { Layer } from "../../network/layer.ts";
import { type Shape, sizeOf } from "../../network/shape.ts";
import { type FoldOptions, foldLayer } from "../folded.ts";
import type { Graph } from "./graph.ts";
import { fire, type Signal, shownSpikes } from "./neurons.ts";
import { driveOf } from "./synapses.ts";

/** Sizes of a population but for its images: [C][H][W], or [units] where it is flat. */
export function sizesOf(shape: Shape): readonly number[] {
  return shape.height * shape.width === 1 ? [sizeOf(shape)] : [shape.channels, shape.height, shape.width];
}

export interface StageOptions {
  /** T of a sample, for what is said of it. */
  readonly steps: number;
  /** Of the graph: T, or 1. */
  readonly graphSteps: number;
  /** Whether membranes go in and out. */
  readonly stateful: boolean;
  /** Whether spikes are outputs. */
  readonly spikes: boolean;
  readonly tau: number;
}

/** Builds stages one after the other. */
export class Stages {
  readonly graph: Graph;
  readonly options: StageOptions;
  /** Inputs that are state, and the outputs with their next values. */
  readonly states: Record<string, string> = {};
  /** Outputs are declared last, state after results. */
  readonly #later: (() => void)[] = [];

  constructor(graph: Graph, options: StageOptions) {
    this.graph = graph;
    this.options = options;
  }

  /** The folded drive of a layer that neurons or a read-out see. */
  drive(layer: Layer, source: Signal, fold: FoldOptions): Signal {
    return { ...source, value: driveOf(this.graph, foldLayer(layer, fold), source.value) };
  }

  /** A hidden stage. */
  hidden(layer: Layer, source: Signal, fold: FoldOptions): Signal {
    const { tau } = this.options;
    const drive = this.drive(layer, source, { ...fold, gain: Math.fround(1 / tau) });
    return this.neurons(layer.name.replace(/^.*\./, ""), drive, layer.synapses.shape, layer.neurons!.threshold, true);
  }

  /** Neurons under a drive. `folded`: see `fire`. */
  neurons(name: string, drive: Signal, shape: Shape, threshold: number, folded: boolean): Signal {
    const { graph } = this;
    const { tau, graphSteps: steps, steps: all, stateful, spikes: shown } = this.options;
    const sizes = sizesOf(shape);
    const membrane = stateful
      ? this.state(
          `${name}.membrane`,
          sizes,
          `membrane potential of ${name} before the step; zeros at a sample's start`,
        )
      : undefined;
    const fired = fire(graph, drive, {
      name,
      tau,
      threshold,
      folded,
      steps,
      ...(membrane ? { membrane: membrane.name } : {}),
    });
    membrane?.next(fired.membrane);
    if (shown) {
      const dimensions = steps === 1 && stateful ? ["N", ...sizes] : ["N", all, ...sizes];
      const value = shownSpikes(graph, fired.spikes, { steps, sizes, name });
      // A graph of all steps of a sample that has one still gives the axis of steps.
      const spikes =
        !stateful && steps === 1
          ? graph.node("Reshape", [value, graph.wholes([-1, 1, ...sizes])], `${name}.one.step`)
          : value;
      const about = `spikes of ${name}, 0 or 1${stateful ? ", at this step" : ", step by step"}`;
      this.#later.push(() => graph.output({ name: `${name}.spikes`, element: "uint8", dimensions, about }, spikes));
    }
    return fired.spikes;
  }

  /** A value that goes from run to run: the input's name, and what takes its next value. */
  state(name: string, sizes: readonly number[], about: string): { name: string; next: (value: string) => void } {
    const dimensions = ["N", ...sizes];
    this.graph.input({ name, element: "float", dimensions, about });
    const next = `${name}.next`;
    this.states[name] = next;
    return {
      name,
      next: (value) => {
        this.#later.push(() =>
          this.graph.output({ name: next, element: "float", dimensions, about: `${name} for the next step` }, value),
        );
      },
    };
  }

  /** Declares the outputs of spikes and state; after all others. */
  finish(): void {
    for (const declare of this.#later) declare();
  }
}
