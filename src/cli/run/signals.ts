/** Stopping a training politely: the first signal asks, the second insists. A closed stdout asks, too. */
import { EXIT, whenReaderGoes } from "../report.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface StopSignal {
  /** Whether a signal came, or nobody reads the output any more. */
  readonly stopped: () => boolean;
  /** Gives the signals their usual effect back. */
  readonly dispose: () => void;
}

/**
 * @param asked called at the first signal; the process exits with 130 at the second
 * @param goOn how to go on later, for whom no other line will reach
 */
export function watchSignals(asked: () => void, goOn?: string): StopSignal {
  let stopped = false;
  const onSignal = () => {
    if (stopped) process.exit(EXIT.interrupted);
    stopped = true;
    asked();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  whenReaderGoes(() => {
    const later = goOn === undefined ? "" : `; go on with: ${goOn}`;
    process.stderr.write(`bispike: stdout was closed by its reader: saving and stopping, as at Ctrl-C${later}\n`);
    if (stopped) return;
    stopped = true;
    asked();
  });
  return {
    stopped: () => stopped,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      whenReaderGoes(undefined);
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
