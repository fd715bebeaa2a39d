/** Asks a run's worker the same question again and again while someone looks, seldom enough that training hardly waits. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import type { Remote } from "comlink";
import { useEffect } from "preact/hooks";
import type { LabApi } from "../worker/protocol.ts";
import type { Run } from "./run.ts";

/** Milliseconds between two questions, at least. */
const EVERY = 400;
/** And at least so many times what the answer took. */
const RESPITE = 8;

/**
 * The newest answer; null before the first. Asks at once, and then only when training has gone on.
 *
 * @param key names the question: another one forgets the answer
 */
export function usePoll<T>(
  run: Run,
  key: string,
  question: (api: Remote<LabApi>) => Promise<T>,
  every = EVERY,
): ReadonlySignal<T | null> {
  const answer = useSignal<T | null>(null);
  const about = run.about.value;
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked: number | undefined;
    answer.value = null;
    const look = async () => {
      const step = run.step.peek();
      let wait = every;
      if (run.ready.peek() && step !== asked && !document.hidden) {
        const began = performance.now();
        const found = await run.ask(question);
        if (stopped) return;
        asked = step;
        if (found !== undefined) answer.value = found;
        wait = Math.max(every, RESPITE * (performance.now() - began));
      }
      timer = setTimeout(look, wait);
    };
    void look();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [run, about, key, every]);
  return answer;
}
