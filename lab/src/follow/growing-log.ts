/** A log of a line an event that another process is writing: what is new since the last look. */
import { BispikeError } from "../../../src/errors.ts";

/** Far above any run's log. */
const MOST_BYTES = 2 ** 28;
/** Bytes a read, and so the most a line may have. */
const CHUNK = 2 ** 22;
/** Bytes before the first unread one that are read again, to see whether the log is still the same: a resumed run cuts its log and writes anew. */
const OVERLAP = 64;

export interface News {
  /** Whole lines, without those read before. A last line without its newline is still being written and comes later. */
  readonly lines: readonly string[];
  /** Number of the first of them, from 1. */
  readonly first: number;
  /** The log is another than before, from its start: these lines replace all that came. */
  readonly anew: boolean;
}

/**
 * @example
 * const log = new GrowingLog("metrics.jsonl", (from, to) => source.read("metrics.jsonl", from, to));
 * for (const line of (await log.news(size)).lines) add(JSON.parse(line));
 */
export class GrowingLog {
  readonly #name: string;
  readonly #read: (from: number, to: number) => Promise<Uint8Array>;
  /** Where the first line begins that was not whole yet, and its number. */
  #at = 0;
  #line = 1;
  /** The bytes before it. */
  #before = new Uint8Array(0);

  constructor(name: string, read: (from: number, to: number) => Promise<Uint8Array>) {
    this.#name = name;
    this.#read = read;
  }

  /**
   * @param size bytes the log has now
   * @throws BispikeError "checkpoint" when it is larger than any log, or a line is
   */
  async news(size: number): Promise<News> {
    if (size > MOST_BYTES)
      throw new BispikeError("checkpoint", `${this.#name}: expected a log of at most ${MOST_BYTES} bytes, got ${size}`);
    const anew = size < this.#at || !(await this.#isSame());
    let [at, line, before] = anew ? [0, 1, new Uint8Array(0)] : [this.#at, this.#line, this.#before];
    const first = line;
    const lines: string[] = [];
    while (at < size) {
      const bytes = await this.#read(at, Math.min(size, at + CHUNK));
      const end = bytes.lastIndexOf(10) + 1;
      if (end === 0) {
        if (bytes.length < CHUNK) break;
        throw new BispikeError("checkpoint", `${this.#name}: line ${line}: expected at most ${CHUNK} bytes`);
      }
      const whole = new TextDecoder().decode(bytes.subarray(0, end - 1)).split("\n");
      for (const text of whole) lines.push(text);
      line += whole.length;
      at += end;
      before = bytes.slice(Math.max(0, end - OVERLAP), end);
    }
    // Only now: of a look that failed on its way nothing was given, and the next one gives it all.
    [this.#at, this.#line, this.#before] = [at, line, before];
    return { lines, first, anew };
  }

  /** Whether what was read last is still there. */
  async #isSame(): Promise<boolean> {
    const { length } = this.#before;
    if (length === 0) return true;
    const now = await this.#read(this.#at - length, this.#at);
    return now.length === length && now.every((byte, i) => byte === this.#before[i]);
  }
}
