/**
 * What a stage tells of an image, as numbers a linear reader can be given: the stimulus's values (stage 1), a spiking stage's firing rates, or a real stage's activations; of a plane,
 * where asked, the means over a grid of cells.
 */
import { BispikeError } from "../../errors.ts";
import { cellsOf, type Layer } from "../../network/layer.ts";
import { type ImageModel, Model } from "../../network/model.ts";
import type { Feature, Pooling } from "../../network/neuron.ts";
import type { NetworkPair } from "../../network/pair.ts";
import type { RealLayer } from "../../network/real/real-layer.ts";
import { RealModel } from "../../network/real/real-model.ts";
import { pixelsOf, type Shape, sizeOf } from "../../network/shape.ts";
import { spikeCounts } from "../spike-counts.ts";
import { DEFAULT_CELLS, MOST_UNITS } from "./defaults.ts";

/** Writes what a stage's units tell of an image of the newest batch, [pixel][channel]. */
type ReadUnits = (image: number, out: Float64Array) => void;

/** A stage's features of single images. */
export class StageFeatures {
  /** From 1, the stimulus. */
  readonly stage: number;
  readonly shape: Shape;
  /** Features: the stage's units, or cells x channels. */
  readonly width: number;
  readonly #read: ReadUnits;
  readonly #units: Float64Array;
  readonly #pooling: Pooling;
  /** Of each pixel, and how many pixels each has; undefined where units are read as they are. */
  readonly #cells: { readonly of: Int32Array; readonly sizes: Float64Array } | undefined;

  /**
   * @param cells cells a side that planes are pooled to; 0 for none. Default: none up to 4,096 units, then 4
   * @param pooling what of a cell's units is its feature
   */
  constructor(stage: number, shape: Shape, read: ReadUnits, cells?: number, pooling: Pooling = "mean") {
    const side = cells ?? (sizeOf(shape) > MOST_UNITS ? DEFAULT_CELLS : 0);
    const { cells: of, count } = cellsOf(shape.height, shape.width, side);
    this.stage = stage;
    this.shape = shape;
    this.#read = read;
    this.#pooling = pooling;
    this.#units = new Float64Array(sizeOf(shape));
    this.width = count * shape.channels;
    if (count === pixelsOf(shape)) return;
    const sizes = new Float64Array(count);
    for (const cell of of) sizes[cell]!++;
    this.#cells = { of, sizes };
  }

  get pooled(): boolean {
    return this.#cells !== undefined;
  }

  /**
   * Features of an image of the newest batch.
   *
   * @param out overwritten; `width` numbers
   */
  read(image: number, out: Float64Array): void {
    if (!this.#cells) {
      this.#read(image, out);
      return;
    }
    const { channels } = this.shape;
    const { of, sizes } = this.#cells;
    this.#read(image, this.#units);
    out.fill(0);
    const squares = this.#pooling === "energy";
    if (squares) for (let i = 0; i < this.#units.length; i++) this.#units[i]! *= this.#units[i]!;
    for (let p = 0, from = 0; p < of.length; p++) {
      const to = of[p]! * channels;
      for (let c = 0; c < channels; c++, from++) out[to + c]! += this.#units[from]!;
    }
    for (let i = 0; i < out.length; i++) out[i]! /= sizes[Math.floor(i / channels)]!;
    if (squares) for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i]!);
  }
}

/**
 * Readers of the stimulus and of every hidden stage of perception.
 *
 * @param cells as `StageFeatures`
 * @throws BispikeError "usage" for a model that is neither a spiking pair nor a layered net of real numbers
 * @example
 * const [stimulus, second] = stageFeatures(model);
 */
export function stageFeatures(model: ImageModel, cells?: number): StageFeatures[] {
  const shape = { ...model.frame, channels: model.data.shape.channels };
  if (model instanceof Model) {
    const { pair } = model;
    const rows = () => pair.stimulus.view;
    return [
      new StageFeatures(1, shape, rowReader(rows, pair.stimulusWidth), cells),
      ...pair.perception.slice(0, -1).map((layer, k) => spikingStage(k + 2, layer, cells)),
    ];
  }
  if (model instanceof RealModel) {
    const { stimulus, stimulusWidth, net } = model.rows;
    return [
      new StageFeatures(
        1,
        shape,
        rowReader(() => stimulus.view, stimulusWidth),
        cells,
      ),
      ...net.hidden.map((layer, k) => {
        const { shape: seen, stride } = layer.output;
        return new StageFeatures(k + 2, seen, rowReader(activations(net.team.arena.memory, layer), stride), cells);
      }),
    ];
  }
  throw new BispikeError(
    "usage",
    "probes: expected a spiking pair or a layered net of real numbers, got another kind of model",
  );
}

/**
 * The same of both networks' hidden stages, pooled as the pair's alignment pools; recall's images are recalled rows.
 *
 * @param feature what recall is compared by; its voltages are read from the layer's feature rows, which `recallConcepts` is to have filled
 */
export function recallFeatures(
  pair: NetworkPair,
  feature: Feature = "rate",
): { perception: StageFeatures; recall: StageFeatures }[] {
  const { pool = 0, pooling } = pair.options;
  return [...pair.hiddenStages()].map(({ stage, perception, recall }) => ({
    perception: spikingStage(stage, perception, pool, pooling),
    recall: feature === "rate" ? spikingStage(stage, recall, pool) : featureRows(stage, recall),
  }));
}

/** A layer's feature rows, [cell][channel] without their padding; pooled already. */
function featureRows(stage: number, { features, featureWidth, cellCount, synapses }: Layer): StageFeatures {
  const { channels } = synapses.shape;
  const perCell = featureWidth / cellCount;
  const read: ReadUnits = (image, out) => {
    const from = image * featureWidth;
    for (let i = 0; i < out.length; i++)
      out[i] = features.view[from + Math.floor(i / channels) * perCell + (i % channels)]!;
  };
  return new StageFeatures(stage, { height: 1, width: cellCount, channels }, read, 0);
}

/** Firing rates, spikes a step. */
function spikingStage(stage: number, layer: Layer, cells: number | undefined, pooling?: Pooling): StageFeatures {
  const output = layer.output!;
  const read: ReadUnits = (image, out) => {
    spikeCounts(output, image, out);
    for (let i = 0; i < out.length; i++) out[i]! /= output.steps;
  };
  return new StageFeatures(stage, output.shape, read, cells, pooling);
}

function activations({ buffer }: WebAssembly.Memory, { output }: RealLayer): () => Float32Array {
  const rows = new Float32Array(buffer, output.at, output.maxImages * output.stride);
  return () => rows;
}

/** Rows of floats, `stride` apart. */
function rowReader(rows: () => Float32Array, stride: number): ReadUnits {
  return (image, out) => {
    const view = rows();
    const from = image * stride;
    for (let i = 0; i < out.length; i++) out[i] = view[from + i]!;
  };
}
