/**
 * A team of threads that runs kernels on one memory, shared where there are several.
 *
 * A kernel's items (tiles, images, rows) are split into contiguous shares, one a thread; the caller takes the first. Items write
 * disjoint outputs and no sum is split, so results are the same bytes for any number of threads.
 */
import { BispikeError } from "../errors.ts";
import { BINDINGS, type KernelArguments, writerOf } from "./bindings.generated.ts";
import { KERNEL_NAMES, type Kernel, type KernelName, kernelModule } from "./kernels.ts";
import { type Address, Arena, type Region } from "./memory.ts";
import {
  ARGUMENTS,
  CALLER_SLEEPS,
  CONTROL_BYTES,
  clock,
  FAILED,
  FIRST,
  GENERATION,
  ITEMS,
  KERNEL,
  MAXIMUM_ARGUMENTS,
  MAXIMUM_THREADS,
  PENDING,
  QUIT,
  SLEEPERS,
  SPANS,
  shareOf,
  type ThreadStart,
  TIMED,
  waitWhile,
  wake,
} from "./team-loop.js";

/** A running thread, as the platform starts it. */
export interface Thread {
  /** Resolves when the thread serves; rejects when it could not start. */
  readonly ready: Promise<void>;
  /** Ends the thread; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a thread that calls `serve(start)`. For Node it is `spawnThread` of `bispike/node`; elsewhere it is made of Web Workers, and the team itself lives in one: a page's own thread may
 * not wait. Memory can be shared where the page is cross-origin isolated.
 *
 * @example
 * // thread.js
 * import { serve } from "bispike";
 * addEventListener("message", ({ data }) => {
 *   postMessage("ready");
 *   serve(data);
 * });
 *
 * // the worker that trains
 * import { type SpawnThread, Team } from "bispike";
 * const spawn: SpawnThread = (start) => {
 *   const worker = new Worker(new URL("./thread.js", import.meta.url), { type: "module" });
 *   const ready = new Promise<void>((resolve, reject) => {
 *     worker.onmessage = () => resolve();
 *     worker.onerror = ({ message }) => reject(new Error(message));
 *   });
 *   worker.postMessage(start);
 *   return { ready, stop: async () => worker.terminate() };
 * };
 * const team = await Team.create({ threads: 2, spawn });
 */
export type SpawnThread = (start: ThreadStart) => Thread;

/** Time and work of one kernel since profiling began. */
export interface KernelProfile {
  readonly name: KernelName;
  /** Times it was called. */
  calls: number;
  /** Time the caller waited for it, in all. */
  milliseconds: number;
}

/** One thread's share of one kernel call, in milliseconds since `startTimeline`. */
export interface Span {
  readonly name: KernelName;
  /** Number of the thread, 0 the caller's. */
  readonly thread: number;
  /** Begin. */
  readonly from: number;
  /** End. */
  readonly to: number;
}

/** Told of every kernel call of a profile: its kernel, items, arguments by name (to be read at once: a caller may use the record again), and how long the caller waited. */
export type ProfileObserver = (
  name: KernelName,
  items: number,
  args: Readonly<Record<string, number>>,
  milliseconds: number,
) => void;

/** What a team is made from. */
export interface TeamOptions {
  /** Threads, the caller's included. Default 1. */
  threads?: number;
  /** How to start the others; required where threads > 1. */
  spawn?: SpawnThread;
  /** Address space of the memory in 64 KiB pages. Default 65536 (4 GiB). */
  maximumPages?: number;
  /** False where the platform cannot share memory, as in a page that is not cross-origin isolated; then there is one thread, with the same results. Default true. */
  shared?: boolean;
}

/** Room a thread may use inside a kernel; grows to the largest that was asked for. */
interface Scratch {
  at: Address;
  stride: number;
}

/**
 * The engine: memory, kernels, threads.
 *
 * @example
 * const team = await Team.create();
 * const x = team.arena.f32(4096);
 * const sums = team.arena.f64(2);
 * team.run("sumSquares", 2, { length: 4096, x: x.at, out: sums.at }); // sums.view: of each 2048 numbers
 * await team.close();
 */
export class Team {
  readonly threads: number;
  readonly arena: Arena;
  /** The places of the set bits of each byte, 256 x 8 (the rest 0): kernels list spikes 8 neurons at a time. */
  readonly bits: Region<Uint16Array>;
  readonly #kernels: readonly Kernel[];
  /** What every other thread is told. */
  readonly #start: Omit<ThreadStart, "index">;
  readonly #others: Thread[] = [];
  readonly #state: Int32Array;
  /** Takes a kernel's arguments in its place and writes them where the other threads read them. */
  readonly #writeArguments: Kernel;
  /** Begin and end of each thread's newest share. */
  readonly #span: Float64Array;
  readonly #index = new Map<KernelName, number>(KERNEL_NAMES.map((name, i) => [name, i]));
  #scratch: Scratch = { at: 0, stride: 0 };
  #profile: Map<KernelName, KernelProfile> | undefined;
  #observer: ProfileObserver | undefined;
  #spans: Span[] | undefined;
  #spansFrom = 0;
  #closed = false;

