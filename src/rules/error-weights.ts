/**
 * Random weights that stay as they are drawn: what feedback alignment and its direct form send errors through, where backprop has the transposes of the weights that learn.
 * They are uniform within 1 / sqrt(fan-in), as those start, and follow from the seed and their name, so no checkpoint need keep them.
 */
import type { Address, Region } from "../engine/memory.ts";
import { RandomStream } from "../engine/random.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { mirroredIndices, type WeightSource } from "../nets/input-gradient.ts";

import type { Layer } from "../nets/layer.ts";

import type { Slot } from "../nets/parameters.ts";
import type { Synapses } from "../nets/synapses.ts";

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

/**
 * Synapses of their own as what carries errors down, which learn as perception's do: Kolen and Pollack (1994), as Akrout et al. (2019) have them beside deep nets. W runs from a up to b, B from b down to
 * a. What W learns is a product of what its two ends hold, the spike at a and the error at b, and both ends are B's too: it learns by the same product, and both decay. So
 *
 *   W <- (1 - rate decay) W - step        B <- (1 - rate decay) B - step        B - W <- (1 - rate decay) (B - W)
 *
 * with one step, for what AdamW makes of a product is the same on both sides. B comes to be W's transpose, though neither is ever shown the other: two independent draws differ less and less, and less
 * beside what both have learned. The step is taken from W's update, where it has been worked out already.
 */

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

/**
 * Recall's synapses between two stages as what carries perception's errors down between them: mirrored, in the place of the transposes of perception's own. Recall learns them for itself; that they
 * come to resemble those transposes is found, not made (`weightAlignment`, RESULTS.md).
 *
 * Weights are drawn as small as their neurons read much, sqrt(1 / fan-in), and neurons of the two networks read differently much: theirs are scaled by sqrt(fan-in down / fan-in up), to the size of
 * perception's as they are drawn. What they grow to is recall's.
 */

export class MirroredWeights implements WeightSource {
  readonly #team: Team;
  readonly #up: Layer;
  readonly #down: Layer;
  readonly #at: Address;
  /** Where each weight up lies, packed, and its mirror image. */
  readonly #own: Int32Array;
  readonly #mirror: Int32Array;
  readonly #scale: number;

  /**
   * @param up perception's layer of the stage above
   * @param down recall's layer of the stage below, which reads the stage above
   * @throws BispikeError "usage" where their weights do not mirror each other
   * @example
   * const carrier = new MirroredWeights(team, pair.perception[1], pair.recall[1]);
   * carrier.refresh(); // before each way back
   * new InputGradient(team, pair.perception[1].synapses, carrier);
   */
  constructor(team: Team, up: Layer, down: Layer) {
    const indices = mirroredIndices(up.synapses, down.synapses);
    if (!indices)
      throw new BispikeError("usage", `${down.name}'s weights do not mirror ${up.name}'s: expected a chain`);
    this.#team = team;
    this.#up = up;
    this.#down = down;
    this.#at = team.arena.allocate(up.synapses.blocks.weight! * 4);
    this.#own = up.synapses.packedIndices("weight");
    const theirs = down.synapses.packedIndices("weight");
    this.#mirror = indices.map((index) => theirs[index]!);
    this.#scale = Math.sqrt(down.synapses.fanIn / up.synapses.fanIn);
  }

  /** Address of the weights; 0 for any other block. */
  at(block: string): Address {
    return block === "weight" ? this.#at : 0;
  }

  /** Takes recall's weights as they are now. */
  refresh(): void {
    const carried = new Float32Array(this.#team.arena.memory.buffer, this.#at, this.#up.synapses.blocks.weight!);
    const theta = this.#down.group.view("weight");
    for (const [k, at] of this.#own.entries()) carried[at] = this.#scale * theta[this.#mirror[k]!]!;
  }
}

/** What carries the errors of BSD's stages down, where they are to reach others (way-back.ts): recall's synapses, synapses of their own that learn as perception's do, or the transposes of perception's. */
export const ERROR_WEIGHTS = ["recall", "learned", "transposes"] as const;
/** See `ERROR_WEIGHTS`. */
export type ErrorWeights = (typeof ERROR_WEIGHTS)[number];
