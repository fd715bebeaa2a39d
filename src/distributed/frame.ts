/**
 * What parts of a pair send each other, as bytes:
 *
 *   "BSPK"   version (1 byte)   kind (1)   coding (1)   0 (1)   step (4)   length (4)   payload        all little-endian
 *
 * The reader trusts nothing: it checks a header before it makes room for the payload, and makes no more than the limit of the kind.
 */
import { BispikeError } from "../errors.ts";

/** Raised whenever frames or their order change; parts of another version are refused. */
export const PROTOCOL_VERSION = 1;
export const HEADER_BYTES = 16;

const KINDS = ["hello", "perception", "recall", "stop", "end", "failure"] as const;

/**
 * hello: who I am (JSON). perception, recall: spikes. stop: a wish that goes down to the lowest part. end: training ends before this step; goes up, and down at the end.
 * failure: why I stop (text).
 */
export type FrameKind = (typeof KINDS)[number];

/** How spikes are coded. */
export type SpikeCoding = "bits" | "events";
const CODINGS = ["bits", "events"] as const;

/** A message between parts. */
export interface Frame {
  readonly kind: FrameKind;
  /** How spikes in it are coded; "bits" where it has none. */
  readonly coding: SpikeCoding;
  /** Number of the step it belongs to, from 0. */
  readonly step: number;
  /** Spikes, or what the kind says; perhaps empty. */
  readonly payload: Uint8Array;
}

/** Most bytes of a payload, by kind; 0 where a kind is not listed. */
export type FrameLimits = Readonly<Partial<Record<FrameKind, number>>>;

const MAGIC = 0x4b505342; // "BSPK"

/** A frame without spikes. */
export function signal(kind: FrameKind, step: number, payload = new Uint8Array()): Frame {
  return { kind, coding: "bits", step, payload };
}

/** @returns header and payload; the payload is not copied */
export function encodeFrame({ kind, coding, step, payload }: Frame): [header: Uint8Array, payload: Uint8Array] {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, PROTOCOL_VERSION);
  view.setUint8(5, KINDS.indexOf(kind) + 1);
  view.setUint8(6, CODINGS.indexOf(coding));
  view.setUint32(8, step, true);
  view.setUint32(12, payload.length, true);
  return [header, payload];
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #header = new Uint8Array(HEADER_BYTES);
  /** The frame whose payload is being read, and how much of it is there; of the header, while that is undefined. */
  #frame: Frame | undefined;
  #filled = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Whether the stream may end here. */
  get whole(): boolean {
    return this.#frame === undefined && this.#filled === 0;
  }

  /**
   * The frames that end in these bytes.
   *
   * @throws BispikeError "data" for foreign bytes, another version, an unknown kind or a payload over its limit; nothing can be read after that
   */
  *read(bytes: Uint8Array): Generator<Frame> {
    let at = 0;
    for (;;) {
      const into = this.#frame?.payload ?? this.#header;
      const taken = Math.min(into.length - this.#filled, bytes.length - at);
      into.set(bytes.subarray(at, at + taken), this.#filled);
      at += taken;
      this.#filled += taken;
      if (this.#filled < into.length) return;
      this.#filled = 0;
      const frame: Frame = this.#frame ?? this.#open();
      // An empty payload is whole with its header.
      if (this.#frame || frame.payload.length === 0) {
        this.#frame = undefined;
        yield frame;
      } else this.#frame = frame;
    }
  }

  #open(): Frame {
    const view = new DataView(this.#header.buffer);
    if (view.getUint32(0, true) !== MAGIC)
      throw new BispikeError(
        "data",
        "expected a frame of bispike's, got other bytes: is something else at that address?",
      );
    const version = view.getUint8(4);
    if (version !== PROTOCOL_VERSION)
      throw new BispikeError(
        "data",
        `expected protocol version ${PROTOCOL_VERSION}, got ${version}: use the same bispike for all parts`,
      );
    const kind = KINDS[view.getUint8(5) - 1];
    const coding = CODINGS[view.getUint8(6)];
    const length = view.getUint32(12, true);
    if (kind === undefined || coding === undefined || view.getUint8(7) !== 0)
      throw new BispikeError("data", "expected a frame of a known kind, got an unknown one");
    const limit = this.#limits[kind] ?? 0;
    if (length > limit)
      throw new BispikeError("data", `a ${kind} frame: expected at most ${limit} bytes, got ${length}`);
    return { kind, coding, step: view.getUint32(8, true), payload: new Uint8Array(length) };
  }
}
