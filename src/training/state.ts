/**
 * A pair's state as named tensors in plain order: weights [out][in] or [out][3][3][in], outputs and inputs as [pixel][channel].
 *
 *   perception.stage2.weight   recall.stage1.bias   perception.stage2.norm.{gamma, beta, mean, variance}   (mean, variance: running)
 *   optimiser.first.<name>, optimiser.second.<name>                                                        (AdamW's moments)
 */
import type { Region } from "../engine/memory.ts";
import { BispikeError } from "../errors.ts";
import type { Tensor } from "../export/safetensors.ts";
import type { Layer } from "../network/layer.ts";
import type { NetworkPair } from "../network/pair.ts";

/** A tensor's place in the engine: how to read and write it. */
interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  read(): Float32Array;
  write(values: Float32Array): void;
}

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

/** All tensors of a pair, with the optimiser's moments where asked. */
export function exportState(pair: NetworkPair, options: { optimiser: boolean }): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const layer of pair.layers) {
    for (const slot of layerSlots(layer, options.optimiser)) {
      tensors.set(slot.name, { dtype: "F32", shape: [...slot.shape], data: slot.read() });
    }
  }
  return tensors;
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
  const writes: (() => void)[] = [];
  for (const layer of pair.layers) {
    for (const slot of layerSlots(layer, options.optimiser)) {
      const tensor = tensors.get(slot.name);
      if (!tensor)
        throw new BispikeError("checkpoint", `tensor ${slot.name} is missing; is the checkpoint of another network?`);
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
  }
  for (const write of writes) write();
}
