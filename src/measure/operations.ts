/**
 * Synaptic operations as NeuroBench counts them (Yik et al., arXiv 2304.04640; its harness's `SynapticOperations`).
 * For one call of a layer, that is one time step of a batch:
 *
 *   effective = number of connections with input != 0 and weight != 0       dense = number of connections
 *
 * Effective operations of the call are accumulations (ACs) if all its inputs are 0, 1 or -1, else all of them are multiply-accumulations (MACs).
 * Biases, norms, pooling and neuron dynamics are not counted. Taps on a convolution's padding are no connections.
 */
import type { Connections } from "./connections.ts";

/**
 * Synaptic operations as NeuroBench counts them (Yik et al., arXiv 2304.04640).
 * Counts, summed or a sample over all T steps.
 */
export interface Operations {
  /** Effective multiply-accumulations. */
  readonly macs: number;
  /** Effective accumulations. */
  readonly acs: number;
  /** Operations of hardware that skips nothing. */
  readonly dense: number;
}

/** What a network or an engine does, without the dense count. */
export type Effective = Pick<Operations, "macs" | "acs">;

/**
 * Operations of one call, summed over the batch.
 *
 * @param rows inputs of each sample, [pixel][channel]
 * @example
 * // NeuroBench's own example:
 * const layer = linearConnections([1.3, 0, -3.2, 0, 1.2, -5.1, -1.1, 2.7, 0], flat(3));
 * operationsOfCall(layer, [[0, 1.3, -1]]); // { macs: 4, acs: 0, dense: 9 }
 */
export function operationsOfCall(layer: Connections, rows: readonly ArrayLike<number>[]): Operations {
  const { effective, binary } = effectiveOf(rows, layer.nonZero);
  const dense = rows.length * layer.dense;
  return binary ? { macs: 0, acs: effective, dense } : { macs: effective, acs: 0, dense };
}

/** Sum of `errorDepth` over the inputs that are not 0, and whether all are 0, 1 or -1. */
export function effectiveOf(
  rows: readonly ArrayLike<number>[],
  reach: Float64Array,
): { effective: number; binary: boolean } {
  let effective = 0;
  let binary = true;
  for (const row of rows) {
    for (let i = 0; i < reach.length; i++) {
      const value = row[i]!;
      if (value === 0) continue;
      effective += reach[i]!;
      if (value !== 1 && value !== -1) binary = false;
    }
  }
  return { effective, binary };
}

export const NO_OPERATIONS: Operations = { macs: 0, acs: 0, dense: 0 };

export function addOperations(a: Operations, b: Operations): Operations {
  return { macs: a.macs + b.macs, acs: a.acs + b.acs, dense: a.dense + b.dense };
}

export function scaleOperations({ macs, acs, dense }: Operations, by: number): Operations {
  return { macs: macs * by, acs: acs * by, dense: dense * by };
}
