/**
 * NeuroBench's cost metrics of a net, by layer and in total: of perception (what inference costs) and of recall (what generation costs). A non-spiking net is perception alone
 * that takes one step: all its operations are MACs, and outputs that are 0 (of rectified units) are sparsity as silent neurons are.
 *
 * Activation sparsity is the share of zeros in the outputs of all neuron layers, all steps, all samples: perception's hidden stages and the concept's neurons, recall's
 * hidden stages. What enters a network (a coded stimulus, a concept's code) is no activation of it.
 */
import { conceptSpikes, recallConcepts } from "../nets/inference.ts";
import type { LayeredNet } from "../nets/layered-net.ts";
import { NetworkPair } from "../nets/pair.ts";

import type { Meter } from "./evaluate.ts";
import { addFootprints, type Footprint } from "./footprint.ts";
import { type LayerCost, LayerMeter } from "./layer-meter.ts";
import { addOperations, type Effective, NO_OPERATIONS, type Operations } from "./operations.ts";

/** One network, or both. A sample is an image perceived, or a concept recalled. */
export interface NetworkCost {
  /** Images perceived, concepts recalled. */
  readonly samples: number;
  /** Of the whole network. */
  readonly footprint: Footprint;
  /** Share of weights that are exactly 0; 0 is fully connected. */
  readonly connectionSparsity: number;
  /** Share of neurons' outputs that are 0; 1 is silent, null where there are no neurons. */
  readonly activationSparsity: number | null;
  /** A sample over all T steps, as NeuroBench counts. */
  readonly operations: Operations;
  /** A sample: what this engine does for the same products. */
  readonly engine: Effective;
  /** In the order of the spikes' way. */
  readonly layers: readonly LayerCost[];
}

/** What an image perceived and a concept recalled cost. */
export interface PairCost {
  /** T; 1 of a non-spiking net. */
  readonly steps: number;
  readonly perception: NetworkCost;
  /** Of no layers, and nothing but zeros, where there is perception alone. */
  readonly recall: NetworkCost;
}

/**
 * Counts the cost of a pair, or of a non-spiking net, while it is evaluated.
 *
 * @example
 * const meter = new CostMeter(model.net);
 * await evaluate(model, dataset.test, indices, undefined, [meter]);
 * meter.result().perception.operations; // { macs, acs, dense } a sample
 */
export class CostMeter implements Meter {
  readonly #pair: NetworkPair | null;
  readonly #steps: number;
  readonly #perception: readonly LayerMeter[];
  readonly #recall: readonly LayerMeter[];
  #images = 0;

  /** Recalls every concept once, where there is recall; perception's batches follow by `add`. */
  constructor(net: NetworkPair | LayeredNet) {
    const pair = net instanceof NetworkPair ? net : null;
    const { steps } = net.spec;
    this.#pair = pair;
    this.#steps = steps;
    this.#perception = net.perception.map((layer) => new LayerMeter(net.team, layer, steps));
    this.#recall = net.recall.toReversed().map((layer) => new LayerMeter(net.team, layer, steps));
    if (!pair?.recalls) return;
    const { classes } = pair.target;
    recallConcepts(
      pair,
      Array.from({ length: classes }, (_, c) => c),
    );
    for (const meter of this.#recall) meter.add(classes);
  }

  /** Counts a batch. */
  add(images: number): void {
    for (const meter of this.#perception) meter.add(images);
    if (this.#pair) this.#perception.at(-1)!.addOutputs(conceptSpikes(this.#pair, images));
    this.#images += images;
  }

  /** What was counted so far. */
  result(): PairCost {
    const { recalls = false, target } = this.#pair ?? {};
    return {
      steps: this.#steps,
      perception: networkCost(this.#perception, this.#images),
      recall: networkCost(this.#recall, recalls ? target!.classes : 0),
    };
  }
}

/** @param samples that were added to the meters */
export function networkCost(meters: readonly LayerMeter[], samples: number): NetworkCost {
  const layers = meters.map((meter) => meter.result());
  const sum = (of: (layer: LayerCost) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  const weights = sum((layer) => layer.weights);
  const outputs = sum((layer) => layer.outputs);
  return {
    samples,
    footprint: addFootprints(layers.map(({ footprint }) => footprint)),
    connectionSparsity: weights === 0 ? 0 : sum((layer) => layer.zeroWeights) / weights,
    activationSparsity: outputs === 0 ? null : 1 - sum((layer) => layer.spikes) / outputs,
    operations: layers.reduce((total, layer) => addOperations(total, layer.operations), NO_OPERATIONS),
    engine: { macs: sum((layer) => layer.engine.macs), acs: sum((layer) => layer.engine.acs) },
    layers,
  };
}
