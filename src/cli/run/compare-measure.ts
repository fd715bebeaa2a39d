/** Measures the trained runs of a comparison, each in a process of its own: `bispike eval`. */
import type { Summary } from "../../comparison/figures.ts";
import { type Measures, robustnessArguments } from "../../comparison/measures.ts";
import type { PlannedRun } from "../../comparison/plan.ts";
import { BispikeError } from "../../errors.ts";
import type { ComparisonFolder } from "../../node/comparison-folder.ts";

/** What a finished run has to tell, with what was measured of it; undefined where it has not finished or is still to be measured. */
export function fullSummary(folder: ComparisonFolder, run: PlannedRun, { robustness }: Measures): Summary | undefined {
  const summary = folder.summaryOf(run);
  if (!summary || !robustness) return summary;
  const measured = folder.robustnessOf(run, robustness);
  return measured && { ...summary, robustness: measured };
}

/** Arguments of the command that measures a trained run; undefined where there is nothing to measure. */
export function measureArguments(folder: ComparisonFolder, run: PlannedRun, measures: Measures): string[] | undefined {
  const { robustness } = measures;
  if (!robustness || folder.robustnessOf(run, robustness)) return undefined;
  return ["eval", folder.file(run.folder), ...robustnessArguments(robustness), "--threads", "1", "--json"];
}

/**
 * Keeps what the command printed.
 *
 * @throws BispikeError "data" where that is not what it should be
 */
export function keepMeasured(
  folder: ComparisonFolder,
  run: PlannedRun,
  { robustness }: Measures,
  lines: readonly string[],
): void {
  if (!robustness) return;
  const measured = lines.map(parsed).find((said) => said?.robustness !== undefined)?.robustness;
  if (typeof measured !== "object" || measured === null)
    throw new BispikeError("data", `${folder.file(run.folder)}: bispike eval --robustness printed no figures`);
  folder.writeRobustness(run, robustness, measured);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
