// @ts-check
/**
 * What a thread of the team does all its life. Plain JavaScript, so that a worker can run the very same file from the sources and from the build.
 *
 * The caller writes a kernel's number, item count and arguments, counts `pending` up and moves the generation on; each thread computes
 * its share of the items and counts `pending` down. A thread spins for a while before it sleeps: most kernels last less than a wake-up.
 */

/** Places in the control block (int32). Arguments follow as float64 at byte ARGUMENTS. */
export const GENERATION = 0;
export const PENDING = 1;
export const KERNEL = 2;
export const ITEMS = 3;
export const QUIT = 5;
export const FAILED = 6;
/** Threads asleep on GENERATION, and whether the caller sleeps on PENDING: notifying when nobody sleeps costs more than most kernels. */
export const SLEEPERS = 7;
export const CALLER_SLEEPS = 8;
/** Not 0: each thread notes when it began and ended its share. */
export const TIMED = 9;
/** The first item: kernels may run over a part of their items. */
export const FIRST = 10;
/** Byte offset of the arguments in the control block. */
export const ARGUMENTS = 64;
export const MAXIMUM_ARGUMENTS = 40;
export const MAXIMUM_THREADS = 256;
/** Byte offset of each thread's newest begin and end (float64, milliseconds since 1970): threads' clocks have different origins. */
export const SPANS = ARGUMENTS + MAXIMUM_ARGUMENTS * 8;
export const CONTROL_BYTES = SPANS + MAXIMUM_THREADS * 16;

/**
 * Turns of the waiting loop before a thread sleeps: about a millisecond, several times what a sleeper takes to wake. With less, one slow turn puts a
 * thread to sleep, its wake-up makes the other one's wait long enough to sleep as well, and so on: steps were measured at six times their length.
 */
const PATIENT = 400_000;
/** Turns where there is no core to spare, which shows in sleeping all the same, many times on end. */
const HASTY = 5_000;
const MOST_IN_VAIN = 16;
const HASTY_WAITS = 256;

/** Waits of this thread that ended in sleep, on end; and how many more are to be hasty. */
let inVain = 0;
let hasty = 0;

/**
 * Waits until `state[index]` differs from `value`. Who sleeps says so in `state[sleepers]` first: the other side changes `state[index]` and then
 * looks there, so one of the two sees the other.
 * @param {Int32Array} state
 * @param {number} index
 * @param {number} value
 * @param {number} sleepers
 */
export function waitWhile(state, index, value, sleepers) {
  const turns = hasty > 0 ? HASTY : PATIENT;
  if (hasty > 0) hasty--;
  for (let i = 0; i < turns; i++) {
    if (Atomics.load(state, index) !== value) {
      inVain = 0;
      return;
    }
  }
  if (++inVain >= MOST_IN_VAIN) {
    inVain = 0;
    hasty = HASTY_WAITS;
  }
  Atomics.add(state, sleepers, 1);
  while (Atomics.load(state, index) === value) Atomics.wait(state, index, value);
  Atomics.sub(state, sleepers, 1);
}

/**
 * Wakes who sleeps on `state[index]`, if anyone does.
 * @param {Int32Array} state
 * @param {number} index
 * @param {number} sleepers
 */
export function wake(state, index, sleepers) {
  if (Atomics.load(state, sleepers) > 0) Atomics.notify(state, index);
}

/**
 * First item of thread `index` of `threads`: contiguous shares that differ by one item at most.
 * @param {number} items
 * @param {number} index
 * @param {number} threads
 */
export function shareOf(items, index, threads) {
  return Math.floor((items * index) / threads);
}

/** Milliseconds since 1970, of one clock for all threads. */
export const clock = () => performance.timeOrigin + performance.now();

/**
 * @typedef {object} ThreadStart What a thread of a team is told, to be handed to `serve` as it is; workers can be sent it.
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {number} control address of the control block
 * @property {number} index this thread's number, 1 and up (0 is the caller)
 * @property {number} threads
 * @property {readonly string[]} names kernels in the protocol's order
 */

/**
 * Serves a team as one of its threads, in a worker of its own, until the team closes: it blocks, and hears no messages meanwhile. See `SpawnThread`.
 * @param {ThreadStart} start what `SpawnThread` was given
 */
export function serve({ module, memory, control, index, threads, names }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => /** @type {(...args: number[]) => void} */ (exports[name]));
  const state = new Int32Array(memory.buffer, control, ARGUMENTS / 4);
  const values = new Float64Array(memory.buffer, control + ARGUMENTS, MAXIMUM_ARGUMENTS);
  const span = new Float64Array(memory.buffer, control + SPANS + 16 * index, 2);
  /** Begin, end, thread and the arguments of the newest call; what lies behind a kernel's last argument is not read. */
  const args = new Array(3 + MAXIMUM_ARGUMENTS).fill(undefined);
  let seen = 0;
  for (;;) {
    waitWhile(state, GENERATION, seen, SLEEPERS);
    seen = Atomics.load(state, GENERATION);
    if (Atomics.load(state, QUIT)) return;
    const items = /** @type {number} */ (state[ITEMS]);
    if (state[TIMED]) span[0] = clock();
    const first = /** @type {number} */ (state[FIRST]);
    const begin = first + shareOf(items, index, threads);
    const end = first + shareOf(items, index + 1, threads);
    try {
      if (begin < end) {
        const kernel = /** @type {(...args: number[]) => void} */ (kernels[/** @type {number} */ (state[KERNEL])]);
        args[0] = begin;
        args[1] = end;
        args[2] = index;
        for (let i = 3; i < kernel.length; i++) args[i] = values[i - 3];
        Reflect.apply(kernel, undefined, args);
      }
    } catch {
      Atomics.store(state, FAILED, index);
    }
    if (state[TIMED]) span[1] = clock();
    if (Atomics.sub(state, PENDING, 1) === 1) wake(state, PENDING, CALLER_SLEEPS);
  }
}
