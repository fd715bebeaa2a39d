/**
 * A pair's state as named tensors in plain order: weights [out][in] or [out][3][3][in], outputs and inputs as [pixel][channel].
 *
 *   perception.stage2.weight   recall.stage1.bias   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   optimiser.first.<name>, optimiser.second.<name>                                                        (AdamW's moments)
 */
import type { Tensor } from "../formats/safetensors.ts";
import type { Stateful } from "../nets/parameters.ts";
import { exportSlots, importSlots } from "./slots.ts";

/**
 * All tensors of a pair (or of a rule: its nets'), with the optimiser's moments where asked.
 *
 * @example
 * exportState(model, { optimiser: false }).get("perception.stage2.weight");
 */
export function exportState(pair: Stateful, options: { optimiser: boolean }): Map<string, Tensor> {
  return exportSlots(pair.slots(options.optimiser));
}

/**
 * Writes tensors into a pair or a rule's nets. Nothing is written unless everything fits.
 *
 * @throws BispikeError "checkpoint" that names a missing or misshapen tensor, or one that holds a value that is not finite
 * @example
 * importState(model, exportState(other, { optimiser: false }), { optimiser: false });
 */
export function importState(
  pair: Stateful,
  tensors: ReadonlyMap<string, Tensor>,
  options: { optimiser: boolean },
): void {
  importSlots(pair.slots(options.optimiser), tensors);
}
