/**
 * Every error a person can cause is one of these: it says what was expected, what came, and where.
 * The command line prints `message` alone; only a fault of our own shows a stack trace.
 */

/** What went wrong, for programs; stable across releases. */
export type ErrorCode = "data" | "config" | "checkpoint" | "shape" | "usage" | "training" | "platform";

/**
 * A typed error for bad input or an impossible request.
 *
 * @example
 * throw new BispikeError("data", "images.idx: expected 60016 bytes, found 100 (file is truncated)");
 */
export class BispikeError extends Error {
  override readonly name = "BispikeError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
