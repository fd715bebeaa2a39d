/** A layer's state as named tensors in plain order: what checkpoints and other formats read and write. */
import type { Region } from "../engine/memory.ts";
import type { ParameterGroup } from "./parameters.ts";
import type { Synapses } from "./synapses.ts";

/** A tensor's place in the engine: how to read and write it in plain order. */
export interface Slot {
  /** Such as perception.stage2.weight. */
  readonly name: string;
  /** Sizes of its axes, the last one fastest, such as [out, in]. */
  readonly shape: readonly number[];
  /** Its numbers now, a copy, in the order of `shape`. */
  read(): Float32Array;
  /** Puts as many numbers as `shape` has in its place. */
  write(values: Float32Array): void;
}

/** Whatever has tensors to keep. */
export interface Stateful {
  /** Everything learned and the running statistics, with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot>;
}

/** What of a layer its state is made of. */
export interface StatefulLayer {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly bundles: readonly Pick<Synapses, "blocks" | "plainShape" | "pack" | "unpack">[];
  /** The norm's running statistics, and neurons it has; absent where the drive is read out. */
  readonly norm?: {
    readonly enabled: boolean;
    readonly runningMean: Region<Float32Array>;
    readonly runningVariance: Region<Float32Array>;
  };
  readonly channels: number;
}

/** `<name>.<block>`, `<name>.norm.{gamma, beta, mean, variance}`, and with `optimiser` AdamW's moments as `optimiser.{first, second}.<...>`. */
export function* layerSlots(layer: StatefulLayer, optimiser: boolean): Generator<Slot> {
  const { name, group, bundles, norm, channels } = layer;
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
    for (const block of ["gamma", "beta"]) {
      if (group.has(block)) yield vectorSlot(`${prefix}${name}.norm.${block}`, group.view(block, region), channels);
    }
  }
  if (norm?.enabled) {
    yield vectorSlot(`${name}.norm.mean`, norm.runningMean.view, channels);
    yield vectorSlot(`${name}.norm.variance`, norm.runningVariance.view, channels);
  }
}

function vectorSlot(name: string, view: Float32Array, length: number): Slot {
  return { name, shape: [length], read: () => view.slice(0, length), write: (values) => view.set(values) };
}
