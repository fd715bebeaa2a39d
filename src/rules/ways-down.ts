/** From each layer of a stack to the one below: what every way back goes through, and what it asks of the layers. */

import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { InputGradient, type WeightSource } from "../nets/input-gradient.ts";
import type { Layer } from "../nets/layer.ts";
import { stepsOf } from "../nets/synapses.ts";
import { type AlignedStage, type BackpropStage, finishDrive } from "./backward-stage.ts";

/**
 * From stage k + 1 (the read-out for the last) down to stage k.
 *
 * @param errorWeights weights that carry errors down in place of the stages' own, of the second stage first and of the read-out last. Default the stages' own
 * @throws Error where layers share room that the way back needs of each
 */
export function waysDown(
  team: Team,
  stages: readonly BackpropStage[],
  readout: Layer,
  errorWeights?: readonly WeightSource[],
): InputGradient[] {
  const layers = [...stages, readout];
  if (new Set(layers.map(({ workspace }) => workspace.z)).size < layers.length)
    throw new Error("backprop reads all drives of a pass again: layers must not share a workspace");
  if (new Set(layers.map(({ group }) => group.gradients.at)).size < layers.length)
    throw new Error("backprop makes all gradients before any is used: layers must not share room for theirs");
  return stages.map(({ shape }, k) => {
    const { synapses, group } = layers[k + 1]!;
    return new InputGradient(team, synapses, errorWeights?.[k] ?? group, shape);
  });
}

/**
 * Backpropagation through a stack of layers that ends in a read-out: from the gradient of the read-out's mean drive to the gradients of all weights, biases and norms.
 *
 *   dL/dz_L = dL/d(mean drive) / T,   dL/ds_k[t] = W_{k+1}^T dL/dz_{k+1}[t],   ds -> dX by the neuron (surrogate and its own steps, or the rectifier) -> dz by the norm
 *
 * It carries errors down by transposed weights after a forward pass whose drives are all kept: what BSD does without. Feedback alignment gives it others in their place.
 */

export class LayeredBackprop {
  readonly #team: Team;
  readonly #stages: readonly BackpropStage[];
  readonly #readout: Layer;
  /** From stage k + 1 (the read-out for the last) down to stage k. */
  readonly #down: readonly InputGradient[];
  /** dL/ds of whichever stage is at work. */
  readonly #outputs: Address;

  /**
   * @param stages hidden stages in the order of the forward pass, each with a workspace and gradients of its own
   * @param readout a layer without neurons that reads the last of them
   * @param errorWeights weights that carry errors down in place of the stages' own, of the second stage first and of the read-out last. Default the stages' own
   * @example
   * const backprop = new LayeredBackprop(team, layers.slice(0, -1).map((layer) => new SpikingStage(team, layer)), layers.at(-1)!);
   * backprop.backward(images, gradient.at); // gradients are in each group.gradients
   */
  constructor(team: Team, stages: readonly BackpropStage[], readout: Layer, errorWeights?: readonly WeightSource[]) {
    this.#team = team;
    this.#stages = stages;
    this.#readout = readout;
    this.#down = waysDown(team, stages, readout, errorWeights);
    const floats = this.#down.map((down, k) => down.floats(readout.maxImages, stages[k]!.outputSteps));
    this.#outputs = team.arena.allocate(4 * Math.max(0, ...floats));
  }

  /** Gradients of all groups, after a training forward pass, from rows [image][readout.featureWidth] of the read-out's mean drive's gradient. */
  backward(images: number, featureGradient: Address): void {
    const readout = this.#readout;
    const at = this.#outputs;
    readout.backward(images, "rate", featureGradient);
    let steps = this.#down.at(-1)?.heldSteps ?? 1;
    let { workspace } = readout;
    for (let k = this.#stages.length - 1; k >= 0; k--) {
      const stage = this.#stages[k]!;
      const { synapses, group } = stage;
      this.#down[k]!.run(images, workspace, steps, at);
      const coefficients = stage.toDrive(images, { at, steps });
      ({ workspace } = stage);
      steps = stepsOf(synapses.source);
      // Below the first stage nothing asks for the ended gradient: its synapses end it on the way.
      if (k > 0) finishDrive(this.#team, images, stage, coefficients);
      synapses.gradient(group, images, workspace, k > 0 ? 0 : coefficients);
    }
  }
}

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

export class BoundedBackprop {
  readonly #team: Team;
  readonly #stages: readonly AlignedStage[];
  readonly #readout: Layer;
  readonly #errorDepth: number;
  /** From stage k + 1 (the read-out for the last) down to stage k. */
  readonly #down: readonly InputGradient[];
  /** dL/ds of the stage at work and of the one below it, which it fills: stages take turns. [stage mod 2][losses it comes from, less one]. */
  readonly #planes: readonly (readonly Address[])[];

  /**
   * @param stages hidden stages in the order of the forward pass, each with a workspace and gradients of its own
   * @param readout a layer without neurons that reads the last of them
   * @param errorDepth stages that an error goes down, at least 1
   * @param errorWeights weights that carry errors down in place of the stages' own, of the second stage first and of the read-out last. Default the stages' own
   * @example
   * const backprop = new BoundedBackprop(team, stages, pair.conceptDrive, 1);
   * for (const { gradient } of stages) gradient.view.set(rows); // of each stage's own loss
   * backprop.backward(images, top.gradient); // gradients are in each group.gradients
   */
  constructor(
    team: Team,
    stages: readonly AlignedStage[],
    readout: Layer,
    errorDepth: number,
    errorWeights?: readonly WeightSource[],
  ) {
    this.#team = team;
    this.#stages = stages;
    this.#readout = readout;
    this.#errorDepth = errorDepth;
    this.#down = waysDown(team, stages, readout, errorWeights);
    this.#planes = [0, 1].map((turn) => {
      const ours = [...stages.keys()].filter((k) => k % 2 === turn);
      const floats = Math.max(0, ...ours.map((k) => this.#down[k]!.floats(readout.maxImages, stages[k]!.outputSteps)));
      const count = Math.max(0, ...ours.map((k) => this.#heard(k)));
      return Array.from({ length: count }, () => team.arena.allocate(4 * floats));
    });
  }

  /** Stages above stage k, the read-out's too, whose losses reach it. */
  #heard(k: number): number {
    return Math.min(this.#errorDepth, this.#stages.length - k);
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
        if (k > 0 && count < this.#errorDepth)
          this.#down[k - 1]!.run(images, workspace, read, this.#plane(k - 1, count + 1));
        if (count === heard) synapses.gradient(group, images, workspace, k > 0 ? 0 : coefficients);
      }
      steps = read;
    }
  }
}
