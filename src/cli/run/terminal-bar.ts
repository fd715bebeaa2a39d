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
