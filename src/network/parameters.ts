/**
 * What one synapse bundle learns: weights, bias, norm scale and shift in one run of memory, with gradients and AdamW moments beside it.
 * A group is the unit of locality: clipping and the optimiser never look beyond it.
 */
import { padded } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";

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
