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
 * command.action(runAction(async (run: string) => (await import("./run/inspect.ts")).runInspect(run, {})));
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
