/**
 * A spiking layer with a loss of its own on its features that also gets errors from the layer above it: what a pair whose stages are not detached from each other asks for.
 *
 *   dL/dX = (dL_i/dX by the features) + (dL_above/dX by the spikes)
 *
 * Both are linear in what comes in, so they are made one after the other and added, the norm's sums with them.
 */
import { BLOCK, LANES } from "../../engine/kernels.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { Layer } from "../../network/layer.ts";
import type { Feature } from "../../network/neuron.ts";
import { tilesOf } from "../../network/shape.ts";
import { type DriveGradient, SpikingStage } from "./spiking-stage.ts";
import type { OutputGradient } from "./stage.ts";

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
