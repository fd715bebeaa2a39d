/**
 * A pair's state as named tensors in plain order: weights [out][in] or [out][3][3][in], outputs and inputs as [pixel][channel].
 *
 *   perception.stage2.weight   recall.stage1.bias   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   optimiser.first.<name>, optimiser.second.<name>                                                        (AdamW's moments)
 */
import type { Tensor } from "../export/safetensors.ts";
import type { NetworkPair } from "../network/pair.ts";
import { layerSlots, type Slot } from "../network/slots.ts";
import { exportSlots, importSlots } from "./slots.ts";

function* pairSlots(pair: NetworkPair, optimiser: boolean): Generator<Slot> {
  for (const { name, group, synapses, norm } of pair.layers) {
    yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
  }
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
