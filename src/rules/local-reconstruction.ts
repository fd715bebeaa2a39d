/**
 * An option beyond the paper: a stage through which a network sees learns besides to reconstruct what it sees, the stage below, from its own firing rates by a read-out of its own,
 *
 *   L = weight / (K n) sum_k |R(rates_k) - below_k|^2,   below: the image, or the firing rates of the stage below, a constant
 *
 * The error stays in the stage: it reaches the read-out's weights and the weights into the stage's neurons, through the read-out's own (criterion C1 asks for no more than that the two
 * networks' weights are independent; it is another local teacher, not another stage's). Alignment alone lets a stage forget what is hard to predict; this makes it keep what is there.
 *
 * A plane's cell, with its eight neighbours, reconstructs the 2x2 pixels it covers; a flat stage reconstructs all there is. Read-outs begin at 0 and are of no use after training: only `last`
 * checkpoints hold them.
 */
import { padded } from "../engine/kernels.ts";
import { type Matrix, multiply } from "../engine/matrix.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { DenseParameters } from "../nets/dense.ts";
import type { Layer } from "../nets/layer.ts";
import type { ParameterGroup, Slot } from "../nets/parameters.ts";
import type { Population } from "../nets/population.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "../nets/shape.ts";

/** What is reconstructed: real pixels, [image][stride] with channels last and unpadded, or a population's firing rates. */
export type Below = { readonly at: Address; readonly stride: number; readonly shape: Shape } | Population;

const isSpikes = (below: Below): below is Population => "masks" in below;

export class LocalReconstruction {
  readonly parameters: DenseParameters;
  readonly #team: Team;
  readonly #spikes: Population;
  readonly #below: Below;
  /** Whether cells reconstruct the pixels they cover; else the stage reconstructs all at once. */
  readonly #plane: boolean;
  readonly #depth: number;
  readonly #columns: number;
  /** Columns that mean something. */
  readonly #values: number;
  readonly #stride: number;
  /** Firing rates of the stage and of the one below, [image][cell][channels padded to 16]. */
  readonly #rates: Region<Float32Array>;
  readonly #belowRates: Region<Float32Array> | undefined;
  /** Rows of the product; of a flat stage its rates themselves. */
  readonly #inputs: Region<Float32Array>;
  readonly #drawn: Region<Float32Array>;
  readonly #targets: Region<Float32Array> | undefined;
  readonly #errors: Region<Float32Array>;
  readonly #losses: Region<Float64Array>;

