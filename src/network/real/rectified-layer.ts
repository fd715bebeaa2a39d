/**
 * A hidden layer of a real-valued feed-forward net, the counterpart of a spiking `Layer`: the same synapses, pooling and norm, and a rectifier for the neurons and their steps.
 *
 *   y = max(0, Norm(pool(W x + b)))
 */
import { padded } from "../../engine/kernels.ts";
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { ConvSynapses } from "../conv.ts";
import { LinearSynapses } from "../linear.ts";
import { Norm } from "../norm.ts";
import { ParameterGroup } from "../parameters.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "../shape.ts";
import type { RealInput, Synapses, Workspace } from "../synapses.ts";
import { PlaneLinear } from "./plane-linear.ts";

/** The connections of a stage of a feed-forward net. */
export type StageConnections =
  | { readonly kind: "linear"; readonly shape: Shape }
  | {
      readonly kind: "conv";
      readonly channels: number;
      /** 1 or 2. Default 1. */
      readonly stride?: number;
      /** Pixels of zeros around the input. Default 1. */
      readonly padding?: number;
      /** Max-pool the drive 2x2. Default false. */
      readonly pool?: boolean;
      /** Upsample the input x2 (nearest) first. Default false. */
      readonly upsample?: boolean;
    };

/** Synapses that read real values. Where a stage upsamples, `source` is the upsampled plane: the layer below writes it so. */
export function realSynapses(team: Team, source: RealInput, stage: StageConnections, norm: boolean): Synapses {
  if (stage.kind === "conv") {
    const { channels, stride = 1, padding = 1, pool = false } = stage;
    return new ConvSynapses(team, source, { channels, stride, padding, pool, bias: !norm });
  }
  // The norm takes a bias away again, unless one norm serves many pixels with a bias each.
  if (pixelsOf(stage.shape) > 1) return new PlaneLinear(team, source, stage.shape, true);
  return new LinearSynapses(team, source, stage.shape, !norm);
}

export interface RectifiedLayerOptions {
  readonly name: string;
  readonly source: RealInput;
  readonly connections: StageConnections;
  readonly norm: boolean;
  /** Whether the stage above upsamples: y is then written twice as high and wide. */
  readonly upsampled: boolean;
  readonly maxImages: number;
}

export class RectifiedLayer {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  readonly norm: Norm;
  readonly workspace: Workspace;
  readonly outputSteps = 1;
  /** y, as the stage above reads it. */
  readonly output: RealInput;
  readonly #team: Team;
  readonly #up: number;

  constructor(team: Team, options: RectifiedLayerOptions) {
    const { name, source, connections, norm, upsampled, maxImages } = options;
    this.#team = team;
    this.name = name;
    this.synapses = realSynapses(team, source, connections, norm);
    const { shape, blocks } = this.synapses;
    const tiles = tilesOf(shape);
    this.group = new ParameterGroup(team, name, {
      ...blocks,
      ...(norm ? { gamma: tiles * 16, beta: tiles * 16 } : {}),
    });
    if (norm) this.group.view("gamma").fill(1);
    this.norm = new Norm(team, norm, tiles, this.#chunks(maxImages));
    const { drives, winners } = this.synapses.workspace(maxImages);
    const { arena } = team;
    const [z, g] = [arena.allocate(drives * 4), arena.allocate(drives * 4)];
    this.workspace = { z, g, winner: arena.allocate(winners) };
    this.#up = upsampled ? 1 : 0;
    const seen = { ...shape, height: shape.height << this.#up, width: shape.width << this.#up };
    const stride = padded(sizeOf(seen));
    this.output = { kind: "real", shape: seen, at: arena.allocate(maxImages * stride * 4), stride, maxImages };
  }

  get shape(): Shape {
    return this.synapses.shape;
  }

  /** Chunks of the norm's sums. */
  #chunks(images: number): number {
    return this.synapses.chunkImages === 0 ? 1 : Math.ceil(images / this.synapses.chunkImages);
  }

  /** y of the source's first `images` rows. Training uses and moves the batch statistics; in evaluation an image's bytes do not depend on those beside it. */
  forward(images: number, train: boolean): void {
    const { synapses, group, norm, workspace, output, shape } = this;
    synapses.forward(group, images, train ? workspace : { ...workspace, winner: 0 }, norm.momentsAt(train), !train);
    const chunks = this.#chunks(images);
    const rows = images * pixelsOf(shape);
    norm.prepare(group, train, chunks, rows / chunks, rows);
    this.#team.run(
      "rectify",
      tilesOf(shape) * images,
      ...[images, shape.height, shape.width, shape.channels, this.#up, output.stride],
      ...[norm.scale.at, norm.shift.at, workspace.z, output.at],
    );
  }

  /** dL/dX to workspace.g and the norm's own gradients, from dL/dy [tile][image][pixel][16]; returns the coefficients that end dL/dz (see `BackpropStage`). */
  toDrive(images: number, above: { readonly at: Address }): Address {
    const { synapses, group, norm, workspace } = this;
    const pixels = pixelsOf(this.shape);
    const chunkImages = synapses.chunkImages || images;
    const chunks = this.#chunks(images);
    this.#team.run(
      "rectifyBackward",
      tilesOf(this.shape) * chunks,
      ...[chunks, chunkImages, images, pixels, norm.scale.at, norm.shift.at, norm.mean.at, norm.inverse.at],
      ...[workspace.z, above.at, workspace.g, norm.sums.at],
    );
    return norm.gradient(group, chunks, images * pixels);
  }
}
