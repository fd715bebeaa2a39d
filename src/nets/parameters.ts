/**
 * What one synapse bundle learns: weights, bias, norm scale and shift in one run of memory, with gradients and AdamW moments beside it.
 * A group is the unit of locality: clipping and the optimiser never look beyond it.
 */
import { padded } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import { RandomStream } from "../engine/random.ts";
import type { Team } from "../engine/team.ts";
import type { Synapses } from "./synapses.ts";

/** A named part of a group, packed as the kernels want it (padded to whole tiles). */
export interface ParameterBlock {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

export class ParameterGroup {
  readonly name: string;
  readonly length: number;
  readonly parameters: Region<Float32Array>;
  #gradients: Region<Float32Array> | undefined;
  readonly firstMoment: Region<Float32Array>;
  readonly secondMoment: Region<Float32Array>;
  readonly #blocks = new Map<string, ParameterBlock>();

  /** With `gradients: "shared"` the group gets its room for gradients from `shareGradients`. */
  constructor(team: Team, name: string, sizes: Readonly<Record<string, number>>, gradients: "own" | "shared" = "own") {
    this.name = name;
    let offset = 0;
    for (const [block, size] of Object.entries(sizes)) {
      this.#blocks.set(block, { name: block, offset, length: size });
      offset += padded(size);
    }
    this.length = offset;
    this.parameters = team.arena.f32(offset);
    if (gradients === "own") this.#gradients = team.arena.f32(offset);
    this.firstMoment = team.arena.f32(offset);
    this.secondMoment = team.arena.f32(offset);
  }

  /** Gradients, in the parameters' order; where they are shared, the next group's are written over them. */
  get gradients(): Region<Float32Array> {
    if (!this.#gradients) throw new Error(`${this.name} has no room for gradients yet`);
    return this.#gradients;
  }

  /** Gives groups one room for their gradients, as large as the largest needs: for rules that use up a group's gradients before they make the next's. */
  static shareGradients(team: Team, groups: readonly ParameterGroup[]): void {
    const { at, view } = team.arena.f32(Math.max(...groups.map(({ length }) => length)));
    for (const group of groups) group.#gradients = { at, view: view.subarray(0, group.length) };
  }

  /** Address of a block's parameters; 0 where the group has no such block. */
  at(block: string): Address {
    const found = this.#blocks.get(block);
    return found ? this.parameters.at + found.offset * 4 : 0;
  }

  /** Address of a block's gradients; 0 where the group has no such block. */
  gradientAt(block: string): Address {
    const found = this.#blocks.get(block);
    return found ? this.gradients.at + found.offset * 4 : 0;
  }

  /** A block's values within one of the group's regions. */
  view(block: string, of: Region<Float32Array> = this.parameters): Float32Array {
    const found = this.#blocks.get(block);
    if (!found) throw new Error(`${this.name} has no block ${block}`);
    return of.view.subarray(found.offset, found.offset + found.length);
  }

  has(block: string): boolean {
    return this.#blocks.has(block);
  }
}

// Starting values: weights and biases uniform within 1 / sqrt(fan-in), norm scale 1 and shift 0 (PyTorch's defaults, as the prototypes had).

/** What is drawn at the start: the parameters of one bundle of synapses. */
export interface Drawn {
  readonly name: string;
  readonly synapses: Pick<Synapses, "fanIn" | "blocks" | "plainShape" | "pack">;
  readonly group: ParameterGroup;
}

/** Draws a layer's weights and biases, within `bound` if given; each layer has its own stream, so a layer's start does not depend on the others' sizes. */
export function initialise(layer: Drawn, seed: number, bound = 1 / Math.sqrt(layer.synapses.fanIn)): void {
  const { synapses, group } = layer;
  for (const block of Object.keys(synapses.blocks)) {
    const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
    new RandomStream(seed, `init ${layer.name}.${block}`).fillUniform(plain, -bound, bound);
    synapses.pack(block, plain, group.view(block));
  }
}

// A layer's state as named tensors in plain order: what checkpoints and other formats read and write.

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

/** A group's parameters and, where asked, AdamW's moments, each with what stands before its tensors' names. */
export function regionsOf(
  group: ParameterGroup,
  optimiser: boolean,
): readonly (readonly [prefix: string, region: Region<Float32Array>])[] {
  const parameters = ["", group.parameters] as const;
  if (!optimiser) return [parameters];
  return [parameters, ["optimiser.first.", group.firstMoment], ["optimiser.second.", group.secondMoment]];
}

/** `<name>.<block>`, `<name>.norm.{gamma, beta, mean, variance}`, and with `optimiser` AdamW's moments as `optimiser.{first, second}.<...>`. */
export function* layerSlots(layer: StatefulLayer, optimiser: boolean): Generator<Slot> {
  const { name, group, bundles, norm, channels } = layer;
  for (const [prefix, region] of regionsOf(group, optimiser)) {
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
