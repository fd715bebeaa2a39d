/** Reads logs of a line an event, which another process may be writing. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { BispikeError } from "../errors.ts";
import { systemFailure } from "./system-failure.ts";

/** Far above any run's, below what a string holds. */
const MAX_BYTES = 2 ** 28;

/**
 * The whole lines of a file; a last one without its newline is still being written and left out.
 *
 * @param what the lines are, such as "metrics"
 * @throws BispikeError "checkpoint" when there are more than 256 MiB of them, "platform" when the file cannot be read
 * @example
 * wholeLines("runs/1/metrics.jsonl", "metrics").map((line) => JSON.parse(line));
 */
export function wholeLines(file: string, what: string): string[] {
  try {
    const descriptor = openSync(file, "r");
    try {
      const { size } = fstatSync(descriptor);
      if (size > MAX_BYTES)
        throw new BispikeError("checkpoint", `${file}: expected ${what} of at most ${MAX_BYTES} bytes, got ${size}`);
      return readFileSync(descriptor, "utf8").split("\n").slice(0, -1);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw systemFailure(error, "read", file);
  }
}
