/**
 * A recurrent pair's state as named tensors in plain order, weights [out][in]:
 *
 *   perception.stage2.weight   perception.stage2.recurrent   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   perception.stage3.{weight, bias}   recall.stage1.{weight, bias}   optimiser.first.<name>, optimiser.second.<name>
 */
import { Layer } from "../../network/layer.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import { layerSlots, type Slot } from "../../network/slots.ts";

export function* pairSlots(pair: SequencePair, optimiser: boolean): Generator<Slot> {
  for (const layer of pair.layers) {
    const { name, group } = layer;
    if (layer instanceof Layer) {
      const { synapses } = layer;
      yield* layerSlots({ name, group, bundles: [synapses], channels: synapses.shape.channels }, optimiser);
    } else {
      const bundles = [layer.input, ...(layer.recurrent ? [layer.recurrent] : [])];
      yield* layerSlots({ name, group, bundles, norm: layer.norm, channels: layer.neurons }, optimiser);
    }
  }
}
