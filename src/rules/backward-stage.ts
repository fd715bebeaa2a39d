/** What backprop asks of a hidden stage, whether it spikes or not: its synapses, and the way from its outputs' gradient to its drive's. */

import { BLOCK, LANES } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { Layer } from "../nets/layer.ts";
import type { Feature } from "../nets/neuron.ts";
import type { Norm } from "../nets/norm.ts";
import type { ParameterGroup } from "../nets/parameters.ts";
import { pixelsOf, type Shape, tilesOf } from "../nets/shape.ts";
import { type Synapses, stepsOf, type Workspace } from "../nets/synapses.ts";

/** dL/dy of a stage's outputs, [tile][image][step][pixel][16]. */
export interface OutputGradient {
  readonly at: Address;
  /** Steps: T, or 1 where the gradient is the same at all of them. */
  readonly steps: number;
}

export interface BackpropStage {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly synapses: Synapses;
  readonly norm: Norm;
  /** The stage's own: what the forward pass left in z and winner is read on the way back. */
  readonly workspace: Workspace;
  /** Shape of the outputs. */
  readonly shape: Shape;
  /** Distinct steps of the outputs: T, or 1 for real values. */
  readonly outputSteps: number;
  /** dL/dX of the normalised drive to workspace.g, and the gradients of the norm's scale and shift; returns the coefficients that end dL/dz, 0 where g is dL/dz already. */
  toDrive(images: number, above: OutputGradient): Address;
}

// Backprop's way through a spiking layer: from the gradient of every spike, through the surrogate and the neuron's steps with the reset held constant, to that of the drive
// (equations: engine/assembly/neuron-gradient.ts).

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

// A spiking layer with a loss of its own on its features that also gets errors from the layer above it: what a pair whose stages are not detached from each other asks for.
//
// dL/dX = (dL_i/dX by the features) + (dL_above/dX by the spikes)
//
// Both are linear in what comes in, so they are made one after the other and added, the norm's sums with them.

/** Room for the part that comes from above, of whichever stage is at work. */
export interface AlignedRoom {
  readonly drives: Region<Float32Array>;
  readonly sums: Region<Float32Array>;
}

/** As much as the largest of `layers` needs. */
export function alignedRoom(team: Team, layers: readonly Layer[]): AlignedRoom {
  const drives = layers.map(({ synapses, maxImages }) => synapses.workspace(maxImages).drives);
  const sums = layers.map(({ norm }) => norm.sums.view.length);
  return { drives: team.arena.f32(Math.max(0, ...drives)), sums: team.arena.f32(Math.max(0, ...sums)) };
}

export class AlignedStage extends SpikingStage {
  /** Rows of the own loss's gradient by the features, laid out like them; filled before the way back. */
  readonly gradient: Region<Float32Array>;
  readonly #feature: Feature;
  readonly #room: AlignedRoom;

  constructor(team: Team, layer: Layer, feature: Feature, room: AlignedRoom) {
    super(team, layer);
    this.gradient = team.arena.f32(layer.maxImages * layer.featureWidth);
    this.#feature = feature;
    this.#room = room;
  }

  /** `above`: undefined where the stage's own loss alone is asked for. */
  override toDrive(images: number, above: OutputGradient | undefined): Address {
    const { layer } = this;
    const { drives, sums } = this.#room;
    layer.featureToDrive(images, this.#feature, this.gradient.at);
    if (!above) return layer.normGradient(images);
    const chunks = Math.ceil(images / (this.synapses.chunkImages || images));
    const own: DriveGradient = { g: this.workspace.g, sums: this.norm.sums.at };
    this.spikesToDrive(images, above, { g: drives.at, sums: sums.at });
    this.#add(this.synapses.workspace(images).drives, drives.at, own.g);
    this.#add(tilesOf(this.shape) * chunks * 2 * LANES, sums.at, own.sums);
    return layer.normGradient(images);
  }

  #add(length: number, x: Address, sum: Address): void {
    this.team.run("addInto", Math.ceil(length / BLOCK), { length, x, sum });
  }
}

// The end of a stage's way back: g at the workspace, dL/dX as `toDrive` left it, becomes dL/dz in place.

/** @param coefficients what `toDrive` returned; 0 where there is nothing to end */
export function finishDrive(
  team: Team,
  images: number,
  { synapses, workspace }: Pick<BackpropStage, "synapses" | "workspace">,
  coefficients: Address,
): void {
  if (!coefficients) return;
  const tiles = tilesOf(synapses.shape);
  const rows = images * stepsOf(synapses.source) * pixelsOf(synapses.shape);
  // One position of the sequences' kernel: all rows have the same coefficients.
  team.run("finishPositions", tiles, { positions: 1, rows, tiles, coefficients, g: workspace.g, z: workspace.z });
}
