/**
 * One layer of synapses with its norm, float64: from spikes [rows][...] to drive [rows][...], rows = time x batch.
 *
 *   linear:        drive = [norm] (W x + b)
 *   convolutional: drive = [norm] (maxpool? (conv (upsample? (x))))
 *
 * The backward half stops at the block's own parameters: no block hands an error to the block below it.
 */
import { type ConvShape, convForward, convOutputSize, convWeightGradient } from "./conv.ts";
import { type LinearShape, linearForward, linearWeightGradient } from "./linear.ts";
import { type NormTrace, normBackward, normForward } from "./norm.ts";
import { maxPoolBackward, maxPoolForward, upsampleForward } from "./pool.ts";

export interface LinearSynapses extends LinearShape {
  readonly kind: "linear";
}

/** `height` and `width` are those the convolution itself sees: after upsampling, before pooling. */
export interface ConvSynapses extends ConvShape {
  readonly kind: "conv";
  readonly upsample: boolean;
  readonly pool: boolean;
}

/** Norm over `channels`, each with `space` entries a row: a dense layer's neurons are channels of space 1. */
export interface Norm {
  readonly channels: number;
  readonly space: number;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

export interface Block {
  readonly synapses: LinearSynapses | ConvSynapses;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly norm: Norm | null;
}

export interface BlockTrace {
  /** What the synapses saw: the block's input, upsampled where the block does so. */
  readonly input: Float64Array;
  /** Length of the synapses' output before pooling, and who won the pool; null without one. */
  readonly pool: { readonly length: number; readonly winner: Int32Array } | null;
  readonly norm: NormTrace | null;
  /** [rows][neurons] */
  readonly drive: Float64Array;
}

export interface BlockGradients {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** null without a norm. */
  readonly scale: Float64Array | null;
  readonly shift: Float64Array | null;
}

function convolve(block: Block, shape: ConvSynapses, x: Float64Array, rows: number): Omit<BlockTrace, "norm"> {
  const { height, width } = shape;
  const input = shape.upsample ? upsampleForward(x, rows * shape.channelsIn, height / 2, width / 2) : x;
  const output = convForward(input, rows, block.weight, block.bias, shape);
  if (!shape.pool) return { input, pool: null, drive: output };
  const size = convOutputSize(shape);
  const pooled = maxPoolForward(output, rows * shape.channelsOut, size.height, size.width);
  return { input, pool: { length: output.length, winner: pooled.winner }, drive: pooled.output };
}

/** Drive of `rows` rows of input x, with everything the gradient needs. */
export function blockForward(block: Block, x: Float64Array, rows: number): BlockTrace {
  const { synapses, norm } = block;
  const synaptic =
    synapses.kind === "conv"
      ? convolve(block, synapses, x, rows)
      : { input: x, pool: null, drive: linearForward(x, rows, block.weight, block.bias, synapses) };
  if (!norm) return { ...synaptic, norm: null };
  const trace = normForward(synaptic.drive, norm.channels, norm.space, norm.scale, norm.shift);
  return { ...synaptic, norm: trace, drive: trace.output };
}

/** Gradients of the block's parameters from dL/ddrive [rows][neurons]. */
export function blockBackward(block: Block, trace: BlockTrace, gradDrive: Float64Array, rows: number): BlockGradients {
  const { synapses, norm } = block;
  const throughNorm =
    norm && trace.norm ? normBackward(gradDrive, trace.norm, norm.channels, norm.space, norm.scale) : null;
  const gradNormInput = throughNorm?.input ?? gradDrive;
  const gradSynaptic = trace.pool
    ? maxPoolBackward(gradNormInput, trace.pool.winner, trace.pool.length)
    : gradNormInput;
  const parameters =
    synapses.kind === "conv"
      ? convWeightGradient(trace.input, gradSynaptic, rows, synapses)
      : linearWeightGradient(trace.input, gradSynaptic, rows, synapses);
  return { ...parameters, scale: throughNorm?.scale ?? null, shift: throughNorm?.shift ?? null };
}
