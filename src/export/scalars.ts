/** Lines of `metrics.jsonl` as named scalars: every number of a line, numbers of stages one by one. */
import type { ScalarEvent } from "./tensorboard.ts";

/** A metric line of any kind of experiment. */
export interface AnyLine {
  readonly kind: "step" | "epoch";
  /** Optimiser steps done. */
  readonly step: number;
  /** Of a step, the epoch under way; of an epoch, its number; from 1. */
  readonly epoch: number;
  /** Seconds of training so far. */
  readonly seconds: number;
}

const PLACE: ReadonlySet<string> = new Set(["kind", "step"]);
/** Lists that begin at stage 1; others do at stage 2, the first hidden one. */
const FROM_STIMULUS: ReadonlySet<string> = new Set(["stageLosses"]);

/**
 * A line's scalars: "step/loss", "step/stageLosses/stage1", "epoch/validationAccuracy". What is null, not finite or no number is left out. Their wall time is `start` plus the line's seconds.
 *
 * @param start seconds since 1970 at which the run began
 * @example
 * const line = { kind: "step", step: 1, epoch: 1, seconds: 2, loss: 0.5 } as const;
 * scalarsOf(line, 1.7e9).scalars; // [["step/epoch", 1], ["step/seconds", 2], ["step/loss", 0.5]]
 */
export function scalarsOf(line: AnyLine, start: number): ScalarEvent {
  const scalars: [string, number][] = [];
  const add = (tag: string, value: unknown) => {
    if (typeof value === "number" && Number.isFinite(value)) scalars.push([tag, value]);
  };
  for (const [key, value] of Object.entries(line)) {
    if (PLACE.has(key)) continue;
    const tag = `${line.kind}/${key}`;
    if (!Array.isArray(value)) add(tag, value);
    else for (const [k, each] of value.entries()) add(`${tag}/stage${k + (FROM_STIMULUS.has(key) ? 1 : 2)}`, each);
  }
  return { wallTime: start + (Number.isFinite(line.seconds) ? line.seconds : 0), step: line.step, scalars };
}
