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

/** Lets signals, timers and output of this thread come by. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
