/**
 * One shared WebAssembly memory, given out front to back.
 *
 * All numbers of a training live here: JavaScript sees them through typed arrays, kernels and threads through addresses, and nothing is copied
 * between the two. Nothing is freed: a network's needs are known when it is built.
 */
import { BispikeError } from "../errors.ts";

const PAGE = 65536;
/** Kernels address 32 bits; they are compiled for at most this many pages (4 GiB). */
export const MAXIMUM_PAGES = 65536;
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

  constructor(options: { maximumPages?: number } = {}) {
    const maximum = options.maximumPages ?? MAXIMUM_PAGES;
    this.#maximumPages = maximum;
    try {
      this.memory = new WebAssembly.Memory({ initial: 16, maximum, shared: true });
    } catch (cause) {
      throw new BispikeError(
        "platform",
        `cannot reserve ${(maximum * PAGE) / 2 ** 20} MiB of shared memory: needs a 64-bit Node 20 or a cross-origin isolated page`,
        { cause },
      );
    }
  }

  /** Bytes given out so far. */
  get used(): number {
    return this.#next;
  }

  /** Reserves zeroed bytes on a cache line. Throws a `platform` error past the arena's maximum. */
  allocate(bytes: number): Address {
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
