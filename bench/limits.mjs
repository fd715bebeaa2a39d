// @ts-check
/** The machine's limits, measured by loops like the kernels': see assembly/limits.ts. One thread. */
import { compiled } from "./compiled.mjs";
import { figure } from "./table.mjs";

/**
 * @typedef {object} Limits of one core
 * @property {number} registerAdds float32 additions a second whose operands are in registers
 * @property {number} divisions float32 divisions a second
 * @property {Readonly<Record<Level, number>>} read bytes a second that can be loaded and added, by where they lie
 * @property {Readonly<Record<Level, number>>} update bytes a second (read and written ones both counted) of x -> x / 2
 */

/** @typedef {"L1" | "L2" | "L3" | "memory"} Level */

/** Bytes that lie in a level: well below its size, and above that of the level before, on the processors of today. */
const WORKING_SETS = /** @type {const} */ ([
  ["L1", 16 * 2 ** 10],
  ["L2", 384 * 2 ** 10],
  ["L3", 6 * 2 ** 20],
  ["memory", 192 * 2 ** 20],
]);
const FLOATS = 4;
const SUMS = 8;
const MEASURED_MS = 25;
const REPEATS = 5;
const PAGE = 65536;

/** @type {Promise<Limits> | undefined} */
let measured;

/** Measures once a process; about two seconds. @returns {Promise<Limits>} */
export function machineLimits() {
  measured ??= measure();
  return measured;
}

/** @returns {Promise<Limits>} */
async function measure() {
  const most = Math.max(...WORKING_SETS.map(([, bytes]) => bytes));
  const memory = new WebAssembly.Memory({ initial: most / PAGE + 1 });
  const { instance } = await WebAssembly.instantiate(
    await compiled(new URL("assembly/", import.meta.url), "limits.ts"),
    { env: { memory } },
  );
  /** @type {Record<string, (...args: number[]) => void>} */
  const kernels = /** @type {any} */ (instance.exports);
  const { addRegisters, divideRegisters, addLoads, update } = kernels;
  if (!addRegisters || !divideRegisters || !addLoads || !update)
    throw new Error("assembly/limits.ts: a loop is not exported");
  const data = PAGE;
  // Pages never written to are all one page of zeros, which lies in the first cache.
  new Float32Array(memory.buffer).fill(1);
  /** @type {(of: (level: Level, bytes: number) => number) => Record<Level, number>} */
  const byLevel = (of) =>
    /** @type {Record<Level, number>} */ (
      Object.fromEntries(WORKING_SETS.map(([level, bytes]) => [level, of(level, bytes)]))
    );
  return {
    registerAdds: FLOATS * SUMS * turnsASecond((turns) => addRegisters(turns, 0)),
    divisions: FLOATS * SUMS * turnsASecond((turns) => divideRegisters(turns, 0)),
    read: byLevel((_, bytes) => bytes * turnsASecond((turns) => addLoads(turns, data, bytes, 0))),
    update: byLevel((_, bytes) => 2 * bytes * turnsASecond((turns) => update(turns, data, bytes))),
  };
}

/**
 * Turns a second of a loop at its fastest.
 *
 * @param {(turns: number) => void} loop
 */
function turnsASecond(loop) {
  let turns = 1;
  let best = timeOf(loop, turns);
  while (best < MEASURED_MS && turns < 2 ** 28) {
    turns *= 2;
    best = timeOf(loop, turns);
  }
  for (let repeat = 1; repeat < REPEATS; repeat++) best = Math.min(best, timeOf(loop, turns));
  return (1000 * turns) / best;
}

/** @param {(turns: number) => void} loop @param {number} turns */
function timeOf(loop, turns) {
  const start = performance.now();
  loop(turns);
  return performance.now() - start;
}

/** @param {Limits} limits */
export function limitsReport({ registerAdds, divisions, read, update }) {
  const perSecond = (/** @type {Readonly<Record<Level, number>>} */ rates) =>
    Object.entries(rates)
      .map(([level, rate]) => `${level} ${figure(rate / 1e9)}`)
      .join(", ");
  return (
    `Limits of one core: ${figure(registerAdds / 1e9)} billion float32 additions and ${figure(divisions / 1e9)} billion divisions a second from registers; ` +
    `GB/s loaded and added: ${perSecond(read)}; GB/s read and written in place: ${perSecond(update)}.`
  );
}
