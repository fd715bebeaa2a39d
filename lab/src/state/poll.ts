/** Asks a run's worker the same question again and again while someone looks, seldom enough that training hardly waits. */
import { useSignal } from "@preact/signals";
import type { Remote } from "comlink";
import { useEffect, useRef } from "preact/hooks";
import type { LabApi } from "../worker/protocol.ts";
import type { Run } from "./run.ts";

/** Milliseconds between two questions, at least. */
const EVERY = 400;
/** And at least so many times what the answer took. */
const RESPITE = 8;

/** Milliseconds before a variant of the question is asked: a slider on its way is not followed step by step. */
const SETTLED = 100;

export interface PollOptions {
  /** Milliseconds between two questions, at least. Default 400. */
  readonly every?: number;
  /** Names which variant of the question is asked: a new one is asked soon, and the answer before stays until then. Default: there is one. */
  readonly variant?: string;
}

/**
 * The newest answer to this question; null before the first. Asks at once, and then only when training has gone on.
 *
 * @param key names the question: another one has no answer yet, not even for the moment until it is asked
 */
export function usePoll<T>(
  run: Run,
  key: string,
  question: (api: Remote<LabApi>) => Promise<T>,
  { every = EVERY, variant = "" }: PollOptions = {},
): T | null {
  const about = run.about.value;
  const answer = useSignal<{ readonly to: readonly unknown[]; readonly found: T } | null>(null);
  const asking = useRef<readonly unknown[]>([]);
  const to = [run, about, key];
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked: number | undefined;
    const isNew = !areSame(to, asking.current);
    asking.current = to;
    const look = async () => {
      const step = run.step.peek();
      let wait = every;
      if (run.ready.peek() && step !== asked && !document.hidden) {
        const began = performance.now();
        const found = await run.ask(question);
        if (stopped) return;
        asked = step;
        if (found !== undefined) answer.value = { to, found };
        wait = Math.max(every, RESPITE * (performance.now() - began));
      }
      timer = setTimeout(look, wait);
    };
    if (isNew) void look();
    else timer = setTimeout(look, SETTLED);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [run, about, key, every, variant]);
  const { value } = answer;
  return value && areSame(value.to, to) ? value.found : null;
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.every((part, k) => part === b[k]);
}
