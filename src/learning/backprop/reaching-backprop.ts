/**
 * Errors that go down a few stages and no further: interlocking backpropagation (Gomez et al., JMLR 2022). With L_j the loss of stage j, the top's too, and R the reach,
 *
 *   dL/dW_{i-1} = sum over j from i to i + R of dL_j/dW_{i-1}
 *
 * R = 0 is a rule without a way back; with R as many as there are stages above the lowest, it is backprop of the sum of all losses. What a stage has is told apart by how far it has come: with e_i^m the
 * gradient of L_i + .. + L_{i+m} by the drive of stage i,
 *
 *   e_i^0 = own_i      e_i^m = own_i + down(e_{i+1}^{m-1})
 *
 * so a stage hands R gradients to the one below, and learns from e_i^R.
 */
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { InputGradient, WeightSource } from "../../network/input-gradient.ts";
import type { Layer } from "../../network/layer.ts";
import { stepsOf } from "../../network/synapses.ts";
import type { AlignedStage } from "./aligned-stage.ts";
import { finishDrive } from "./finish.ts";
import { waysDown } from "./ways-down.ts";

export class ReachingBackprop {
  readonly #team: Team;
  readonly #stages: readonly AlignedStage[];
  readonly #readout: Layer;
  readonly #reach: number;
  /** From stage k + 1 (the read-out for the last) down to stage k. */
  readonly #down: readonly InputGradient[];
  /** dL/ds of the stage at work and of the one below it, which it fills: stages take turns. [stage mod 2][losses it comes from, less one]. */
  readonly #planes: readonly (readonly Address[])[];

  /**
   * @param stages hidden stages in the order of the forward pass, each with a workspace and gradients of its own
   * @param readout a layer without neurons that reads the last of them
   * @param reach stages that an error goes down, at least 1
   * @param carriers weights that carry errors down in place of the stages' own, of the second stage first and of the read-out last. Default the stages' own
   * @example
   * const backprop = new ReachingBackprop(team, stages, pair.conceptDrive, 1);
   * for (const { gradient } of stages) gradient.view.set(rows); // of each stage's own loss
   * backprop.backward(images, top.gradient); // gradients are in each group.gradients
   */
  constructor(
    team: Team,
    stages: readonly AlignedStage[],
    readout: Layer,
    reach: number,
    carriers?: readonly WeightSource[],
  ) {
    this.#team = team;
    this.#stages = stages;
    this.#readout = readout;
    this.#reach = reach;
    this.#down = waysDown(team, stages, readout, carriers);
    this.#planes = [0, 1].map((turn) => {
      const ours = [...stages.keys()].filter((k) => k % 2 === turn);
      const floats = Math.max(0, ...ours.map((k) => this.#down[k]!.floats(readout.maxImages, stages[k]!.outputSteps)));
      const count = Math.max(0, ...ours.map((k) => this.#heard(k)));
      return Array.from({ length: count }, () => team.arena.allocate(4 * floats));
    });
  }

  /** Stages above stage k, the read-out's too, whose losses reach it. */
  #heard(k: number): number {
    return Math.min(this.#reach, this.#stages.length - k);
  }

  /** dL/ds of stage k by the losses of the `count` stages above it, at least 1. */
  #plane(k: number, count: number): Address {
    return this.#planes[k % 2]![count - 1]!;
  }

  /** Gradients of all groups, after a training forward pass, from each stage's own and rows [image][readout.featureWidth] of the read-out's mean drive's gradient. */
  backward(images: number, featureGradient: Address): void {
    const readout = this.#readout;
    const last = this.#stages.length - 1;
    readout.backward(images, "rate", featureGradient);
    const { heldSteps } = this.#down.at(-1) ?? { heldSteps: 1 };
    this.#down.at(-1)?.run(images, readout.workspace, heldSteps, this.#plane(last, 1));
    for (let k = last, steps = heldSteps; k >= 0; k--) {
      const { synapses, group, workspace } = this.#stages[k]!;
      const read = stepsOf(synapses.source);
      const heard = this.#heard(k);
      for (let count = k > 0 ? 0 : heard; count <= heard; count++) {
        const above = count > 0 ? { at: this.#plane(k, count), steps } : undefined;
        const coefficients = this.#stages[k]!.toDrive(images, above);
        // Below the first stage nothing asks for the ended gradient: its synapses end it on the way.
        if (k > 0) finishDrive(this.#team, images, this.#stages[k]!, coefficients);
        if (k > 0 && count < this.#reach)
          this.#down[k - 1]!.run(images, workspace, read, this.#plane(k - 1, count + 1));
        if (count === heard) synapses.gradient(group, images, workspace, k > 0 ? 0 : coefficients);
      }
      steps = read;
    }
  }
}
