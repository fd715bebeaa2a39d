/**
 * Synapses of their own as what carries errors down, which learn as perception's do: Kolen and Pollack (1994), as Akrout et al. (2019) have them beside deep nets. W runs from a up to b, B from b down to
 * a. What W learns is a product of what its two ends hold, the spike at a and the error at b, and both ends are B's too: it learns by the same product, and both decay. So
 *
 *   W <- (1 - rate decay) W - step        B <- (1 - rate decay) B - step        B - W <- (1 - rate decay) (B - W)
 *
 * with one step, for what AdamW makes of a product is the same on both sides. B comes to be W's transpose, though neither is ever shown the other: two independent draws differ less and less, and less
 * beside what both have learned. The step is taken from W's update, where it has been worked out already.
 */
import type { Address, Region } from "../../engine/memory.ts";
import { RandomStream } from "../../engine/random.ts";
import type { Team } from "../../engine/team.ts";
import type { WeightSource } from "../../network/input-gradient.ts";
import type { Layer } from "../../network/layer.ts";
import type { Slot } from "../../network/slots.ts";

export class LearnedWeights implements WeightSource {
  readonly #up: Layer;
  /** B, packed as W is. */
  readonly #weights: Region<Float32Array>;
  /** W before the update under way. */
  readonly #before: Float32Array;

  /**
   * @param up perception's layer of the stage above
   * @param seed of the draw, with the layer's name: uniform within 1 / sqrt(fan-in), as W starts
   * @example
   * const carrier = new LearnedWeights(team, pair.perception[1], 1);
   * carrier.begin(); // before an update of W
   * carrier.learn(0.003 * 0.01); // after it
   */
  constructor(team: Team, up: Layer, seed: number) {
    const { synapses, name } = up;
    this.#up = up;
    this.#weights = team.arena.f32(synapses.blocks.weight!);
    this.#before = new Float32Array(synapses.blocks.weight!);
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    const bound = 1 / Math.sqrt(synapses.fanIn);
    new RandomStream(seed, `carriers ${name}`).fillUniform(plain, -bound, bound);
    synapses.pack("weight", plain, this.#weights.view);
  }

  /** Address of the weights; 0 for any other block. */
  at(block: string): Address {
    return block === "weight" ? this.#weights.at : 0;
  }

  /** W is about to be updated. */
  begin(): void {
    this.#before.set(this.#up.group.view("weight"));
  }

  /** W has been. @param decay learning rate x weight decay */
  learn(decay: number): void {
    const kept = 1 - decay;
    const before = this.#before;
    const after = this.#up.group.view("weight");
    const weights = this.#weights.view;
    for (let k = 0; k < weights.length; k++) weights[k] = kept * weights[k]! + (after[k]! - kept * before[k]!);
  }

  /** B as `carriers.stageK.weight`, in W's plain order: what a training needs to go on. */
  slot(): Slot {
    const { synapses, name } = this.#up;
    const shape = synapses.plainShape("weight");
    return {
      name: `carriers.${name.slice(name.indexOf(".") + 1)}.weight`,
      shape,
      read: () => {
        const plain = new Float32Array(shape.reduce((a, b) => a * b, 1));
        synapses.unpack("weight", this.#weights.view, plain);
        return plain;
      },
      write: (values) => synapses.pack("weight", values, this.#weights.view),
    };
  }
}
