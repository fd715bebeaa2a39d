/**
 * What an image of the newest batch cost, from the spikes its first ones left: additions and multiplications of synapses, and the energy of that arithmetic. Which weights there
 * are is looked up once; training makes none exactly 0.
 */
import type { VariedBatch } from "../../../src/data/augment.ts";
import type { Connections } from "../../../src/measure/connections.ts";
import { type NetworkCost, networkCost } from "../../../src/measure/cost.ts";
import { picojoules } from "../../../src/measure/energy.ts";
import { type AnyLayer, layerConnections } from "../../../src/measure/footprint.ts";
import { LayerMeter } from "../../../src/measure/layer-meter.ts";
import type { Effective } from "../../../src/measure/operations.ts";
import { trainingCost } from "../../../src/measure/training-cost.ts";
import { trainingStep } from "../../../src/measure/training-step.ts";
import { recallConcepts } from "../../../src/nets/inference.ts";
import type { NetworkPair } from "../../../src/nets/pair.ts";
import type { Experiment } from "../../../src/training/experiment.ts";
import type { Work, WorkNow } from "./protocol-choose.ts";

/** Images of the batch that are counted: a convolutional net's take a millisecond each. */
export const COUNTED = 16;

export class LiveWork {
  readonly #experiment: Pick<Experiment, "model" | "config" | "dataset">;
  readonly #connections = new Map<AnyLayer, Connections>();

  constructor(experiment: Pick<Experiment, "model" | "config" | "dataset">) {
    this.#experiment = experiment;
  }

  /**
   * Spikes are counted as the step left them. A non-spiking net perceives the batch again, as some rules move its values while they learn; recall runs
   * once a class. Neither learns.
   *
   * @param indices the newest batch, places in the training part
   * @param varied the variants of its images that the step learned from, if any
   */
  count(indices: Int32Array, varied?: VariedBatch): WorkNow {
    const { model, config, dataset } = this.#experiment;
    const { net } = model;
    const images = Math.min(COUNTED, indices.length);
    const { pair } = model;
    if (!pair) {
      model.load(dataset.train, indices, 0, images, varied);
      model.perceive(images);
    }
    const { steps } = net.spec;
    const perception = this.#counted(net.perception, steps, images);
    const recall = pair?.recalls ? this.#recalled(pair) : networkCost([], 0);
    const cost = { steps, perception, recall };
    const step = trainingStep(config);
    const rival = {
      rule: pair ? "backprop" : "backprop-ann",
      batch: config.train.batch,
      prototypes: true,
      recallLearns: false,
    } as const;
    return {
      perception: workOf(perception.operations),
      recall: pair?.recalls ? workOf(recall.operations) : null,
      training: step && workOf(trainingCost(net, cost, step).total),
      backprop: workOf(trainingCost(net, cost, rival).total),
    };
  }

  #recalled(pair: NetworkPair): NetworkCost {
    const { classes } = pair.target;
    recallConcepts(
      pair,
      Array.from({ length: classes }, (_, c) => c),
    );
    return this.#counted(pair.recall.toReversed(), pair.options.steps, classes);
  }

  #counted(layers: readonly AnyLayer[], steps: number, samples: number): NetworkCost {
    const { team } = this.#experiment.model.net;
    const meters = layers.map((layer) => {
      const connections = this.#connections.get(layer) ?? layerConnections(layer);
      this.#connections.set(layer, connections);
      const meter = new LayerMeter(team, layer, steps, connections);
      meter.add(samples);
      return meter;
    });
    return networkCost(meters, samples);
  }
}

function workOf({ macs, acs }: Effective): Work {
  return { macs, acs, picojoules: picojoules({ macs, acs }) };
}
