/**
 * A recurrent pair's state as named tensors in plain order, weights [out][in]:
 *
 *   perception.stage2.weight   perception.stage2.recurrent   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   perception.stage3.{weight, bias}   recall.stage1.{weight, bias}   optimiser.first.<name>, optimiser.second.<name>
 */
import type { Region } from "../../engine/memory.ts";
import { Layer } from "../../network/layer.ts";
import type { RecurrentLayer } from "../../network/recurrent/recurrent-layer.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import type { Slot } from "./learner.ts";

export function* pairSlots(pair: SequencePair, optimiser: boolean): Generator<Slot> {
  for (const layer of pair.layers) yield* layerSlots(layer, optimiser);
}

function* layerSlots(layer: RecurrentLayer | Layer, optimiser: boolean): Generator<Slot> {
  const { group, name } = layer;
  const bundles =
    layer instanceof Layer ? [layer.synapses] : [layer.input, ...(layer.recurrent ? [layer.recurrent] : [])];
  const kinds: [prefix: string, of: Region<Float32Array>][] = [["", group.parameters]];
  if (optimiser) kinds.push(["optimiser.first.", group.firstMoment], ["optimiser.second.", group.secondMoment]);
  for (const [prefix, region] of kinds) {
    for (const bundle of bundles) {
      for (const block of Object.keys(bundle.blocks)) {
        const shape = bundle.plainShape(block);
        yield {
          name: `${prefix}${name}.${block}`,
          shape,
          read: () => {
            const plain = new Float32Array(shape.reduce((a, b) => a * b, 1));
            bundle.unpack(block, group.view(block, region), plain);
            return plain;
          },
          write: (values) => bundle.pack(block, values, group.view(block, region)),
        };
      }
    }
    if (layer instanceof Layer) continue;
    for (const block of ["gamma", "beta"]) {
      if (group.has(block))
        yield vectorSlot(`${prefix}${name}.norm.${block}`, group.view(block, region), layer.neurons);
    }
  }
  if (!(layer instanceof Layer) && layer.norm.enabled) {
    yield vectorSlot(`${name}.norm.mean`, layer.norm.runningMean.view, layer.neurons);
    yield vectorSlot(`${name}.norm.variance`, layer.norm.runningVariance.view, layer.neurons);
  }
}

function vectorSlot(name: string, view: Float32Array, length: number): Slot {
  return { name, shape: [length], read: () => view.slice(0, length), write: (values) => view.set(values) };
}
