/** How every command ends: its exit code, and what a person sees when something went wrong. */
import { CommanderError } from "commander";
import { BispikeError } from "../errors.ts";

/** Exit codes of the command line. */
export const EXIT = { ok: 0, failed: 1, usage: 2, fault: 70, interrupted: 130 } as const;

/**
 * Wraps a command's action: a `BispikeError` becomes one message on stderr and exit code 1 (2 for usage and configuration errors); anything
 * else is a fault of our own and shows its stack, exit code 70.
 *
 * @example
 * command.action(runAction(runInspect));
 */
export function runAction<Arguments extends unknown[]>(
  action: (...args: Arguments) => Promise<void> | void,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      process.exitCode = reportError(error);
    }
  };
}

/** Writes what went wrong to stderr and gives the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // Commander has written its message.
  if (error instanceof BispikeError) {
    process.stderr.write(`bispike: ${error.message}\n`);
    return error.code === "usage" || error.code === "config" ? EXIT.usage : EXIT.failed;
  }
  const account = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`bispike: internal fault\n${account}\n`);
  return EXIT.fault;
}

let watched = false;
/** What is done instead of ending, and whether it was done. */
let instead: (() => void) | undefined;
let gone = false;

/** From now on a reader that closes our output early (`| head`) is no error, whatever is written: help, too. */
export function endQuietlyWithoutReader(): void {
  if (watched) return;
  watched = true;
  // Who reads no remarks has missed none that matters more than the work.
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") {
      // Every later line fails again, while work that saves is still ending.
      if (gone) return;
      if (!instead) process.exit(EXIT.ok);
      gone = true;
      instead();
      return;
    }
    process.stderr.write(`bispike: cannot write the output (${error.code}); is the disk full?\n`);
    process.exit(EXIT.failed);
  });
}

/** Work that would be lost has `action` done, once, where the output's reader goes early; undefined ends it quietly again. */
export function whenReaderGoes(action: (() => void) | undefined): void {
  instead = action;
}

/** Stopping a training politely: the first signal asks, the second insists. A closed stdout asks, too. */

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

// What commands say: results on stdout, remarks on stderr, so that results can be piped.

/** Writes a result and ends its line. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a remark that does not stop the command; nothing for null. */
export function note(kind: "warning" | "note", message: string | null): void {
  if (message !== null) process.stderr.write(`bispike: ${kind}: ${message}\n`);
}
