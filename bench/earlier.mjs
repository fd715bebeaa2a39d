// @ts-check
/**
 * Kernel figures measured earlier, with prototypes of the kernels: one core of a quiet machine, dense-equivalent GFLOP/s by firing rate.
 * What the engine's kernels are held against; only on the same processor does the share say something of the code.
 */

export const EARLIER_PROCESSOR = "Intel Sapphire Rapids";

/** @type {Readonly<Record<string, Readonly<Record<string, number>>>>} */
const EARLIER = {
  linearEvents: { 0.05: 731, 0.1: 386, 0.15: 260, 0.2: 204, 0.3: 132 },
  convolve: { 0.05: 473, 0.1: 277, 0.2: 155 },
  convolveGradient: { 0.05: 407, 0.1: 246, 0.2: 138 },
};

/**
 * @param {string} kernel
 * @param {number | undefined} rate
 * @returns {number | undefined}
 */
export function earlierFigure(kernel, rate) {
  return rate === undefined ? undefined : EARLIER[kernel]?.[rate];
}
