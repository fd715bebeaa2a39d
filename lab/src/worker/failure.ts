/** What went wrong, in the words the command line would use; Comlink does not carry error classes. */
import { BispikeError } from "../../../src/errors.ts";
import type { Failure } from "./protocol.ts";

/** How browsers call an answer of a server that did not come, or not whole, of data and of code. */
const UNANSWERED = /fetch|import|^Load failed|network/i;

export function failureOf(error: unknown): Failure {
  if (error instanceof BispikeError) return { code: error.code, message: error.message };
  if (error instanceof TypeError && UNANSWERED.test(error.message))
    return { code: "platform", message: "the page's server does not answer; try again once it does" };
  return {
    code: "bug",
    message: `a fault of our own: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  };
}
