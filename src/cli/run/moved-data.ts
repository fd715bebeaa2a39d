/** Data that are not where their run says: it records a path as it was typed, so one that is relative counts from the folder training was started in. */
import { resolve } from "node:path";
import { BispikeError } from "../../errors.ts";

/**
 * What to do with the error of loading a run's data.
 *
 * @param recorded the path as the run has it; undefined where the command line gave one, whose error says enough
 * @param option that says where the data are now
 * @example
 * await loadSequence(request).catch(movedFrom("ETTh1.csv", "--data.series FILE"));
 */
export function movedFrom(recorded: string | undefined, option: string): (error: unknown) => never {
  return (error) => {
    if (recorded === undefined || !isMissing(error)) throw error;
    throw new BispikeError(
      "data",
      `${resolve(recorded)}: there is no such file or folder; the run recorded it as ${recorded}, as seen from where training was started; give it by ${option}`,
      { cause: error },
    );
  };
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof BispikeError) || error.code !== "data") return false;
  return error.cause instanceof Error && "code" in error.cause && error.cause.code === "ENOENT";
}
