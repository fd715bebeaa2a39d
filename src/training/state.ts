/** A net's tensors on their way between the engine and a checkpoint. */
import { BispikeError } from "../errors.ts";
import type { Tensor } from "../formats/safetensors.ts";
import type { Slot, Stateful } from "../nets/parameters.ts";

/** All slots as named tensors. */
export function exportSlots(slots: Iterable<Slot>): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const slot of slots) tensors.set(slot.name, { dtype: "F32", shape: [...slot.shape], data: slot.read() });
  return tensors;
}

/**
 * Writes tensors into slots. Nothing is written unless everything fits.
 *
 * @throws BispikeError "checkpoint" that names a missing or misshapen tensor, or one that holds a value that is not finite
 */
export function importSlots(slots: Iterable<Slot>, tensors: ReadonlyMap<string, Tensor>): void {
  const writes: (() => void)[] = [];
  for (const slot of slots) {
    const tensor = tensors.get(slot.name);
    if (!tensor) {
      const why = slot.name.startsWith("optimiser.")
        ? "to go on from a checkpoint takes a run's last one; its best holds the networks alone"
        : "is the checkpoint of another network?";
      throw new BispikeError("checkpoint", `tensor ${slot.name} is missing; ${why}`);
    }
    if (tensor.dtype !== "F32" || tensor.shape.join() !== slot.shape.join()) {
      throw new BispikeError(
        "checkpoint",
        `tensor ${slot.name}: expected F32 [${slot.shape.join(", ")}], got ${tensor.dtype} [${tensor.shape.join(", ")}]`,
      );
    }
    const { data } = tensor;
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new BispikeError("checkpoint", `tensor ${slot.name}: value ${bad} is ${data[bad]}, not a finite number`);
    writes.push(() => slot.write(data));
  }
  for (const write of writes) write();
}

// A pair's state as named tensors in plain order: weights [out][in] or [out][3][3][in], outputs and inputs as [pixel][channel].
//
//   perception.stage2.weight   recall.stage1.bias   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
//   optimiser.first.<name>, optimiser.second.<name>                                                        (AdamW's moments)

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
