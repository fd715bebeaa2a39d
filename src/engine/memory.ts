/**
 * One WebAssembly memory, given out front to back.
 *
 * All numbers of a training live here: JavaScript sees them through typed arrays, kernels and threads through addresses, and nothing is copied
 * between the two. Nothing is freed: a network's needs are known when it is built.
 *
 * The memory is shared, so that threads can join, unless the platform has no shared memory (a page that is not cross-origin isolated).
 */
import { BispikeError } from "../errors.ts";

const PAGE = 65536;
/** Kernels address 32 bits; they are compiled for at most this many pages (4 GiB). */
export const MAXIMUM_PAGES = 65536;
/** Less address space than this, 64 MiB, is no use to any training. */
const LEAST_PAGES = 1024;
/** Regions start on cache lines, so that no two threads' outputs share one by accident of placement. */
const ALIGNMENT = 64;

/** An address in the memory, in bytes. */
export type Address = number;

/** A typed region: its address for kernels and its view for JavaScript. */
export interface Region<View> {
  readonly at: Address;
  readonly view: View;
}

/**
 * The arena.
 *
 * @example
 * const arena = new Arena();
 * const weights = arena.f32(1024);
 * weights.view.fill(0.5); // seen by kernels at weights.at
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #maximumPages: number;
  #next = ALIGNMENT; // address 0 means "none" to the kernels

  /**
   * @param options `maximumPages`: address space in 64 KiB pages, default 65536 (4 GiB); `shared`: default true; false where memory cannot be shared
   * @throws BispikeError "platform" when it cannot be reserved
   */
  constructor(options: { maximumPages?: number; shared?: boolean } = {}) {
    const { maximumPages = MAXIMUM_PAGES, shared = true } = options;
    this.memory = shared ? sharedMemory(maximumPages) : plainMemory(maximumPages);
    this.#maximumPages = shared ? maximumPages : this.memory.buffer.byteLength / PAGE;
  }

  /** Bytes given out so far. */
  get used(): number {
    return this.#next;
  }

  /** Reserves zeroed bytes on a cache line. Throws a `platform` error past the arena's maximum. */
  allocate(bytes: number): Address {
    // Less than nothing, or no number, would put all that comes after it in the wrong place.
    if (!(bytes >= 0)) throw new BispikeError("usage", `Arena.allocate: expected 0 bytes or more, got ${bytes}`);
    const at = this.#next;
    const end = at + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        // A quarter more than asked for, so that many small regions do not mean many calls.
        const room = this.#maximumPages - this.memory.buffer.byteLength / PAGE;
        this.memory.grow(Math.max(missing, Math.min(room, this.memory.buffer.byteLength / PAGE / 4)));
      } catch (cause) {
        throw new BispikeError(
          "platform",
          `the network and its batch need more than ${Math.round(end / 2 ** 20)} MiB, over the ${(this.#maximumPages * PAGE) / 2 ** 20} MiB this memory holds: use a smaller batch, fewer steps or a smaller network`,
          { cause },
        );
      }
    }
    this.#next = end;
    return at;
  }

  /** Room for `length` float32. */
  f32(length: number): Region<Float32Array> {
    const at = this.allocate(length * 4);
    return { at, view: new Float32Array(this.memory.buffer, at, length) };
  }

  /** Room for `length` float64. */
  f64(length: number): Region<Float64Array> {
    const at = this.allocate(length * 8);
    return { at, view: new Float64Array(this.memory.buffer, at, length) };
  }

  /** Room for `length` int32. */
  i32(length: number): Region<Int32Array> {
    const at = this.allocate(length * 4);
    return { at, view: new Int32Array(this.memory.buffer, at, length) };
  }

  /** Room for `length` uint32. */
  u32(length: number): Region<Uint32Array> {
    const at = this.allocate(length * 4);
    return { at, view: new Uint32Array(this.memory.buffer, at, length) };
  }

  /** Room for `length` uint16. */
  u16(length: number): Region<Uint16Array> {
    const at = this.allocate(length * 2);
    return { at, view: new Uint16Array(this.memory.buffer, at, length) };
  }

  /** Room for `length` bytes. */
  u8(length: number): Region<Uint8Array> {
    const at = this.allocate(length);
    return { at, view: new Uint8Array(this.memory.buffer, at, length) };
  }
}

function sharedMemory(maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 16, maximum, shared: true });
  } catch (cause) {
    throw new BispikeError(
      "platform",
      `cannot reserve ${(maximum * PAGE) / 2 ** 20} MiB of shared memory: needs a 64-bit Node 20 or a cross-origin isolated page`,
      { cause },
    );
  }
}

/**
 * Memory of one thread. Growing it would cut every typed array off from it, so all of it is asked for at once: systems give pages only when they are
 * written. Where the system refuses so much, half is asked for, and so on.
 */
function plainMemory(maximum: number): WebAssembly.Memory {
  for (let pages = maximum; ; pages = Math.floor(pages / 2)) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch (cause) {
      if (pages / 2 >= LEAST_PAGES) continue;
      throw new BispikeError("platform", `cannot reserve ${(pages * PAGE) / 2 ** 20} MiB of memory`, { cause });
    }
  }
}
