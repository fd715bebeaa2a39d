/** What went wrong, in the words the command line would use; Comlink does not carry error classes. */
import { BispikeError } from "../../../src/errors.ts";
import type { Failure } from "./protocol.ts";

export function failureOf(error: unknown): Failure {
  if (error instanceof BispikeError) return { code: error.code, message: error.message };
  return {
    code: "bug",
    message: `a fault of our own: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  };
}