  private constructor(arena: Arena, module: WebAssembly.Module, threads: number) {
    this.arena = arena;
    this.threads = threads;
    const { exports } = new WebAssembly.Instance(module, { env: { memory: arena.memory } });
    this.#kernels = KERNEL_NAMES.map((name) => exports[name] as Kernel);
    this.bits = arena.u16(256 * 8);
    for (let byte = 0; byte < 256; byte++) {
      let at = 8 * byte;
      for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) this.bits.view[at++] = bit;
    }
    const control = arena.allocate(CONTROL_BYTES);
    this.#state = new Int32Array(arena.memory.buffer, control, ARGUMENTS / 4);
    this.#writeArguments = writerOf(new Float64Array(arena.memory.buffer, control + ARGUMENTS, MAXIMUM_ARGUMENTS));
    this.#span = new Float64Array(arena.memory.buffer, control + SPANS, MAXIMUM_THREADS * 2);
    this.#start = { module, memory: arena.memory, control, threads, names: KERNEL_NAMES };
  }

  /** Compiles the kernels and starts the threads. Errors: `usage` for a bad thread count, `platform` where threads cannot start. */
  static async create(options: TeamOptions = {}): Promise<Team> {
    const { threads = 1, shared = true, maximumPages } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > MAXIMUM_THREADS) {
      throw new BispikeError("usage", `threads: expected an integer from 1 to ${MAXIMUM_THREADS}, got ${threads}`);
    }
    if (threads > 1 && !options.spawn) {
      throw new BispikeError(
        "usage",
        "threads > 1 needs `spawn`: pass spawnThread from bispike/node, or a Web Worker's",
      );
    }
    if (threads > 1 && !shared) {
      throw new BispikeError("usage", `threads: ${threads} threads need shared memory; use 1 where shared is false`);
    }
    const arena = new Arena({ shared, ...(maximumPages === undefined ? {} : { maximumPages }) });
    const team = new Team(arena, await kernelModule(shared), threads);
    try {
      for (let index = 1; index < threads; index++) team.#others.push(options.spawn!({ ...team.#start, index }));
      await Promise.all(team.#others.map((thread) => thread.ready));
    } catch (cause) {
      await team.close();
      throw new BispikeError("platform", `could not start ${threads} threads: ${String(cause)}`, { cause });
    }
    return team;
  }

  /** Runs a kernel over `items` items on all threads and waits for it. Throws as `runRange`. */
  run<Name extends KernelName>(name: Name, items: number, args: Readonly<KernelArguments[Name]>): void {
    this.runRange(name, 0, items, args);
  }

