/** Follows a run: reads what is new about once a second, and tells when its curves have grown. */
import { signal } from "@preact/signals";
import { BispikeError } from "../../../src/errors.ts";
import { RunCurves } from "./curves.ts";
import { GrowingLog, type News } from "./growing-log.ts";
import type { RunSource } from "./source.ts";

const INTERVAL = 1000;

export class Follower {
  readonly source: RunSource;
  /** Counts changes of `curves`. */
  readonly changes = signal(0);
  readonly finished = signal(false);
  readonly failure = signal<string | null>(null);
  curves = new RunCurves();
  #metrics: GrowingLog;
  #observations: GrowingLog;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(source: RunSource) {
    this.source = source;
    this.#metrics = this.#log("metrics.jsonl");
    this.#observations = this.#log("observations.jsonl");
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      await this.#update();
      this.failure.value = null;
    } catch (error) {
      if (!(error instanceof BispikeError)) throw error;
      this.failure.value = error.message;
      // A line that is none stays one; a server may come back.
      if (error.code === "checkpoint") return;
    }
    if (this.source.live && !this.#closed) this.#timer = setTimeout(() => void this.#look(), INTERVAL);
  }

  async #update(): Promise<void> {
    const sizes = await this.source.sizes();
    this.finished.value = sizes["summary.json"] !== undefined;
    const { name } = this.source;
    const metrics = await this.#metrics.news(sizes["metrics.jsonl"] ?? 0);
    if (metrics.anew) return this.#readAnew();
    // Before the other log is asked for, which may fail: a log gives a line once.
    each(metrics, (line, number) => this.curves.addMetrics(line, `${name}/metrics.jsonl: line ${number}`));
    if (metrics.lines.length > 0) this.changes.value++;
    const observations = await this.#observations.news(sizes["observations.jsonl"] ?? 0);
    if (observations.anew) return this.#readAnew();
    each(observations, (line, number) =>
      this.curves.addObservation(line, `${name}/observations.jsonl: line ${number}`),
    );
    if (observations.lines.length > 0) this.changes.value++;
  }

  /** A resumed run has cut its logs; both are read from the start. */
  async #readAnew(): Promise<void> {
    this.curves = new RunCurves();
    this.#metrics = this.#log("metrics.jsonl");
    this.#observations = this.#log("observations.jsonl");
    // Also where nothing is left of them.
    this.changes.value++;
    await this.#update();
  }

  #log(name: "metrics.jsonl" | "observations.jsonl"): GrowingLog {
    return new GrowingLog(`${this.source.name}/${name}`, (from, to) => this.source.read(name, from, to));
  }
}

function each({ lines, first }: News, add: (line: string, number: number) => void): void {
  for (const [k, line] of lines.entries()) add(line, first + k);
}
