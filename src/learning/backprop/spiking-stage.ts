/**
 * Backprop's way through a spiking layer: from the gradient of every spike, through the surrogate and the neuron's steps with the reset held constant, to that of the drive
 * (equations: engine/assembly/neuron-gradient.ts).
 */
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { Layer } from "../../network/layer.ts";
import { pixelsOf, type Shape, tilesOf } from "../../network/shape.ts";
import { stepsOf } from "../../network/synapses.ts";
import type { BackpropStage, OutputGradient } from "./stage.ts";

/** Where the gradient of a drive goes, and the norm's chunk sums of it. */
export interface DriveGradient {
  readonly g: Address;
  readonly sums: Address;
}

export class SpikingStage implements BackpropStage {
  readonly layer: Layer;
  readonly outputSteps: number;
  protected readonly team: Team;

  /** @param layer with neurons, and a workspace that no other layer writes into before the way back */
  constructor(team: Team, layer: Layer) {
    if (!layer.output) throw new Error(`${layer.name} has no neurons to go back through`);
    this.team = team;
    this.layer = layer;
    this.outputSteps = layer.output.steps;
  }

  get name() {
    return this.layer.name;
  }

  get group() {
    return this.layer.group;
  }

  get synapses() {
    return this.layer.synapses;
  }

  get norm() {
    return this.layer.norm;
  }

  get workspace() {
    return this.layer.workspace;
  }

  get shape(): Shape {
    return this.layer.synapses.shape;
  }

  toDrive(images: number, above: OutputGradient): Address {
    this.spikesToDrive(images, above, { g: this.workspace.g, sums: this.norm.sums.at });
    return this.layer.normGradient(images);
  }

  /** Through neurons alone: dL/dX to `out.g`, laid out like the workspace's, and the norm's chunk sums of it to `out.sums`. */
  protected spikesToDrive(images: number, above: OutputGradient, out: DriveGradient): void {
    const { synapses, workspace, norm, outputSteps: steps } = this;
    const { tau, threshold, alpha } = this.layer.neurons!;
    const pixels = pixelsOf(synapses.shape);
    const zSteps = stepsOf(synapses.source);
    const chunkImages = synapses.chunkImages || images;
    const chunks = Math.ceil(images / chunkImages);
    const scratch = this.team.scratch(steps * 16);
    this.team.run("neuronBackwardSpikes", tilesOf(synapses.shape) * chunks, {
      chunks,
      chunkImages,
      images,
      steps,
      zSteps,
      sSteps: above.steps,
      pixels,
      decay: 1 / tau,
      threshold,
      slope: alpha / 2,
      scale: norm.scale.at,
      shift: norm.shift.at,
      mean: norm.mean.at,
      inverse: norm.inverse.at,
      z: workspace.z,
      spikes: above.at,
      g: out.g,
      sums: out.sums,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }
}
