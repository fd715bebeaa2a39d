/** What is asked of the data of a job, whatever the kind. */
import type { FileRecord } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { Judge } from "../../training/judge.ts";
import type { Reporter } from "./reporter.ts";

/** @throws BispikeError "config" where a run is to be judged by what is held out, and nothing is */
export function assertHeldOut(judge: Judge, heldOut: number): void {
  if (judge === "held-out" && heldOut === 0)
    throw new BispikeError("config", "--judge held-out: nothing is held out of training; set data.validation above 0");
}

/** Warns of files that bear a known name and hold something else. */
export function warnUnverified(name: string, provenance: readonly FileRecord[], reporter: Reporter): void {
  for (const { file, verified } of provenance) {
    if (verified === false)
      reporter.warning(`${file} is not the published file of ${name}: results may not compare with others'`);
  }
}
