/** A way to one neighbour: frames in order, both ways. `bispike/node` has sockets; `channelPair` joins two parts of one process. */
import { BispikeError } from "../errors.ts";
import { encodeFrame, type Frame, type FrameLimits, FrameReader } from "./frame.ts";

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
