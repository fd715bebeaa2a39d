/**
 * A hidden layer of a real-valued feed-forward net, the counterpart of a spiking `Layer`: the same synapses, pooling and norm, and a function for the neurons and their steps.
 *
 *   y = f(Norm(pool(W x + b))),  f: rectified, tanh or exponential linear
 */
import { padded } from "../../engine/kernels.ts";
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { ConvSynapses } from "../conv.ts";
import { LinearSynapses } from "../linear.ts";
import { NORM_MOMENTUM, Norm } from "../norm.ts";
import { ParameterGroup } from "../parameters.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "../shape.ts";
import type { RealInput, Synapses, Workspace } from "../synapses.ts";
import { PlaneLinear } from "./plane-linear.ts";

/** f: max(0, X); tanh X; X, or e^X - 1 where X < 0. */
export type Activation = "relu" | "tanh" | "elu";

/** The kernels' numbers of them (engine/assembly/activation.ts). */
export const ACTIVATION_CODES: Readonly<Record<Activation, number>> = { relu: 0, tanh: 1, elu: 2 };

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

export interface RealLayerOptions {
  readonly name: string;
  readonly source: RealInput;
  readonly connections: StageConnections;
  readonly norm: boolean;
  /** Default "relu". */
  readonly activation?: Activation;
  /** Whether the stage above upsamples: y is then written twice as high and wide. */
  readonly upsampled: boolean;
  readonly maxImages: number;
}

export class RealLayer {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  readonly norm: Norm;
  readonly workspace: Workspace;
  readonly outputSteps = 1;
  /** What the activation's kernels know it by. */
  readonly activationCode: number;
  /** y, as the stage above reads it. */
  readonly output: RealInput;
  readonly #team: Team;
  readonly #up: 0 | 1;

  constructor(team: Team, options: RealLayerOptions) {
    const { name, source, connections, norm, upsampled, maxImages } = options;
    this.#team = team;
    this.name = name;
    this.activationCode = ACTIVATION_CODES[options.activation ?? "relu"];
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
    this.drive(images, train);
    this.writeRows(images, { at: this.output.at, stride: this.output.stride, up: this.#up });
  }

  /** The drive z in the workspace and the norm's scale and shift, without y. `momentum`: weight of the batch in the running statistics, in training. */
  drive(images: number, train: boolean, momentum: number = NORM_MOMENTUM): void {
    const { synapses, group, norm, workspace, shape } = this;
    synapses.forward(group, images, train ? workspace : { ...workspace, winner: 0 }, norm.momentsAt(train), !train);
    const chunks = this.#chunks(images);
    const rows = images * pixelsOf(shape);
    norm.prepare(group, train, chunks, rows / chunks, rows, momentum);
  }

  /** y of the newest drive as rows [image][pixel][channel], `stride` floats apart; with `up` 1 twice as high and wide. */
  writeRows(images: number, { at, stride, up }: { at: Address; stride: number; up: 0 | 1 }): void {
    const { norm, workspace, shape } = this;
    this.#team.run("activate", tilesOf(shape) * images, {
      kind: this.activationCode,
      images,
      height: shape.height,
      width: shape.width,
      channels: shape.channels,
      up,
      stride,
      scale: norm.scale.at,
      shift: norm.shift.at,
      z: workspace.z,
      out: at,
    });
  }

  /** dL/dX to workspace.g and the norm's own gradients, from dL/dy [tile][image][pixel][16]; returns the coefficients that end dL/dz (see `BackpropStage`). */
  toDrive(images: number, above: { readonly at: Address }): Address {
    const { synapses, group, norm, workspace } = this;
    const pixels = pixelsOf(this.shape);
    const chunkImages = synapses.chunkImages || images;
    const chunks = this.#chunks(images);
    this.#team.run("activateBackward", tilesOf(this.shape) * chunks, {
      kind: this.activationCode,
      chunks,
      chunkImages,
      images,
      pixels,
      scale: norm.scale.at,
      shift: norm.shift.at,
      mean: norm.mean.at,
      inverse: norm.inverse.at,
      z: workspace.z,
      above: above.at,
      g: workspace.g,
      sums: norm.sums.at,
    });
    return norm.gradient(group, chunks, images * pixels);
  }
}
