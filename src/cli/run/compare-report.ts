/** Writes a comparison's report: tables from the summaries of its runs, and their picture. */
import { type Values, valuesOf } from "../../comparison/figures.ts";
import { type Design, runsOf } from "../../comparison/plan.ts";
import { csvReport, reportRecord } from "../../comparison/records.ts";
import { markdownReport } from "../../comparison/report.ts";
import { type ComparisonTable, compareRuns } from "../../comparison/statistics.ts";
import { BispikeError } from "../../errors.ts";
import type { ComparisonFolder } from "../../node/comparison-folder.ts";
import { writeDurably } from "../../node/durable.ts";

/** Panels of the picture at most. */
const MOST_PANELS = 6;

export interface WrittenReport {
  readonly table: ComparisonTable;
  readonly files: readonly string[];
}

/** @throws BispikeError "checkpoint" when no run has finished */
export async function writeReport(folder: ComparisonFolder, design: Design): Promise<WrittenReport> {
  const values = new Map<string, Values>();
  const found = new Set<string>();
  for (const run of runsOf(design)) {
    const summary = folder.summaryOf(run);
    if (!summary) continue;
    values.set(run.folder, valuesOf(summary));
    const machine = folder.machineOf(run);
    if (machine !== undefined) found.add(machine);
  }
  if (values.size === 0)
    throw new BispikeError("checkpoint", `${folder.path}: none of its runs has finished; there is nothing to report`);
  const table = compareRuns(design, values);
  const machines = [...found];
  const files: string[] = [];
  const write = (name: string, content: string) => {
    writeDurably(folder.file(name), content);
    files.push(folder.file(name));
  };
  write("compare.md", markdownReport(table, machines));
  write("compare.csv", csvReport(table));
  write("compare.json", `${JSON.stringify(reportRecord(table, machines), null, 2)}\n`);
  files.push(...(await draw(folder, table)));
  return { table, files };
}

/** Points and means of the tested figures; nothing where no run was tested. */
async function draw(folder: ComparisonFolder, { design, cells, tested }: ComparisonTable): Promise<string[]> {
  if (tested.length === 0) return [];
  const panels = tested.slice(0, MOST_PANELS).map(({ id, label, unit }) => ({
    title: unit === "share" ? `${label} (%)` : label,
    values: cells.map(({ runs }) =>
      runs.flatMap(({ values }) => {
        const value = values?.get(id);
        return value === undefined ? [] : [unit === "share" ? 100 * value : value];
      }),
    ),
  }));
  const keys = design.axes.map(({ key }) => key).join(", ");
  const { writeComparison } = await import("../../node/figures.ts");
  const figure = {
    title: design.name,
    note: `${keys === "" ? "" : `${keys}; `}a point a seed (${design.seeds.length}), a bar at the mean`,
    rows: cells.map(({ cell }) => cell.label),
    baselines: cells.flatMap(({ cell }, index) => (cell.baseline === null ? [index] : [])),
    panels,
  };
  return writeComparison(figure, folder.file("compare"));
}
