/** Writes a comparison's report: tables from the summaries of its runs, and their picture. */
import { type Values, valuesOf } from "../../comparison/figures.ts";
import { type Design, runsOf } from "../../comparison/plan.ts";
import { type ComparisonTable, compareRuns, csvReport, reportRecord } from "../../comparison/records.ts";
import { markdownReport } from "../../comparison/report.ts";
import { robustnessPanels } from "../../comparison/robustness.ts";
import { BispikeError } from "../../errors.ts";
import type { ComparisonFolder } from "../../node/comparison-folder.ts";
import { writeDurably } from "../../node/durable.ts";
import { fullSummary } from "../jobs.ts";

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
    const summary = fullSummary(folder, run, design.measure ?? {});
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
  files.push(...(await drawObservations(folder, table)), ...(await drawRobustness(folder, table)));
  return { table, files };
}

/** Accuracy by severity, a line a cell; nothing where that was not measured. */
async function drawRobustness(folder: ComparisonFolder, table: ComparisonTable): Promise<string[]> {
  const panels = robustnessPanels(table);
  if (panels.length === 0) return [];
  const { design, cells } = table;
  const seeds = `${design.seeds.length} seed${design.seeds.length === 1 ? "" : "s"}`;
  const figure = {
    title: `${design.name}: accuracy by corruption and severity`,
    note: `Mean ± sample deviation over ${seeds}; severity 0 is not corrupted`,
    axis: "accuracy (%)",
    lines: cells.map(({ cell }) => cell.label),
    panels: panels.map(({ title, severities, rows }) => ({
      title,
      lines: rows.map((spreads) =>
        spreads.flatMap((spread, k) =>
          spread ? [{ x: severities[k]!, mean: 100 * spread.mean, std: 100 * (spread.std ?? 0) }] : [],
        ),
      ),
    })),
  };
  const { writeSeverities } = await import("../../node/figures.ts");
  return writeSeverities(figure, folder.file("robustness"));
}

/** Points and means of the tested figures; nothing where no run was tested. */
async function draw(folder: ComparisonFolder, table: ComparisonTable): Promise<string[]> {
  const { design, cells } = table;
  const tested = table.tested.filter(({ part }) => !part);
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

/** Curves of what was observed of the finished runs; nothing where none was. */
async function drawObservations(folder: ComparisonFolder, { design, cells }: ComparisonTable): Promise<string[]> {
  const observed = cells.map(({ cell, runs }) => ({
    // Where one key varies, the title says which.
    label: design.axes.length === 1 ? cell.label.replace(/^[\w.]+=/, "") : cell.label,
    baseline: design.axes.length > 0 && cell.baseline === null,
    runs: runs.filter(({ values }) => values !== null).map((run) => folder.observationsOf(run)),
  }));
  if (observed.every(({ runs }) => runs.every((lines) => lines.length === 0))) return [];
  const { writeComparedObservations } = await import("../../node/figures.ts");
  const keys = design.axes.map(({ key }) => key).join(", ");
  return writeComparedObservations(
    `${design.name}${keys === "" ? "" : ` by ${keys}`}`,
    observed,
    folder.file("observations"),
  );
}
