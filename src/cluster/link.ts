/** One part's way to a neighbour during training: spikes of the right step, checked, and what else neighbours tell each other. */
import { BispikeError } from "../errors.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { SpikeCrossing } from "../rules/bsd.ts";
import { type Channel, type Frame, type FrameLimits, HELLO_BYTES, type SpikeCoding, signal } from "./frames.ts";
import { bitsOf, bytesOf, decodeEvents, encodeEvents, packSpikes, unpackSpikes } from "./spikes.ts";

/** Most bytes of a reason. */
const FAILURE_BYTES = 2048;

/**
 * What a part's neighbours may send: no more than it needs.
 *
 * @param pair the part's own
 * @param neighbour the one that sends
 * @example
 * await connectToPart({ host: "10.0.0.1", port: 7000 }, limitsOf(part.model.pair, "below"), { seconds: 60 });
 */
export function limitsOf(pair: NetworkPair, neighbour: "above" | "below"): FrameLimits {
  const { above, below, options } = pair;
  const control = { hello: HELLO_BYTES, end: 0, failure: FAILURE_BYTES };
  if (neighbour === "above") return { ...control, stop: 0, recall: above ? bytesOf(above, pair.maxRecalls) : 0 };
  return { ...control, perception: below ? bytesOf(below, options.maxImages) : 0 };
}

/** Tells a neighbour why this part stops. */
export function failureFrame(reason: string): Frame {
  return signal("failure", 0, new TextEncoder().encode(reason).subarray(0, FAILURE_BYTES));
}

/** What a neighbour's failure frame says, in words. */
export function describeFailure({ payload }: Frame): string {
  return `it stopped: ${new TextDecoder().decode(payload)}`;
}

/** Bytes and frames of spikes that crossed. */
export interface Traffic {
  frames: number;
  bytes: number;
}

/** What came in place of spikes: training ends before this step. */
export const END = "end";

export class Link {
  readonly #channel: Channel;
  readonly #coding: SpikeCoding;
  readonly #who: string;
  /** Spikes sent and received. */
  readonly sent: Traffic = { frames: 0, bytes: 0 };
  readonly received: Traffic = { frames: 0, bytes: 0 };
  /** Milliseconds spent waiting for spikes. */
  waited = 0;
  /** Whether the neighbour wishes to stop. */
  stopping = false;
  /** Whether the neighbour was lost, stopped by itself or broke the protocol. */
  failed = false;
  #ended = false;

  /** @param who the neighbour in error messages, such as "the part above (stages 3-5)" */
  constructor(channel: Channel, who: string, coding: SpikeCoding) {
    this.#channel = channel;
    this.#who = who;
    this.#coding = coding;
  }

  async give({ network, spikes, rows }: SpikeCrossing, step: number): Promise<void> {
    const bits = packSpikes(spikes, rows);
    const events = this.#coding === "events" ? encodeEvents(bits) : undefined;
    const payload = events ?? bits;
    this.sent.frames++;
    this.sent.bytes += payload.length;
    await this.#channel.send({ kind: network, coding: events ? "events" : "bits", step, payload });
  }

  /**
   * Waits for the spikes of a step and writes them into their population.
   *
   * @returns END where the neighbour below ends training before this step
   * @throws BispikeError "platform" when the neighbour is gone, "data" for what is not the step's spikes, "training" with the neighbour's own reason
   */
  async take({ network, spikes, rows }: SpikeCrossing, step: number): Promise<typeof END | undefined> {
    const began = performance.now();
    const frame = await this.#next();
    this.waited += performance.now() - began;
    if (frame.kind === "end" && network === "perception" && frame.step === step) {
      this.#ended = true;
      return END;
    }
    if (frame.kind !== network || frame.step !== step) {
      throw this.#fault(
        "data",
        `expected ${network}'s spikes of step ${step}, got ${frame.kind} of step ${frame.step}`,
      );
    }
    this.received.frames++;
    this.received.bytes += frame.payload.length;
    try {
      const bits = frame.coding === "events" ? decodeEvents(frame.payload, bitsOf(spikes, rows)) : frame.payload;
      unpackSpikes(bits, spikes, rows);
    } catch (error) {
      throw error instanceof BispikeError ? this.#fault("data", error.message, error) : error;
    }
    return undefined;
  }

  /** The next frame that is no wish to stop. */
  async #next(): Promise<Frame> {
    for (;;) {
      let frame: Frame;
      try {
        frame = await this.#channel.receive();
      } catch (error) {
        throw error instanceof BispikeError ? this.#fault(error.code, error.message, error) : error;
      }
      if (frame.kind === "failure") throw this.#fault("training", describeFailure(frame));
      if (frame.kind !== "stop") return frame;
      this.stopping = true;
    }
  }

  async stop(step: number): Promise<void> {
    await this.#channel.send(signal("stop", step));
  }

  async end(step: number): Promise<void> {
    await this.#channel.send(signal("end", step));
  }

  /** Waits until the neighbour has ended too, whatever it still sent, and closes. */
  async settle(): Promise<void> {
    while (!this.#ended) this.#ended = (await this.#next()).kind === "end";
    await this.#channel.close();
  }

  /** Tells why this part stops, and closes. */
  async fail(reason: string): Promise<void> {
    await this.#channel.send(failureFrame(reason));
    await this.#channel.close();
  }

  #fault(code: BispikeError["code"], message: string, cause?: unknown): BispikeError {
    this.failed = true;
    return new BispikeError(code, `${this.#who}: ${message}`, { cause });
  }
}
