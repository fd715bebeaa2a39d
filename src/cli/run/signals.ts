/** Stopping a training politely: the first signal asks, the second insists. */
import { EXIT } from "../report.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface StopSignal {
  /** Whether a signal came. */
  readonly stopped: () => boolean;
  /** Gives the signals their usual effect back. */
  readonly dispose: () => void;
}

/** @param asked called at the first signal; the process exits with 130 at the second */
export function watchSignals(asked: () => void): StopSignal {
  let stopped = false;
  const onSignal = () => {
    if (stopped) process.exit(EXIT.interrupted);
    stopped = true;
    asked();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    stopped: () => stopped,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}

/**
 * Until there is something to save a signal ends the process at once, with 130; its locks are given back as it exits, which the signal's usual effect would not do.
 *
 * @returns gives the signals their usual effect back
 */
export function quitOnSignal(): () => void {
  const quit = () => process.exit(EXIT.interrupted);
  for (const signal of SIGNALS) process.on(signal, quit);
  return () => {
    for (const signal of SIGNALS) process.off(signal, quit);
  };
}

/** Lets signals, timers and output of this thread come by. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
