/**
 * Recall's synapses between two stages as what carries perception's errors down between them: mirrored, in the place of the transposes of perception's own. Recall learns them for itself; that they
 * come to resemble those transposes is found, not made (`weight-alignment.ts`, RESULTS.md).
 *
 * Weights are drawn as small as their neurons read much, sqrt(1 / fan-in), and neurons of the two networks read differently much: theirs are scaled by sqrt(fan-in down / fan-in up), to the size of
 * perception's as they are drawn. What they grow to is recall's.
 */
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import type { WeightSource } from "../../network/input-gradient.ts";
import type { Layer } from "../../network/layer.ts";
import { mirroredIndices } from "../../network/mirrored.ts";

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
