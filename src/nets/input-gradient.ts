/**
 * Gradients of what synapses read, dL/dx = W^T dL/dz: what backprop hands from a layer to the one below. BSD does without, so layers know nothing of it.
 *
 * Results are [tile of inputs][image][step][pixel][16] floats, unused channels 0. Dense: silent inputs get their gradient too. What has
 * none is skipped where it is known: the three of four drives that a max-pool left out.
 */
import { LANES } from "../engine/kernels.ts";
import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { ParameterGroup } from "./parameters.ts";
import { pixelsOf, type Shape, tilesOf } from "./shape.ts";
import { type Synapses, stepsOf, type Workspace } from "./synapses.ts";

/** Floats of transposed weights `linearInputGradient` keeps a thread. */
const LINEAR_SCRATCH = 16 * LANES * LANES;
/** Zeros around a gradient plane, both sides together: the kernel's border (assembly/conv-input-gradient.ts). */
const BORDERS = 4;

/** Packed weights by their block's name: a group's own, or others of the same shape. */
export type WeightSource = Pick<ParameterGroup, "at">;

export class InputGradient {
  /** The inputs' shape: what the layer below makes. */
  readonly below: Shape;
  readonly #team: Team;
  readonly #synapses: Synapses;
  readonly #group: WeightSource;
  readonly #transposed: Address;

  /**
   * @param group whose block "weight" is gone back through: the synapses' own, or fixed random ones for feedback alignment
   * @param below the layer below, where that is a plane of half the sides of what the synapses read: it has been upsampled on the way to them. Default: what they read.
   * @example
   * const down = new InputGradient(team, layer.synapses, layer.group);
   * down.run(images, layer.workspace, steps, spikeGradients.at); // after the layer's own backward pass has ended dL/dz
   */
  constructor(team: Team, synapses: Synapses, group: WeightSource, below: Shape = synapses.source.shape) {
    this.#team = team;
    this.#synapses = synapses;
    this.#group = group;
    this.below = below;
    this.#transposed =
      synapses.wiring !== "full"
        ? team.arena.allocate(tilesOf(below) * (3 + this.#up) ** 2 * synapses.shape.channels * LANES * 4)
        : 0;
  }

  /** Floats of a result for `images` images of `steps` steps. */
  floats(images: number, steps: number): number {
    return images * steps * pixelsOf(this.below) * tilesOf(this.below) * LANES;
  }

  /** Steps that must be gone through where dL/dz is the same at all steps: one, but for max-pooling, whose winners each step has of its own. */
  get heldSteps(): number {
    const { wiring, source } = this.#synapses;
    return wiring !== "full" && wiring.pool === 1 ? stepsOf(source) : 1;
  }

  /** Whether the plane is upsampled on its way, 1 or 0: by the synapses, or before they read it. */
  get #up(): number {
    const { wiring, source } = this.#synapses;
    if (wiring === "full") return 0;
    return wiring.up === 1 || pixelsOf(this.below) < pixelsOf(source.shape) ? 1 : 0;
  }

  /**
   * The gradient at `out` from dL/dz at workspace.g, which must be ended (nothing of a norm's is left to do).
   *
   * @param steps T, or 1 where dL/dz is the same at all steps: then so is the result, which is written once (see `heldSteps`)
   */
  run(images: number, workspace: Workspace, steps: number, out: Address): void {
    const synapses = this.#synapses;
    const { height, width, channels } = this.below;
    const { shape, wiring } = synapses;
    const team = this.#team;
    const weight = this.#group.at("weight");
    if (wiring === "full") {
      const scratch = team.scratch(LINEAR_SCRATCH * 4);
      team.run("linearInputGradient", height * width * tilesOf(this.below), {
        images,
        steps,
        gSteps: stepsOf(synapses.source),
        inputPixels: height * width,
        channels,
        pixels: pixelsOf(shape),
        units: shape.channels,
        g: workspace.g,
        weights: weight,
        out,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      return;
    }
    const { pool, stride, padding, outHeight, outWidth } = wiring;
    const up = this.#up;
    team.run("transposeTaps", tilesOf(this.below), {
      channels,
      units: shape.channels,
      up,
      weights: weight,
      out: this.#transposed,
    });
    if (pool) {
      // A row of outputs: where their lists end, and an entry of two words for each unit of each pooled pixel.
      const [rows, columns] = [2 * shape.height, 2 * shape.width];
      const scratch = team.scratch(rows * (columns + 1 + columns * shape.channels) * 4);
      team.run("convolvePooledInputGradient", images * steps, {
        images,
        steps,
        gSteps: stepsOf(synapses.source),
        height,
        width,
        up,
        stride,
        pad: padding,
        channels,
        outHeight,
        outWidth,
        units: shape.channels,
        g: workspace.g,
        winner: workspace.winner,
        weights: this.#transposed,
        out,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      return;
    }
    const pixels = (outHeight + BORDERS) * (outWidth + BORDERS);
    const scratch = team.scratch(pixels * Math.ceil(shape.channels / 4) * 4 * 4);
    team.run("convolveInputGradient", images * steps, {
      images,
      steps,
      gSteps: stepsOf(synapses.source),
      height,
      width,
      up,
      stride,
      pad: padding,
      channels,
      outHeight,
      outWidth,
      units: shape.channels,
      g: workspace.g,
      weights: this.#transposed,
      out,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }
}

/** Which of recall's weights mirrors which of perception's: the synapse from b down to a mirrors that from a up to b, a kernel turned by half a turn. */

type Planned = Pick<Synapses, "plainShape">;

/**
 * Of each of the weights up, in plain order, the index of its mirror image among those down, in plain order; null where they do not mirror each other.
 *
 * @example
 * const theta = plainWeights(down);
 * Float32Array.from(mirroredIndices(up.synapses, down.synapses)!, (index) => theta[index]!); // in W's order
 */
export function mirroredIndices(up: Planned, down: Planned): Int32Array | null {
  const shape = up.plainShape("weight");
  const other = down.plainShape("weight");
  // Convolutions: [output][ky][kx][input].
  const isConv = shape.length === 4;
  if (other.length !== shape.length) return null;
  const [outputs = 0, inputs = 0] = [shape[0], shape.at(-1)];
  if (other[0] !== inputs || other.at(-1) !== outputs || shape[1] !== (isConv ? other[1] : other[0])) return null;
  const taps = isConv ? shape[1]! * shape[2]! : 1;
  const indices = new Int32Array(outputs * taps * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < inputs; i++)
        indices[(o * taps + tap) * inputs + i] = (i * taps + taps - 1 - tap) * outputs + o;
    }
  }
  return indices;
}
