// @ts-check
/**
 * What a kernel call has to do at the least, from its arguments and the lists they point to: additions, operands fetched for them again and
 * again, divisions, and bytes moved once. From these and the machine's limits follows the shortest time it could take.
 */
import { denseCosts } from "./cost-dense.mjs";
import { eventCosts } from "./cost-events.mjs";

/**
 * @typedef {object} Cost
 * @property {number} adds float32 additions, subtractions and comparisons; multiplications have ports of their own
 * @property {number} fetched bytes of operands that are read many times, from the nearest caches: weight rows, gradient rows
 * @property {number} divisions and square roots
 * @property {number} bytes read or written at least once: weights, drives, spikes, lists
 */

/**
 * @typedef {object} Call
 * @property {number} items
 * @property {(name: string) => number} of value of an argument; throws `UnknownArgument` where the kernel has none of that name
 * @property {(at: number, index: number) => number} i32 an integer of a list in the engine's memory
 */

/** A kernel that has changed since its costs were written down: better no figure than a wrong one. */
class UnknownArgument extends Error {}

/** @type {Readonly<Record<string, (call: Call) => Cost>>} */
const COSTS = { ...eventCosts, ...denseCosts };

/**
 * @param {string} name kernel
 * @param {number} items
 * @param {Readonly<Record<string, number>>} args
 * @param {Int32Array} memory the engine's, from address 0
 * @returns {Cost | undefined} undefined where the costs of the kernel are not known
 */
export function costOf(name, items, args, memory) {
  const cost = COSTS[name];
  if (!cost) return undefined;
  try {
    return cost({
      items,
      of: (argument) => {
        const value = args[argument];
        if (value === undefined) throw new UnknownArgument(argument);
        return value;
      },
      i32: (at, index) => memory[at / 4 + index] ?? 0,
    });
  } catch (error) {
    if (error instanceof UnknownArgument) return undefined;
    throw error;
  }
}

/** @type {() => Cost} */
export const noCost = () => ({ adds: 0, fetched: 0, divisions: 0, bytes: 0 });

/** @param {Cost} a @param {Cost} b @returns {Cost} */
export function sumOf(a, b) {
  return {
    adds: a.adds + b.adds,
    fetched: a.fetched + b.fetched,
    divisions: a.divisions + b.divisions,
    bytes: a.bytes + b.bytes,
  };
}

/**
 * @typedef {object} Bound
 * @property {string} limit the nearest: what would take longest if all else were free
 * @property {number} ms the least time under it
 */

/** Data of a call that fits a cache may lie there already; below the caches' sizes on the processors of today. */
const FITS = /** @type {const} */ ([
  ["L2", 512 * 2 ** 10],
  ["L3", 12 * 2 ** 20],
  ["memory", Number.POSITIVE_INFINITY],
]);

/**
 * @param {Cost} cost of one call
 * @param {import("./limits.mjs").Limits} limits
 * @returns {Bound}
 */
export function boundOf({ adds, fetched, divisions, bytes }, limits) {
  const [level = "memory"] = FITS.find(([, size]) => bytes <= size) ?? [];
  const bounds = [
    { limit: "additions", ms: (1000 * adds) / limits.registerAdds },
    { limit: "L1 loads", ms: (1000 * fetched) / limits.read.L1 },
    { limit: "divisions", ms: (1000 * divisions) / limits.divisions },
    { limit: level, ms: (1000 * bytes) / limits.update[level] },
  ];
  return bounds.reduce((nearest, bound) => (bound.ms > nearest.ms ? bound : nearest));
}
