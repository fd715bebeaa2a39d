/**
 * A pair of recurrent networks for sequences: perception runs along a window of elements (stimulus -> concept, weights W), recall runs back from its end (concept -> stimulus,
 * weights Theta). At each position
 *
 *   perception  u_n = W_x x_n + W_h s_{n-1}          recall  b_n = Theta_y r^y_n + Theta_h r_{n+1}
 *
 * so what recall knows at a position comes from this target and those after it, and what perception knows from this element and those before.
 * Rows of all regions are position * rows + row ("images" to the layers).
 */
import { codeValue, firesAt, type PopulationCode } from "../../coding/population-code.ts";
import type { ElementKind } from "../../data/sequence/element.ts";
import { LANES, padded } from "../../engine/kernels.ts";
import type { Region } from "../../engine/memory.ts";
import { RandomStream } from "../../engine/random.ts";
import type { Team } from "../../engine/team.ts";
import { Layer } from "../layer.ts";
import { LinearSynapses } from "../linear.ts";
import { neuronDefaults } from "../neuron.ts";
import { Population } from "../population.ts";
import { flat } from "../shape.ts";
import type { Source, Workspace } from "../synapses.ts";
import { RecurrentLayer, windowWorkspace } from "./recurrent-layer.ts";

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

/** See `initialise`. Measured on next characters of Alice, 4 epochs: 0.12 (1 / sqrt of the alphabet) 41.5 % by BSD and 44.8 by backprop, 1 43.2 and 46.7. */
const SYMBOL_BOUND = 1;

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
  /** Perception's hidden stages from the stimulus up. */
  readonly perception: readonly RecurrentLayer[];
  /** Recall's halves of the same stages, in the same order; empty without recall. */
  readonly recall: readonly RecurrentLayer[];
  /** Reads the concept's drive: logits of symbols, or values. */
  readonly conceptDrive: Layer;
  /** Redraws the stimulus from recall; absent without recall. */
  readonly redrawn: Layer | undefined;
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
  /** Drives and gradients of a window that layers have in turns; absent where errors are carried back. */
  #shared: Workspace | undefined;

  constructor(team: Team, options: SequencePairOptions) {
    this.team = team;
    this.options = options;
    const { inputs, targets, hidden, steps, window, maxRows, seed } = options;
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

    this.perception = this.#hidden("perception", source);
    this.recall = options.perceptionOnly ? [] : this.#hidden("recall", this.concept).reverse();
    const top = new LinearSynapses(team, this.perception.at(-1)!.output, flat(targets.width), true);
    const name = `perception.stage${hidden.length + 2}`;
    this.conceptDrive = new Layer(team, { name, synapses: top, maxImages: images, steps });
    const last = this.recall[0];
    if (last) {
      const redraw = new LinearSynapses(team, last.output, flat(inputs.width), true);
      this.redrawn = new Layer(team, { name: "recall.stage1", synapses: redraw, maxImages: images, steps });
    }
    for (const layer of this.layers) initialise(layer, seed, this.#symbols);
  }

  #hidden(network: "perception" | "recall", first: Source): RecurrentLayer[] {
    const { team, options } = this;
    const { hidden, steps, window, maxRows, norm, tau, threshold, recurrentRecall } = options;
    const order = hidden.map((neurons, k) => ({ neurons, stage: k + 2 }));
    if (network === "recall") order.reverse();
    const images = window * maxRows;
    // Perception's stages are done with their drives before the next one begins, and every layer with its gradients, unless errors come back to them; recall's drives wait for perception.
    if (!options.perceptionOnly) this.#shared ??= windowWorkspace(team, images, steps, Math.max(...hidden));
    const layers: RecurrentLayer[] = [];
    let source = first;
    for (const { neurons, stage } of order) {
      const layer = new RecurrentLayer(team, {
        name: `${network}.stage${stage}`,
        ...{ source, neurons, steps, maxPositions: window, maxRows, norm },
        direction: network === "perception" ? "forward" : recurrentRecall ? "backward" : "none",
        parameters: { ...neuronDefaults, tau, threshold: threshold[network] },
        ...(this.#shared ? { workspace: this.#workspace(network, images * steps * padded(neurons)) } : {}),
      });
      layers.push(layer);
      source = layer.output;
    }
    return layers;
  }

  /** The shared room for drives and gradients; recall's layers have drives of their own. */
  #workspace(network: "perception" | "recall", drives: number): Workspace {
    const shared = this.#shared!;
    return network === "perception" ? shared : { ...shared, z: this.team.arena.allocate(drives * 4) };
  }

  /** Number of stages, stimulus and concept included. */
  get stages(): number {
    return this.options.hidden.length + 2;
  }

  /** Every layer: perception's from the stimulus up, then recall's from stage 1 up. */
  get layers(): readonly (RecurrentLayer | Layer)[] {
    return [...this.perception, this.conceptDrive, ...(this.redrawn ? [this.redrawn] : []), ...this.recall];
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
    for (const layer of [...this.perception, ...this.recall]) layer.reset(positions, rows);
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

/**
 * Starting values as `network/initialise.ts` draws them, for recurrent synapses too. Of one-hot inputs one is active at a time, so `fanIn` inputs are not summed but chosen from:
 * their weights start within +-`symbolBound`, as large as the recurrent drive beside them.
 */
function initialise(layer: RecurrentLayer | Layer, seed: number, symbols: Source | undefined): void {
  const bundles =
    layer instanceof Layer ? [layer.synapses] : [layer.input, ...(layer.recurrent ? [layer.recurrent] : [])];
  for (const bundle of bundles) {
    const bound = symbols !== undefined && bundle.source === symbols ? SYMBOL_BOUND : 1 / Math.sqrt(bundle.fanIn);
    for (const block of Object.keys(bundle.blocks)) {
      const plain = new Float32Array(bundle.plainShape(block).reduce((a, b) => a * b, 1));
      new RandomStream(seed, `init ${layer.name}.${block}`).fillUniform(plain, -bound, bound);
      bundle.pack(block, plain, layer.group.view(block));
    }
  }
}
