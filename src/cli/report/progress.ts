/** The bar of every command that shows one: on stderr, gone when the work is done. */
import { SingleBar } from "cli-progress";

/**
 * A bar that has not begun.
 *
 * @param format with {bar} and the names that updates give values
 * @param barsize characters of the bar itself
 */
export function terminalBar(format: string, barsize: number): SingleBar {
  return new SingleBar({
    format,
    barsize,
    barCompleteChar: "#",
    barIncompleteChar: "-",
    stream: process.stderr,
    linewrap: true,
    clearOnComplete: true,
    // Signals are the command's: where it saves, the first one does; where it saves nothing, they end it at once, as a listener would be heard only when the work is done.
    gracefulExit: false,
    hideCursor: false,
    fps: 8,
  });
}

/** How far a long measurement is, on stderr, so that stdout has its result alone: a bar on a terminal, else a line every ten seconds. */

const SECONDS_BETWEEN_LINES = 10;

export interface Progress {
  /** @param done so far, of the whole */
  at(done: number): void;
  /** Leaves the terminal as it was. */
  end(): void;
}

/**
 * @param what is counted, as "images reconstructed"
 * @param silent shows nothing, for --json and --quiet
 * @example
 * const progress = startProgress("images reconstructed", 10_000, { silent: options.json });
 */
export function startProgress(
  what: string,
  total: number,
  { silent = false }: { readonly silent?: boolean | undefined } = {},
): Progress {
  if (silent) return { at: () => {}, end: () => {} };
  return process.stderr.isTTY ? barOf(what, total) : linesOf(what, total);
}

function linesOf(what: string, total: number): Progress {
  let told = performance.now();
  return {
    at: (done) => {
      const now = performance.now();
      if (done >= total || now - told < 1000 * SECONDS_BETWEEN_LINES) return;
      process.stderr.write(`bispike: ${done} of ${total} ${what}\n`);
      told = now;
    },
    end: () => {},
  };
}

function barOf(what: string, total: number): Progress {
  const bar = terminalBar(`{value} of {total} ${what} [{bar}] {eta_formatted} left`, 20);
  bar.start(total, 0);
  return { at: (done) => bar.update(done), end: () => bar.stop() };
}
