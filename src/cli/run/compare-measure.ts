/** Measures the trained runs of a comparison, each in a process of its own: `bispike eval`. */
import type { Summary } from "../../comparison/figures.ts";
import {
  MEASURES,
  type MeasureName,
  type Measures,
  probesArguments,
  robustnessArguments,
} from "../../comparison/measures.ts";
import type { PlannedRun } from "../../comparison/plan.ts";
import { BispikeError } from "../../errors.ts";
import type { ComparisonFolder } from "../../node/comparison-folder.ts";

/** What a finished run has to tell, with what was measured of it; undefined where it has not finished or is still to be measured. */
export function fullSummary(folder: ComparisonFolder, run: PlannedRun, measures: Measures): Summary | undefined {
  const summary = folder.summaryOf(run);
  if (!summary) return undefined;
  const measured: Record<string, unknown> = {};
  for (const name of MEASURES) {
    const asked = measures[name];
    if (!asked) continue;
    const found = folder.measuredOf(run, name, asked);
    if (!found) return undefined;
    measured[name] = found;
  }
  return { ...summary, ...measured };
}

/** One measurement that a trained run still waits for. */
export interface Measurement {
  /** Of the command that makes it. */
  readonly args: readonly string[];
  /**
   * Keeps what the command printed.
   *
   * @throws BispikeError "data" where that is not what it should be
   */
  keep(lines: readonly string[]): void;
}

/** What is still to be measured of a trained run. */
export function measurementsOf(folder: ComparisonFolder, run: PlannedRun, measures: Measures): Measurement[] {
  const { robustness, probes } = measures;
  return [
    ...(robustness ? waiting("robustness", robustness, robustnessArguments(robustness)) : []),
    ...(probes ? waiting("probes", probes, probesArguments(probes)) : []),
  ];

  function waiting<Name extends MeasureName>(
    name: Name,
    asked: Required<Measures>[Name],
    options: readonly string[],
  ): Measurement[] {
    if (folder.measuredOf(run, name, asked)) return [];
    const args = ["eval", folder.file(run.folder), ...options, "--threads", "1", "--json"];
    const keep = (lines: readonly string[]) => {
      const measured = lines.map(parsed).find((said) => said?.[name] !== undefined)?.[name];
      if (typeof measured !== "object" || measured === null)
        throw new BispikeError("data", `${folder.file(run.folder)}: bispike eval --${name} printed no figures`);
      folder.writeMeasured(run, name, asked, measured);
    };
    return [{ args, keep }];
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
