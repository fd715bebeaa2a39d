/**
 * Backpropagation through a stack of layers that ends in a read-out: from the gradient of the read-out's mean drive to the gradients of all weights, biases and norms.
 *
 *   dL/dz_L = dL/d(mean drive) / T,   dL/ds_k[t] = W_{k+1}^T dL/dz_{k+1}[t],   ds -> dX by the neuron (surrogate and its own steps, or the rectifier) -> dz by the norm
 *
 * It carries errors down by transposed weights after a forward pass whose drives are all kept: what BSD does without. Feedback alignment gives it others in their place.
 */
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { InputGradient, WeightSource } from "../../network/input-gradient.ts";
import type { Layer } from "../../network/layer.ts";
import { stepsOf } from "../../network/synapses.ts";
import { finishDrive } from "./finish.ts";
import type { BackpropStage } from "./stage.ts";
import { waysDown } from "./ways-down.ts";

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
   * @param carriers weights that carry errors down in place of the stages' own, of the second stage first and of the read-out last. Default the stages' own
   * @example
   * const backprop = new LayeredBackprop(team, layers.slice(0, -1).map((layer) => new SpikingStage(team, layer)), layers.at(-1)!);
   * backprop.backward(images, gradient.at); // gradients are in each group.gradients
   */
  constructor(team: Team, stages: readonly BackpropStage[], readout: Layer, carriers?: readonly WeightSource[]) {
    this.#team = team;
    this.#stages = stages;
    this.#readout = readout;
    this.#down = waysDown(team, stages, readout, carriers);
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
