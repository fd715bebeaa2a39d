/**
 * Shows one snapshot after the other as a wave of spikes (draw/wave.ts): pictures are painted once a frame while one is under way. It stands still once
 * training does, and at once for people who ask for less motion.
 */
import { effect, signal } from "@preact/signals";
import { tickLength, waveTicks } from "../draw/wave.ts";
import type { Snapshot } from "../worker/protocol.ts";
import type { Run } from "./run.ts";

/** Draws a snapshot as it is after so many ticks; infinitely many where nothing is to move. */
export type Painter = (snapshot: Snapshot, tick: number) => void;

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Waves {
  /** What is shown; may be older than the run's newest. */
  readonly shown = signal<Snapshot | null>(null);
  readonly #run: Run;
  readonly #painters = new Set<Painter>();
  #frame = 0;
  #began = 0;
  #ticks = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Returns how to take it away again. */
  add(painter: Painter): () => void {
    this.#painters.add(painter);
    const snapshot = this.shown.peek();
    if (snapshot) painter(snapshot, Number.POSITIVE_INFINITY);
    return () => this.#painters.delete(painter);
  }

  /** Follows the run. Returns how to stop. */
  start(): () => void {
    const stop = effect(() => {
      const snapshot = this.#run.snapshot.value;
      if (!snapshot) {
        this.#rest();
        this.shown.value = null;
      } else if (stillness.matches) this.#still(snapshot);
      else if (this.#frame === 0) this.#begin(snapshot);
    });
    return () => {
      stop();
      this.#rest();
    };
  }

  #still(snapshot: Snapshot): void {
    this.#rest();
    this.shown.value = snapshot;
    this.#paint(snapshot, Number.POSITIVE_INFINITY);
  }

  #rest(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #begin(snapshot: Snapshot): void {
    const stages = (this.#run.about.peek()?.stages.length ?? 0) + 2;
    this.#ticks = waveTicks(stages, snapshot.perception[0]?.steps ?? 1);
    this.#began = performance.now();
    this.shown.value = snapshot;
    this.#frame = requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    const snapshot = this.shown.peek();
    const newest = this.#run.snapshot.peek();
    if (!snapshot || !newest) {
      this.#rest();
      return;
    }
    const tick = Math.max(0, performance.now() - this.#began) / tickLength(this.#ticks);
    this.#paint(snapshot, tick);
    if (tick < this.#ticks) {
      this.#frame = requestAnimationFrame(() => this.#show());
      return;
    }
    this.#frame = 0;
    if (newest !== snapshot) this.#begin(newest);
  }

  #paint(snapshot: Snapshot, tick: number): void {
    for (const painter of this.#painters) painter(snapshot, tick);
  }
}
