/**
 * A recurrent pair's state as named tensors in plain order, weights [out][in]:
 *
 *   perception.stage2.weight   perception.stage2.recurrent   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   perception.stage3.{weight, bias}   recall.stage1.{weight, bias}   optimiser.first.<name>, optimiser.second.<name>
 */
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import type { Slot } from "../../network/slots.ts";

export function* pairSlots(pair: SequencePair, optimiser: boolean): Generator<Slot> {
  for (const layer of pair.layers) yield* layer.slots(optimiser);
}