  constructor(team: Team, layer: Layer, below: Below, maxImages: number) {
    const { arena } = team;
    const spikes = layer.output!;
    const { shape } = spikes;
    const cell = padded(shape.channels);
    this.#team = team;
    this.#spikes = spikes;
    this.#below = below;
    this.#plane = pixelsOf(shape) > 1;
    const rows = maxImages * (this.#plane ? pixelsOf(shape) : 1);
    this.#depth = this.#plane ? 9 * cell : cell;
    this.#rates = arena.f32(maxImages * pixelsOf(shape) * cell);
    this.#inputs = this.#plane ? arena.f32(rows * this.#depth) : this.#rates;
    if (isSpikes(below)) this.#belowRates = arena.f32(maxImages * pixelsOf(below.shape) * padded(below.shape.channels));
    this.#values = this.#plane ? 4 * below.shape.channels : sizeOf(below.shape);
    // What fills up a row's tiles is 0 on both sides.
    const whole = isSpikes(below) ? pixelsOf(below.shape) * padded(below.shape.channels) : sizeOf(below.shape);
    this.#columns = this.#plane ? 4 * below.shape.channels : whole;
    this.#stride = this.#plane || isSpikes(below) ? padded(this.#columns) : below.stride;
    if (this.#plane) this.#targets = arena.f32(rows * this.#stride);
    this.#drawn = arena.f32(rows * this.#stride);
    this.#errors = arena.f32(rows * this.#stride);
    this.#losses = arena.f64(rows);
    const shapes = { weight: [this.#columns, this.#depth], bias: [this.#columns] } as const;
    this.parameters = new DenseParameters(team, `${layer.name}.redraw`, shapes);
  }

  get group(): ParameterGroup {
    return this.parameters.group;
  }

  /**
   * Loss of the newest pass's `images` images, times `weight`. Fills the read-out's gradients and adds the gradient of the stage's rates to the rows at `gradient`, laid out like its features.
   */
  learn(images: number, weight: number, gradient: Address): number {
    const team = this.#team;
    const { shape } = this.#spikes;
    const cells = pixelsOf(shape);
    const rows = images * (this.#plane ? cells : 1);
    const cell = padded(shape.channels);
    this.#ratesOf(this.#spikes, images, this.#rates);
    if (this.#plane)
      team.run("neighbourhoods", images, {
        height: shape.height,
        width: shape.width,
        pixelBytes: cell * 4,
        planes: this.#rates.at,
        out: this.#inputs.at,
      });
    const [inputs, drawn, errors] = [this.#inputs, this.#drawn, this.#errors].map(({ at }, k) => ({
      at,
      stride: k === 0 ? this.#depth : this.#stride,
    })) as [Matrix, Matrix, Matrix];
    const { parameters } = this;
    const weights = parameters.matrix("weight");
    const sizes = { rows, columns: this.#columns, depth: this.#depth };
    multiply(team, { ...sizes, a: inputs, b: weights, c: drawn, base: parameters.matrix("bias").at });

    const width = this.#columns;
    const factor = (2 * weight) / (rows * this.#values);
    const targets = this.#target(images);
    team.run("squaredError", rows, {
      width,
      stride: this.#stride,
      factor,
      y: drawn.at,
      targets,
      losses: this.#losses.at,
      gradients: errors.at,
    });
    multiply(team, {
      rows: this.#depth,
      columns: width,
      depth: rows,
      a: inputs,
      b: errors,
      c: parameters.gradient("weight"),
      transposed: "a",
    });
    team.run("sumRows", padded(width) / 16, {
      rows,
      stride: this.#stride,
      scale: 1,
      x: errors.at,
      out: parameters.gradient("bias").at,
    });

    // The rows of the product are used up: their gradient takes their place.
    const back = this.#plane ? inputs : { at: gradient, stride: cell };
    multiply(team, {
      rows,
      columns: this.#depth,
      depth: width,
      a: errors,
      b: weights,
      c: back,
      transposed: "b",
      ...(this.#plane ? {} : { base: "own" as const }),
    });
    if (this.#plane)
      team.run("addNeighbourhoods", images, {
        height: shape.height,
        width: shape.width,
        pixelBytes: cell * 4,
        rows: inputs.at,
        planes: gradient,
      });
    let loss = 0;
    for (let k = 0; k < rows; k++) loss += this.#losses.view[k]!;
    // The kernel's are means over the columns, padding too.
    return (weight * loss * width) / (rows * this.#values);
  }

  /** The read-out's tensors with AdamW's moments: only training goes on with them. */
  slots(): Iterable<Slot> {
    return this.parameters.slots(true);
  }

  #ratesOf(spikes: Population, images: number, out: Region<Float32Array>): void {
    const { shape, steps, masks } = spikes;
    this.#team.run("spikeRates", images, {
      steps,
      places: pixelsOf(shape) * tilesOf(shape),
      masks: masks.at,
      rates: out.at,
    });
  }

  /** Rows that are reconstructed. */
  #target(images: number): Address {
    const below = this.#below;
    const { shape } = this.#spikes;
    let fine: { at: Address; pixelStride: number; imageStride: number };
    if (isSpikes(below)) {
      this.#ratesOf(below, images, this.#belowRates!);
      const pixelStride = padded(below.shape.channels);
      fine = { at: this.#belowRates!.at, pixelStride, imageStride: pixelStride * pixelsOf(below.shape) };
    } else fine = { at: below.at, pixelStride: below.shape.channels, imageStride: below.stride };
    if (!this.#targets) return fine.at;
    this.#team.run("coveredPixels", images, {
      height: shape.height,
      width: shape.width,
      channels: below.shape.channels,
      pixelStride: fine.pixelStride,
      imageStride: fine.imageStride,
      outStride: this.#stride,
      fine: fine.at,
      out: this.#targets.at,
    });
    return this.#targets.at;
  }
}
