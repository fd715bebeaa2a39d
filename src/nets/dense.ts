/**
 * Parameters of non-spiking layers: one group of dense matrices and biases. A matrix [out][in] is kept as its transpose [in][out, padded to
 * whole tiles], so that an input's weights are one row: the product with a one-hot input is that row.
 */
import { padded } from "../engine/kernels.ts";
import type { Matrix } from "../engine/matrix.ts";
import type { Address, Region } from "../engine/memory.ts";
import { RandomStream } from "../engine/random.ts";
import type { Team } from "../engine/team.ts";
import { buildSynapses } from "./build.ts";
import { NORM_MOMENTUM, Norm } from "./norm.ts";
import { layerSlots, ParameterGroup, regionsOf, type Slot } from "./parameters.ts";

import { pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";
import type { Activation, LayerSpec } from "./spec.ts";
import type { RealInput, Synapses, Workspace } from "./synapses.ts";

/** Plain shape of a matrix, [out, in], or of a bias, [out]. */
export type DenseShape = readonly [out: number, inputs: number] | readonly [out: number];

export class DenseParameters {
  readonly group: ParameterGroup;
  readonly shapes: Readonly<Record<string, DenseShape>>;

  constructor(team: Team, name: string, shapes: Readonly<Record<string, DenseShape>>) {
    const sizes = Object.entries(shapes).map(([block, [out, inputs = 1]]) => [block, inputs * padded(out)]);
    this.shapes = shapes;
    this.group = new ParameterGroup(team, name, Object.fromEntries(sizes));
  }

  /** Where a block is kept, as [in][out]. */
  matrix(block: string): Matrix {
    return { at: this.group.at(block), stride: this.#stride(block) };
  }

  /** Where a block's gradient is kept, as [in][out]. */
  gradient(block: string): Matrix {
    return { at: this.group.gradientAt(block), stride: this.#stride(block) };
  }

  #stride(block: string): number {
    return padded(this.shapes[block]![0]);
  }

  /** A block in plain order, [out][in], from the parameters or another region of the group. */
  read(block: string, from: Region<Float32Array> = this.group.parameters): Float32Array {
    const [out, inputs = 1] = this.shapes[block]!;
    const packed = this.group.view(block, from);
    const stride = padded(out);
    return Float32Array.from(
      { length: out * inputs },
      (_, i) => packed[(i % inputs) * stride + Math.floor(i / inputs)]!,
    );
  }

  /** Writes a block given in plain order. */
  write(block: string, plain: ArrayLike<number>, to: Region<Float32Array> = this.group.parameters): void {
    const [out, inputs = 1] = this.shapes[block]!;
    const packed = this.group.view(block, to);
    const stride = padded(out);
    for (let i = 0; i < out * inputs; i++) packed[(i % inputs) * stride + Math.floor(i / inputs)] = plain[i]!;
  }

  /** All blocks as named tensors, with AdamW's moments where asked. */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const [prefix, region] of regionsOf(this.group, optimiser)) {
      for (const [block, shape] of Object.entries(this.shapes)) {
        yield {
          name: `${prefix}${this.group.name}.${block}`,
          shape,
          read: () => this.read(block, region),
          write: (values) => this.write(block, values, region),
        };
      }
    }
  }

  /**
   * Draws all blocks uniform within 1 / sqrt(fan-in), in plain order, each from a stream of its own, so that a block's start does not depend
   * on the others' sizes.
   *
   * @param fanIn inputs of a block's units that are active at once
   */
  initialise(seed: number, fanIn: Readonly<Record<string, number>>): void {
    for (const [block, [out, inputs = 1]] of Object.entries(this.shapes)) {
      const bound = 1 / Math.sqrt(fanIn[block]!);
      const plain = new Float32Array(out * inputs);
      new RandomStream(seed, `init ${this.group.name}.${block}`).fillUniform(plain, -bound, bound);
      this.write(block, plain);
    }
  }
}

// A hidden layer of a non-spiking feed-forward net, the counterpart of a spiking `Layer`: the same synapses, pooling and norm, and a function for the neurons and their steps.
//
// y = f(Norm(pool(W x + b))),  f: rectified, tanh or exponential linear

/** The kernels' numbers of activations (engine/assembly/activation.ts). */
export const ACTIVATION_CODES: Readonly<Record<Activation, number>> = { relu: 0, tanh: 1, elu: 2 };

export interface AnnLayerOptions {
  readonly name: string;
  /** Draws the weights. */
  readonly seed: number;
  readonly source: RealInput;
  readonly spec: LayerSpec & { readonly units: { readonly kind: Activation } };
  /** Whether the stage above upsamples: y is then written twice as high and wide. */
  readonly upsampled: boolean;
  readonly maxImages: number;
}

export class AnnLayer {
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

  constructor(team: Team, options: AnnLayerOptions) {
    const { name, seed, source, spec, upsampled, maxImages } = options;
    const norm = spec.norm !== "none";
    this.#team = team;
    this.name = name;
    this.activationCode = ACTIVATION_CODES[spec.units.kind];
    this.synapses = buildSynapses(team, { name, seed, source, spec, maxImages, stepwise: true });
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
  run(images: number, { train }: { readonly train: boolean }): void {
    this.drive(images, train);
    this.writeRows(images, { at: this.output.at, stride: this.output.stride, up: this.#up });
  }

  /** The layer's state as named tensors, with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot> {
    const { name, group, norm, synapses } = this;
    return layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
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
