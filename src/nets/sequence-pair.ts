/**
 * A pair of recurrent networks for sequences: perception runs along a window of elements (stimulus -> concept, weights W), recall runs back from its end (concept -> stimulus,
 * weights Theta). At each position
 *
 *   perception  u_n = W_x x_n + W_h s_{n-1}          recall  b_n = Theta_y r^y_n + Theta_h r_{n+1}
 *
 * so what recall knows at a position comes from this target and those after it, and what perception knows from this element and those before.
 * Rows of all regions are position * rows + row ("images" to the layers).
 */

import type { ElementKind } from "../data/sequence/task.ts";
import { LANES, padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { buildPair } from "./build.ts";
import type { Layer } from "./layer.ts";
import type { Slot } from "./parameters.ts";
import { Population } from "./population.ts";
import { codeValue, firesAt, type PopulationCode } from "./population-code.ts";
import { flat } from "./shape.ts";
import type { PairSpec } from "./spec.ts";
import { sequenceSpec } from "./specs.ts";
import type { Source } from "./synapses.ts";

/** The network of a sequence experiment. */
export interface SequenceNetworkOptions {
  /** Neurons of each recurrent stage, from the stimulus up. */
  readonly hidden: readonly number[];
  /** T, the steps of an element. */
  readonly steps: number;
  /** Normalise the drive of each position over windows and time before the neurons see it. */
  readonly norm: boolean;
  /** Membrane time constant in steps, at least 1. */
  readonly tau: number;
  /** Membrane potential at which a network's neurons fire. */
  readonly threshold: { readonly perception: number; readonly recall: number };
  /** Whether recall is recurrent, that is, knows later targets. */
  readonly recurrentRecall: boolean;
  /** Code of a target value at the top of recall: neurons a value, and half of the interval they cover, in standard deviations. */
  readonly population: { readonly size: number; readonly range: number };
}

/** What a recurrent pair is made from. */
export interface SequencePairOptions extends SequenceNetworkOptions {
  /** What elements are. */
  readonly inputs: ElementKind;
  /** What targets are. */
  readonly targets: ElementKind;
  /** Elements of the longest window. */
  readonly window: number;
  /** Windows side by side at most. */
  readonly maxRows: number;
  /** Draws the weights; an integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** No recall, and every stage keeps the window's drives: for rules that carry errors back. Default false. */
  readonly perceptionOnly?: boolean;
}

/**
 * Recurrent perception and recall for windows of a sequence: perception runs along a window, recall back from its end. At each position n
 *
 *     perception  u_n = W_x x_n + W_h s_{n-1}          recall  b_n = Theta_y r^y_n + Theta_h r_{n+1}
 *
 * Rows of all regions are position * rows + row.
 *
 * @example
 * const characters = { kind: "symbols", width: 65 } as const;
 * const sizes = { inputs: characters, targets: characters, window: 32, maxRows: 64, seed: 1 };
 * const pair = new SequencePair(team, { ...sequenceConfigDefaults.network, ...sizes });
 * pair.stages; // 3 with one hidden one
 */
export class SequencePair {
  readonly team: Team;
  readonly options: SequencePairOptions;
  /** What the layers of both networks are. */
  readonly spec: PairSpec;
  /** Perception's hidden stages from the stimulus up. */
  readonly perception: readonly Layer[];
  /** Recall's halves of the same stages, in the same order; empty without recall. */
  readonly recall: readonly Layer[];
  /** Reads the concept's drive: logits of symbols, or values. */
  readonly conceptDrive: Layer;
  /** Reconstructs the stimulus from recall; absent without recall. */
  readonly reconstructed: Layer | undefined;
  /** Real stimulus rows [position * rows + row][stimulusWidth]; unused for symbols. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a stimulus row, whole tiles. */
  readonly stimulusWidth: number;
  /** One-hot spikes of input symbols; absent for values. */
  readonly #symbols: Population | undefined;
  /** The newest input symbols, [position * rows + row]. */
  symbols: ArrayLike<number> = [];
  /** The targets' spikes recall starts from. */
  readonly concept: Population;
  readonly #code: PopulationCode;
  constructor(team: Team, options: SequencePairOptions) {
    this.team = team;
    this.options = options;
    const { inputs, targets, steps, window, maxRows, seed, perceptionOnly = false } = options;
    const images = window * maxRows;
    this.stimulusWidth = padded(inputs.width);
    this.stimulus = team.arena.f32(inputs.kind === "values" ? images * this.stimulusWidth : 0);
    let source: Source;
    if (inputs.kind === "symbols")
      source = this.#symbols = new Population(team, flat(inputs.width), 1, images, "linear");
    else {
      const shape = flat(inputs.width);
      source = { kind: "real", shape, at: this.stimulus.at, stride: this.stimulusWidth, maxImages: images };
    }
    this.#code = { ...options.population, steps };
    const symbolic = targets.kind === "symbols";
    const conceptWidth = symbolic ? targets.width : targets.width * options.population.size;
    this.concept = new Population(team, flat(conceptWidth), symbolic ? 1 : steps, images, "linear");

    this.spec = sequenceSpec(options);
    const { perception, recall } = buildPair(team, this.spec, {
      needs: { recall: !perceptionOnly, drives: perceptionOnly, gradients: true },
      rows: { perception: images, recall: images },
      window: { positions: window, rows: maxRows },
      sources: { perception: new Map([["stimulus", source]]), recall: new Map([["target", this.concept]]) },
      seed,
    });
    this.perception = perception.slice(0, -1);
    this.conceptDrive = perception.at(-1)!;
    this.recall = recall.slice(1);
    this.reconstructed = recall[0];
  }

  /** Number of stages, stimulus and concept included. */
  get stages(): number {
    return this.options.hidden.length + 2;
  }

  /**
   * Its state as named tensors in plain order, weights [out][in]:
   *
   *   perception.stage2.weight   perception.stage2.recurrent   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
   *   perception.stage3.{weight, bias}   recall.stage1.{weight, bias}   optimiser.first.<name>, optimiser.second.<name>
   */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const layer of this.layers) yield* layer.slots(optimiser);
  }

  /** Every layer: perception's from the stimulus up, then recall's from stage 1 up. */
  get layers(): readonly Layer[] {
    return [...this.perception, this.conceptDrive, ...(this.reconstructed ? [this.reconstructed] : []), ...this.recall];
  }

  /** Makes the spikes of input symbols, one a row. */
  setSymbols(symbols: ArrayLike<number>): void {
    this.symbols = symbols;
    presentSymbols(this.#symbols!, symbols);
  }

  /** Makes the concept's spikes for target symbols, one a row. */
  presentSymbols(symbols: ArrayLike<number>): void {
    presentSymbols(this.concept, symbols);
  }

  /** Makes the concept's spikes for `images` rows of target values, `targets.width` a row. */
  presentValues(values: ArrayLike<number>, images: number): void {
    const { size, steps } = this.#code;
    const { width } = this.options.targets;
    const tiles = padded(width * size) / LANES;
    const { view } = this.concept.masks;
    const counts = new Uint16Array(width * size);
    view.fill(0, 0, images * steps * tiles);
    for (let row = 0; row < images; row++) {
      for (let d = 0; d < width; d++) codeValue(this.#code, values[row * width + d]!, counts, d * size);
      for (let t = 0; t < steps; t++) {
        const at = (row * steps + t) * tiles;
        for (let j = 0; j < counts.length; j++) {
          if (counts[j]! > 0 && firesAt(counts[j]!, t, steps)) view[at + (j >> 4)]! |= 1 << (j & 15);
        }
      }
    }
    this.concept.list(images, true);
  }

  /** Silence before the windows to come, in both networks. */
  reset(positions: number, rows: number): void {
    for (const layer of [...this.perception, ...this.recall]) layer.window!.reset(positions, rows);
  }
}

/** One-hot spikes of symbols, one a row, and their lists. */
function presentSymbols(population: Population, symbols: ArrayLike<number>): void {
  const tiles = padded(population.shape.channels) / LANES;
  const { view } = population.masks;
  view.fill(0, 0, symbols.length * tiles);
  for (let k = 0; k < symbols.length; k++) view[k * tiles + (symbols[k]! >> 4)] = 1 << (symbols[k]! & 15);
  population.list(symbols.length, true);
}
