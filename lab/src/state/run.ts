/**
 * A run as the page knows it: a training worker, and signals that follow what it tells. Panels read the signals and call the methods; two runs side
 * by side are two of these.
 */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { proxy, type Remote, wrap } from "comlink";
import type { Arrival } from "../data/arrival.ts";
import type { About, DataSource, Failure, LabApi, LabEvent, Snapshot, StepLine } from "../worker/protocol.ts";

/** A point of a learning curve. */
export interface EpochPoint {
  readonly step: number;
  readonly epoch: number;
  readonly validationAccuracy: number | null;
}

/** How a run is set up; what the URL and the choices' panel hold. */
export interface RunSetup {
  /** As a YAML file would hold it. */
  readonly config: unknown;
  readonly data: DataSource;
}

/** Milliseconds between two times that the page is told of steps: it need not be drawn hundreds of times a second. */
const HEARD_EVERY = 60;

/** Steps of a curve that are kept: past this, every second one is dropped, so that a long run stays light. */
const MOST_POINTS = 4000;

export class Run {
  static #made = 0;
  /** Tells runs apart, so that panels of one are not taken over by the next. */
  readonly id = ++Run.#made;
  /** Null until the run is ready. */
  readonly about = signal<About | null>(null);
  readonly opening = signal(false);
  /** How much of the images has come, while the run is opened. */
  readonly arrival = signal<Arrival | null>(null);
  readonly running = signal(false);
  readonly finished = signal(false);
  readonly step = signal(0);
  readonly newest = signal<StepLine | null>(null);
  readonly snapshot = signal<Snapshot | null>(null);
  readonly epochs = signal<readonly EpochPoint[]>([]);
  readonly failure = signal<Failure | null>(null);
  /** What came of the newest file that was saved or opened. */
  readonly said = signal("");
  readonly warnings = signal<readonly string[]>([]);
  /** Counts lines of the learning curve; `lines` itself grows in place. */
  readonly lineCount = signal(0);
  readonly lines: StepLine[] = [];
  /** Which image of the newest batch is looked at. */
  readonly sample = signal(0);
  /** Steps a second at most; null for as fast as it goes. */
  readonly speed = signal<number | null>(null);
  readonly ready: ReadonlySignal<boolean> = computed(() => this.about.value !== null && !this.opening.value);
  #worker: Worker | undefined;
  #api: Remote<LabApi> | undefined;
  #asking = false;
  #keepEvery = 1;
  /** Steps that came since the page was last told. */
  readonly #unheard: StepLine[] = [];
  #hearing: ReturnType<typeof setTimeout> | undefined;

  /** Makes the run ready; the one before is thrown away. What goes wrong is in `failure`. */
  async open(setup: RunSetup, threads: number, checkpoint?: { bytes: Uint8Array; name: string }): Promise<void> {
    this.#worker?.terminate();
    batch(() => {
      this.opening.value = true;
      this.about.value = this.arrival.value = null;
      this.running.value = this.finished.value = false;
      this.step.value = this.lineCount.value = 0;
      this.newest.value = this.snapshot.value = this.failure.value = null;
      this.epochs.value = [];
      this.warnings.value = [];
      this.said.value = "";
    });
    this.lines.length = this.#unheard.length = 0;
    this.#keepEvery = 1;
    // The worker that was asked answers no more.
    this.#asking = false;
    const worker = new Worker(new URL("../worker/main.ts", import.meta.url), { type: "module" });
    // A worker that was not loaded never answers.
    const lost = new Promise<undefined>((resolve) => {
      worker.onerror = (event) => {
        const message = event.message || "the page's server does not answer; press Reset once it does";
        this.failure.value = { code: "bug", message };
        resolve(undefined);
      };
    });
    this.#worker = worker;
    const api = wrap<LabApi>(worker);
    this.#api = api;
    const request = { ...setup, threads, base: document.baseURI, ...(checkpoint ? { checkpoint } : {}) };
    const tell = proxy((event: LabEvent) => {
      if (this.#worker === worker) this.#hear(event);
    });
    const about = await Promise.race([this.#try(api.open(request, tell)), lost]);
    if (this.#worker !== worker) return;
    batch(() => {
      this.opening.value = false;
      this.about.value = about ?? null;
      this.step.value = about?.step ?? 0;
      this.finished.value = about !== undefined && about.step >= about.totalSteps;
    });
    if (about && this.speed.peek() !== null) await this.setSpeed(this.speed.peek());
  }

  /** The worker; only for a run that is ready. */
  get api(): Remote<LabApi> {
    if (!this.#api) throw new Error("the run is not open");
    return this.#api;
  }

  async start(): Promise<void> {
    await this.#try(this.api.run());
  }

  async pause(): Promise<void> {
    await this.#try(this.api.pause());
  }

  async stepOnce(): Promise<void> {
    await this.#try(this.api.step());
  }

  async setSpeed(stepsPerSecond: number | null): Promise<void> {
    this.speed.value = stepsPerSecond;
    if (this.ready.peek()) await this.#try(this.api.setSpeed(stepsPerSecond));
  }

  /** Asks for a new snapshot unless one is on its way; called once a frame at most. */
  async look(): Promise<void> {
    if (this.#asking || !this.ready.peek()) return;
    this.#asking = true;
    const worker = this.#worker;
    const snapshot = await this.#try(this.api.snapshot(this.sample.peek()));
    if (worker !== this.#worker) return;
    this.#asking = false;
    if (snapshot) this.snapshot.value = snapshot;
  }

  /** Awaits an answer of the worker; what goes wrong is put in `failure`, and the answer is undefined. */
  async ask<T>(question: (api: Remote<LabApi>) => Promise<T>): Promise<T | undefined> {
    return this.#try(question(this.api));
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#api = undefined;
    this.about.value = null;
  }

  async #try<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      this.failure.value = isFailure(error) ? error : { code: "bug", message: String(error) };
      return undefined;
    }
  }

  #hear(event: LabEvent): void {
    if (event.kind === "step") {
      this.#unheard.push(event.line);
      this.#hearing ??= setTimeout(() => this.#hearSteps(), HEARD_EVERY);
      return;
    }
    this.#hearSteps();
    batch(() => {
      switch (event.kind) {
        case "fetching":
          this.arrival.value = event.arrival;
          break;
        case "epoch": {
          const { step, epoch, validationAccuracy, warnings } = event;
          this.epochs.value = [...this.epochs.value, { step, epoch, validationAccuracy }];
          this.warnings.value = warnings;
          break;
        }
        case "state":
          this.running.value = event.running;
          this.finished.value = event.finished;
          this.step.value = event.step;
          break;
        case "failure":
          this.failure.value = event.failure;
          break;
      }
    });
  }

  #hearSteps(): void {
    clearTimeout(this.#hearing);
    this.#hearing = undefined;
    const lines = this.#unheard.splice(0);
    const newest = lines.at(-1);
    if (!newest) return;
    batch(() => {
      for (const line of lines) this.#keep(line);
      this.lineCount.value = this.lines.length;
      this.newest.value = newest;
      this.step.value = newest.step;
    });
  }

  #keep(line: StepLine): void {
    if (line.step % this.#keepEvery !== 0) return;
    this.lines.push(line);
    if (this.lines.length > MOST_POINTS) {
      const half = this.lines.filter((_, i) => i % 2 === 1);
      this.lines.splice(0, this.lines.length, ...half);
      this.#keepEvery *= 2;
    }
  }
}

function isFailure(error: unknown): error is Failure {
  return typeof error === "object" && error !== null && "message" in error && "code" in error;
}
