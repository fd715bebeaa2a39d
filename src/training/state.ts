/**
 * A pair's state as named tensors in plain order: weights [out][in] or [out][3][3][in], outputs and inputs as [pixel][channel].
 *
 *   perception.stage2.weight   recall.stage1.bias   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   optimiser.first.<name>, optimiser.second.<name>                                                        (AdamW's moments)
 */
import type { Region } from "../engine/memory.ts";
import type { Tensor } from "../export/safetensors.ts";
import type { Slot } from "../learning/sequence/learner.ts";
import type { Layer } from "../network/layer.ts";
import type { NetworkPair } from "../network/pair.ts";
import { exportSlots, importSlots } from "./slots.ts";

function* layerSlots(layer: Layer, optimiser: boolean): Generator<Slot> {
  const { synapses, group, norm, name } = layer;
  const { channels } = synapses.shape;
  const kinds: [prefix: string, of: Region<Float32Array>][] = [["", group.parameters]];
  if (optimiser) kinds.push(["optimiser.first.", group.firstMoment], ["optimiser.second.", group.secondMoment]);
  for (const [prefix, region] of kinds) {
    for (const block of Object.keys(synapses.blocks)) {
      const shape = synapses.plainShape(block);
      yield {
        name: `${prefix}${name}.${block}`,
        shape,
        read: () => {
          const plain = new Float32Array(shape.reduce((a, b) => a * b, 1));
          synapses.unpack(block, group.view(block, region), plain);
          return plain;
        },
        write: (values) => synapses.pack(block, values, group.view(block, region)),
      };
    }
    for (const block of ["gamma", "beta"]) {
      if (group.has(block)) yield vectorSlot(`${prefix}${name}.norm.${block}`, group.view(block, region), channels);
    }
  }
  if (norm.enabled) {
    yield vectorSlot(`${name}.norm.mean`, norm.runningMean.view, channels);
    yield vectorSlot(`${name}.norm.variance`, norm.runningVariance.view, channels);
  }
}

function vectorSlot(name: string, view: Float32Array, length: number): Slot {
  return { name, shape: [length], read: () => view.slice(0, length), write: (values) => view.set(values) };
}

function* pairSlots(pair: NetworkPair, optimiser: boolean): Generator<Slot> {
  for (const layer of pair.layers) yield* layerSlots(layer, optimiser);
}

/** All tensors of a pair, with the optimiser's moments where asked. */
export function exportState(pair: NetworkPair, options: { optimiser: boolean }): Map<string, Tensor> {
  return exportSlots(pairSlots(pair, options.optimiser));
}

/**
 * Writes tensors into a pair. Nothing is written unless everything fits.
 *
 * @throws BispikeError "checkpoint" that names a missing or misshapen tensor, or one that holds a value that is not finite
 */
export function importState(
  pair: NetworkPair,
  tensors: ReadonlyMap<string, Tensor>,
  options: { optimiser: boolean },
): void {
  importSlots(pairSlots(pair, options.optimiser), tensors);
}