  /**
   * The same over the items from `first` to `end`, exclusive: for work that must be done in parts, such as the positions of a sequence. The call allocates nothing: what
   * runs for each element of a stream may keep one record of arguments and update it.
   *
   * @throws BispikeError "usage" once the team is closed: its threads would be waited for without end
   */
  runRange<Name extends KernelName>(
    name: Name,
    first: number,
    end: number,
    args: Readonly<KernelArguments[Name]>,
  ): void {
    if (this.#closed) throw new BispikeError("usage", "this team is closed");
    const items = end - first;
    if (items <= 0) return;
    const started = this.#profile ? performance.now() : 0;
    const from = this.#spans ? clock() : 0;
    const number = this.#index.get(name)!;
    const kernel = this.#kernels[number]!;
    const call = BINDINGS[name];
    if (this.threads === 1) call(kernel, first, end, 0, args);
    else {
      call(this.#writeArguments, first, end, 0, args);
      this.#begin(number, first, items);
      call(kernel, first, first + shareOf(items, 1, this.threads), 0, args);
      this.#finish(name);
    }
    if (this.#spans) this.#note(name, items, from);
    if (this.#profile) this.#record(name, items, args, performance.now() - started);
  }

  /** Sets the other threads to work on a kernel whose arguments are written. */
  #begin(number: number, first: number, items: number): void {
    const state = this.#state;
    state[KERNEL] = number;
    state[FIRST] = first;
    state[ITEMS] = items;
    Atomics.store(state, PENDING, this.threads - 1);
    Atomics.add(state, GENERATION, 1);
    wake(state, GENERATION, SLEEPERS);
  }

  /** Waits for the other threads. */
  #finish(name: KernelName): void {
    const state = this.#state;
    if (state[TIMED]) this.#span[1] = clock();
    for (let pending = Atomics.load(state, PENDING); pending > 0; pending = Atomics.load(state, PENDING)) {
      waitWhile(state, PENDING, pending, CALLER_SLEEPS);
    }
    const failed = Atomics.load(state, FAILED);
    if (failed) throw new Error(`kernel ${name} trapped on thread ${failed}`);
  }

  /** Address and stride of scratch memory with at least `bytes` a thread; valid until the next call. */
  scratch(bytes: number): Readonly<Scratch> {
    if (bytes > this.#scratch.stride) {
      const stride = Math.ceil(bytes / 4096) * 4096;
      this.#scratch = { at: this.arena.allocate(stride * this.threads), stride };
    }
    return this.#scratch;
  }

  /** Begins to count calls and time a kernel (from zero), as the caller sees them; `observer` is told of each call, and of its time. */
  startProfile(observer?: ProfileObserver): void {
    this.#profile = new Map();
    this.#observer = observer;
  }

  /** What was counted since `startProfile`, slowest first. */
  profile(): readonly KernelProfile[] {
    return [...(this.#profile?.values() ?? [])].sort((a, b) => b.milliseconds - a.milliseconds);
  }

  #record(name: KernelName, items: number, args: Readonly<Record<string, number>>, milliseconds: number): void {
    const entry = this.#profile!.get(name) ?? { name, calls: 0, milliseconds: 0 };
    entry.calls++;
    entry.milliseconds += milliseconds;
    this.#profile!.set(name, entry);
    this.#observer?.(name, items, args, milliseconds);
  }

  /** Begins to note when each thread computes what (from now on, at a small cost a call). */
  startTimeline(): void {
    this.#spans = [];
    this.#spansFrom = clock();
    this.#state[TIMED] = 1;
  }

  /** Ends the timeline and returns its spans, in order of the calls. */
  stopTimeline(): readonly Span[] {
    const spans = this.#spans ?? [];
    this.#spans = undefined;
    this.#state[TIMED] = 0;
    return spans;
  }

  #note(name: KernelName, items: number, from: number): void {
    const { threads } = this;
    for (let thread = 0; thread < threads; thread++) {
      // A thread without a share has nothing to show.
      if (shareOf(items, thread, threads) === shareOf(items, thread + 1, threads)) continue;
      const begin = thread === 0 ? from : this.#span[2 * thread]!;
      const end = threads === 1 ? clock() : this.#span[2 * thread + 1]!;
      this.#spans?.push({ name, thread, from: begin - this.#spansFrom, to: end - this.#spansFrom });
    }
  }

  /** Stops the threads. The memory stays readable, such as by `exportState`; what computes is refused from here on. Closing again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    Atomics.store(this.#state, QUIT, 1);
    Atomics.add(this.#state, GENERATION, 1);
    Atomics.notify(this.#state, GENERATION);
    await Promise.all(this.#others.map((thread) => thread.stop()));
  }
}
