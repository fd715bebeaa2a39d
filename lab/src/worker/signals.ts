/** What the units of a stage say in the newest pass, of either kind of net: spikes over T steps, or one real number. */
import type { ImageModel, Model } from "../../../src/index.ts";
import { conceptSpikes } from "../../../src/nets/inference.ts";
import type { Layer } from "../../../src/nets/layer.ts";
import type { AnnModel } from "../../../src/nets/model.ts";
import type { Population } from "../../../src/nets/population.ts";
import { flat, type Shape, sizeOf } from "../../../src/nets/shape.ts";
import { spikeRows } from "./spikes.ts";

/** One network's units at a stage. */
export interface Signals {
  readonly shape: Shape;
  /** T, or 1 for real numbers. */
  readonly steps: number;
  /** What they say for an image (perception) or a class (recall), [step][unit]; until the next pass. */
  row(at: number): Uint8Array | Float32Array;
}

/** A stage that can be looked at. */
export interface SignalStage {
  readonly name: string;
  readonly perception: Signals;
  /** Null where there is no recall, or where it has no units that spike. */
  readonly recall: Signals | null;
}

/** From the stimulus up: the stimulus where it is spikes, the hidden stages, and the concept where it is spikes. */
export function signalStages(model: ImageModel): SignalStage[] {
  if (!model.spiking) {
    return model.net.hidden.map((layer, k) => ({
      name: `stage ${k + 2}`,
      perception: activations(model, layer.output),
      recall: null,
    }));
  }
  const { pair } = model;
  const { steps } = pair.options;
  const recall: (Layer | undefined)[] = pair.recall.slice(1);
  const hidden = pair.perception.slice(0, -1).map((layer, k) => ({
    name: `stage ${k + 2}`,
    perception: spikes(layer.output!, steps),
    recall: recall[k]?.output ? spikes(recall[k].output, steps) : null,
  }));
  const concept = {
    name: "concept",
    perception: conceptOf(model),
    recall: pair.recalls ? spikes(pair.concept, steps) : null,
  };
  if (!pair.stimulusSpikes) return [...hidden, concept];
  return [{ name: "stimulus", perception: spikes(pair.stimulusSpikes, steps), recall: null }, ...hidden, concept];
}

function spikes(population: Population, steps: number): Signals {
  return { shape: population.shape, steps, row: (at) => spikeRows(population, at, steps).spikes };
}

/** The concept's neurons read a drive that perception leaves behind; they fire only when asked. */
function conceptOf({ pair }: Model): Signals {
  const { width } = pair.target;
  const { steps } = pair.options;
  return {
    shape: flat(width),
    steps,
    row: (at) => conceptSpikes(pair, at + 1).subarray(at * steps * width, (at + 1) * steps * width),
  };
}

function activations(model: AnnModel, { at, stride, shape }: { at: number; stride: number; shape: Shape }): Signals {
  const { buffer } = model.net.team.arena.memory;
  const units = sizeOf(shape);
  return { shape, steps: 1, row: (image) => new Float32Array(buffer, at + 4 * image * stride, units) };
}
