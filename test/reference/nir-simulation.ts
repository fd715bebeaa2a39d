/**
 * What a NIR graph says a chain does, in plain loops of float64: LIF by Euler steps of dt, v += (v_leak - v + r i) dt / tau, spike, reset. Nothing is known here of the engine.
 */
import type { NirArray, NirNode } from "../../src/formats/nir-graph.ts";

export type Chain = readonly (readonly [name: string, node: NirNode])[];

/** A population's outputs and, where it has membranes, how close each unit has come to its threshold so far. */
export interface Trace {
  /** [step][unit]. */
  readonly values: number[][];
  /** |v - threshold| at each step; absent for what does not spike. */
  readonly margins?: number[][];
  /** Largest sum of |terms| that made a unit's input: what rounding is in proportion to. */
  readonly scale: number;
}

function affine(
  weight: NirArray,
  bias: NirArray | undefined,
  input: readonly number[],
): { output: number[]; scale: number } {
  const [out = 0, inputs = 0] = weight.shape;
  const output = new Array<number>(out).fill(0);
  let scale = 0;
  for (let n = 0; n < out; n++) {
    let sum = bias?.data[n] ?? 0;
    let size = Math.abs(sum);
    for (let i = 0; i < inputs; i++) {
      const term = weight.data[n * inputs + i]! * input[i]!;
      sum += term;
      size += Math.abs(term);
    }
    output[n] = sum;
    scale = Math.max(scale, size);
  }
  return { output, scale };
}

function convolve(
  node: Extract<NirNode, { type: "Conv2d" }>,
  input: readonly number[],
): { output: number[]; scale: number } {
  const [height = 0, width = 0] = node.input_shape;
  const [out = 0, channels = 0, side = 0] = node.weight.shape;
  const [stride = 1] = node.stride;
  const [padding = 0] = node.padding;
  const rows = Math.floor((height + 2 * padding - side) / stride) + 1;
  const columns = Math.floor((width + 2 * padding - side) / stride) + 1;
  const output: number[] = [];
  let scale = 0;
  for (let o = 0; o < out; o++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let sum = node.bias.data[o]!;
        let size = Math.abs(sum);
        for (let c = 0; c < channels; c++) {
          for (let ky = 0; ky < side; ky++) {
            for (let kx = 0; kx < side; kx++) {
              const [row, column] = [y * stride + ky - padding, x * stride + kx - padding];
              if (row < 0 || column < 0 || row >= height || column >= width) continue;
              const weight = node.weight.data[((o * channels + c) * side + ky) * side + kx]!;
              const term = weight * input[(c * height + row) * width + column]!;
              sum += term;
              size += Math.abs(term);
            }
          }
        }
        output.push(sum);
        scale = Math.max(scale, size);
      }
    }
  }
  return { output, scale };
}

/** What `node` makes of its inputs, [step][unit]; `scale` is that of the synapses before, for neurons. */
export function runNode(node: NirNode, inputs: readonly (readonly number[])[], dt: number, scale = 0): Trace {
  switch (node.type) {
    case "Linear":
    case "Affine":
    case "Conv2d": {
      const steps = inputs.map((input) =>
        node.type === "Conv2d"
          ? convolve(node, input)
          : affine(node.weight, node.type === "Affine" ? node.bias : undefined, input),
      );
      return { values: steps.map(({ output }) => output), scale: Math.max(...steps.map((step) => step.scale)) };
    }
    case "LIF":
    case "LI": {
      const units = node.tau.data.length;
      const v = new Array<number>(units).fill(0);
      const values: number[][] = [];
      const margins: number[][] = [];
      for (const input of inputs) {
        const fired: number[] = [];
        const margin: number[] = [];
        for (let n = 0; n < units; n++) {
          v[n]! += ((node.v_leak.data[n]! - v[n]! + node.r.data[n]! * input[n]!) * dt) / node.tau.data[n]!;
          if (node.type === "LI") {
            fired.push(v[n]!);
            continue;
          }
          margin.push(Math.abs(v[n]! - node.v_threshold.data[n]!));
          fired.push(v[n]! > node.v_threshold.data[n]! ? 1 : 0);
          if (fired[n] === 1) v[n] = node.v_reset.data[n]!;
        }
        values.push(fired);
        margins.push(margin);
      }
      return node.type === "LIF" ? { values, margins, scale } : { values, scale };
    }
    default:
      return { values: inputs.map((input) => [...input]), scale };
  }
}
