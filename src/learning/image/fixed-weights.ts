/**
 * Random weights that stay as they are drawn: what feedback alignment and its direct form send errors through, where backprop has the transposes of the weights that learn.
 * They are uniform within 1 / sqrt(fan-in), as those start, and follow from the seed and their name, so no checkpoint need keep them.
 */
import type { Address } from "../../engine/memory.ts";
import { RandomStream } from "../../engine/random.ts";
import type { Team } from "../../engine/team.ts";
import type { WeightSource } from "../../network/input-gradient.ts";
import type { Synapses } from "../../network/synapses.ts";

export class FixedWeights implements WeightSource {
  readonly #at: Address;

  /**
   * @param synapses whose shape and packing the weights have
   * @param name keys the random stream, such as "feedback perception.stage3"
   * @example
   * const carrier = new FixedWeights(team, layer.synapses, `feedback ${layer.name}`, seed);
   * new InputGradient(team, layer.synapses, carrier);
   */
  constructor(team: Team, synapses: Synapses, name: string, seed: number) {
    const { at, view } = team.arena.f32(synapses.blocks.weight!);
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    const bound = 1 / Math.sqrt(synapses.fanIn);
    new RandomStream(seed, name).fillUniform(plain, -bound, bound);
    synapses.pack("weight", plain, view);
    this.#at = at;
  }

  /** Address of the weights; 0 for any other block. */
  at(block: string): Address {
    return block === "weight" ? this.#at : 0;
  }
}
