/**
 * What parts of a pair send each other, as bytes:
 *
 *   "BSPK"   version (1 byte)   kind (1)   coding (1)   0 (1)   step (4)   length (4)   payload        all little-endian
 *
 * The reader trusts nothing: it checks a header before it makes room for the payload, and makes no more than the limit of the kind.
 */
import { z } from "zod";
import type { Dataset } from "../data/dataset.ts";
import { xxHash32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";
import type { DataSummary } from "../nets/model.ts";
import { describeStages, type StageRange } from "../nets/pair.ts";
import { modelConfig } from "../training/checkpoint.ts";
import type { ExperimentConfig } from "../training/config.ts";

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

// A way to one neighbour: frames in order, both ways. `bispike/node` has sockets; `channelPair` joins two parts of one process.

/** A way to another part, for frames in order. */
export interface Channel {
  /** Resolves when more may be sent. What cannot be sent any more is dropped: `receive` tells that the neighbour is gone. */
  send(frame: Frame): Promise<void>;
  /**
   * The next frame.
   *
   * @throws BispikeError "platform" once the neighbour is gone and all that had come was taken, "data" for bytes that are no frames
   */
  receive(): Promise<Frame>;
  /** Sends what is still to be sent, and ends. */
  close(): Promise<void>;
}

/** Frames that came and were not taken yet. */
export class Inbox {
  readonly #frames: Frame[] = [];
  readonly #waiting: { resolve: (frame: Frame) => void; reject: (error: unknown) => void }[] = [];
  #failure: unknown;

  /** Frames kept. */
  get size(): number {
    return this.#frames.length;
  }

  push(frame: Frame): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(frame);
    else this.#frames.push(frame);
  }

  /** No more frames will come; the first reason counts. */
  fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  receive(): Promise<Frame> {
    const frame = this.#frames.shift();
    if (frame) return Promise.resolve(frame);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}

/** The error of a neighbour that went away. */
export function gone(how: string): BispikeError {
  return new BispikeError("platform", `the connection to it ${how}`);
}

/**
 * Two ends of a channel within this process; every frame goes through its bytes.
 *
 * @example
 * const [lower, upper] = channelPair({ hello: 65536, perception: 4096, recall: 512, stop: 0, end: 0, failure: 1024 });
 */
export function channelPair(limits: FrameLimits): [Channel, Channel] {
  const inboxes = [new Inbox(), new Inbox()] as const;
  const end = (own: Inbox, other: Inbox): Channel => {
    const reader = new FrameReader(limits);
    let closed = false;
    return {
      send: async (frame) => {
        if (closed) return;
        try {
          for (const bytes of encodeFrame(frame)) for (const read of reader.read(bytes)) other.push(read);
        } catch (error) {
          other.fail(error);
        }
      },
      receive: () => own.receive(),
      close: async () => {
        closed = true;
        own.fail(gone("was closed"));
        other.fail(gone("was closed"));
      },
    };
  };
  return [end(inboxes[0], inboxes[1]), end(inboxes[1], inboxes[0])];
}

/** Most bytes of a hello. */
export const HELLO_BYTES = 65536;
/** Steps a part offers at most. */
const MOST_STEPS = 64;

const step = z.int().min(0);
const helloSchema = z.strictObject({
  software: z.string().max(64),
  stages: z.strictObject({ first: step, last: step }),
  of: step,
  config: z.string().max(64),
  data: z.string().max(64),
  depth: step,
  saveEvery: step,
  /** Down: steps that this part and those above can go on from. Up: the one step chosen. */
  steps: z.array(step).min(1).max(MOST_STEPS),
});

export type Hello = z.infer<typeof helloSchema>;

export function encodeHello(hello: Hello): Frame {
  return signal("hello", 0, new TextEncoder().encode(JSON.stringify(hello)));
}

/** @throws BispikeError "data" unless it is a hello */
export function decodeHello({ kind, payload }: Frame): Hello {
  if (kind !== "hello") throw new BispikeError("data", `expected a hello first, got ${kind}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(payload));
  } catch (cause) {
    throw new BispikeError("data", "expected a hello of JSON", { cause });
  }
  const parsed = helloSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BispikeError("data", `its hello is not one: ${issue?.path.join(".")} ${issue?.message}`);
}

/**
 * Whether a neighbour may train with us.
 *
 * @param where what it must be next to our stages
 * @throws BispikeError "usage" that names what differs
 */
export function checkNeighbour(ours: Hello, theirs: Hello, where: "above" | "below"): void {
  const expected = where === "above" ? ours.stages.last + 1 : ours.stages.first - 1;
  const found = where === "above" ? theirs.stages.first : theirs.stages.last;
  const who = `the part ${where} stages ${describeStages(ours.stages)}`;
  if (theirs.of !== ours.of || found !== expected) {
    throw new BispikeError(
      "usage",
      `${who}: expected ${where === "above" ? `one from stage ${expected} up` : `one whose last stage is ${expected}`}, of ${ours.of} stages, got stages ${describeStages(theirs.stages)} of ${theirs.of}`,
    );
  }
  const differs = (what: string, own: string | number, other: string | number) =>
    new BispikeError("usage", `${who}: ${what}: it has ${other}, we have ${own}`);
  if (theirs.software !== ours.software) throw differs("another version of bispike", ours.software, theirs.software);
  if (theirs.config !== ours.config)
    throw differs("another experiment (checksum of the configuration)", ours.config, theirs.config);
  if (theirs.data !== ours.data) throw differs("other data (checksum)", ours.data, theirs.data);
  if (theirs.depth !== ours.depth) throw differs("another --depth", ours.depth, theirs.depth);
  if (theirs.saveEvery !== ours.saveEvery) throw differs("another --save-every", ours.saveEvery, theirs.saveEvery);
}

/** Checksum of all of a configuration that changes what is learned; where the data lie may differ from host to host. */
export function configSum(config: ExperimentConfig): string {
  const { path: _, ...data } = config.data;
  return sum(JSON.stringify({ ...modelConfig(config), data }));
}

/** Checksum of what parts must agree on of their data: its shape, statistics of the images trained on, and every label. */
export function dataSum(summary: DataSummary, { train }: Dataset): string {
  const { labels } = train;
  const { shape, classNames, statistics } = summary;
  const about = sum(JSON.stringify({ shape, classNames, statistics }));
  return sum(about, xxHash32(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)));
}

function sum(text: string, seed = 0): string {
  return xxHash32(new TextEncoder().encode(text), seed).toString(16).padStart(8, "0");
}

/** The stages of a hello, in words. */
export function whose({ stages }: { readonly stages: StageRange }): string {
  return `stages ${describeStages(stages)}`;
}
