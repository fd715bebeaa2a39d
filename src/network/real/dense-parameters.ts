/**
 * Parameters of real-valued layers: one group of dense matrices and biases. A matrix [out][in] is kept as its transpose [in][out, padded to
 * whole tiles], so that an input's weights are one row: the product with a one-hot input is that row.
 */
import { padded } from "../../engine/kernels.ts";
import type { Matrix } from "../../engine/matrix.ts";
import type { Region } from "../../engine/memory.ts";
import { RandomStream } from "../../engine/random.ts";
import type { Team } from "../../engine/team.ts";
import { ParameterGroup } from "../parameters.ts";

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
