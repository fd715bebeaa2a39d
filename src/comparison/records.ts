/** A comparison's results for programs: a JSON object with every run's figures, and CSV with a line a cell and figure. */

import Papa from "papaparse";
import { measuresAny } from "./measures.ts";
import type { CellTable, ComparisonTable } from "./statistics.ts";
import { showValue } from "./values.ts";

/**
 * All there is to know, as plain data: design, figures, and a cell's runs, spreads and tests. What was not measured is null.
 *
 * @param machines what the runs were trained on
 * @example
 * JSON.stringify(reportRecord(table));
 */
export function reportRecord(
  { design, figures, tested, cells, missing }: ComparisonTable,
  machines: readonly string[] = [],
): object {
  const { name, axes, seeds, baseline, measure = {}, judge = "test" } = design;
  return {
    ...{ name, axes, seeds, baseline, judge },
    ...(measuresAny(measure) ? { measure } : {}),
    figures: figures.map(({ detail, part: _, ...figure }) => ({ ...figure, detail: detail ?? false })),
    tested: tested.map(({ id }) => id),
    cells: cells.map(({ cell, runs, spreads, tests }) => ({
      ...cell,
      runs: runs.map(({ values, ...run }) => ({ ...run, values: values && Object.fromEntries(values) })),
      figures: Object.fromEntries(spreads),
      tests: Object.fromEntries(tests),
    })),
    missing: missing.map(({ folder }) => folder),
    machines,
  };
}

/** CSV (RFC 4180): a column an axis, then the figure, its spread, and its paired test where there is one; full digits, nothing for what there is not. */
export function csvReport({ design, figures, cells }: ComparisonTable): string {
  const head = [
    ...design.axes.map(({ key }) => key),
    ...["figure", "unit", "n", "mean", "std", "min", "max"],
    ...["baseline", "pairs", "difference", "difference_std", "t", "df", "p", "p_holm", "w_plus", "p_w"],
  ];
  const rows = cells.flatMap((table) =>
    figures.flatMap(({ id, unit }) => {
      const spread = table.spreads.get(id);
      if (!spread) return [];
      const { n, mean, std, least, most } = spread;
      const values = table.cell.values.map(showValue);
      return [[...values, id, unit, n, mean, std, least, most, ...testColumns(table, id, cells)]];
    }),
  );
  return `${Papa.unparse([head, ...rows], { newline: "\n" })}\n`;
}

function testColumns({ cell, tests }: CellTable, id: string, cells: readonly CellTable[]): (string | number | null)[] {
  const test = tests.get(id);
  if (!test || cell.baseline === null) return new Array(10).fill(null);
  const { n, mean, std, t, degrees, p, adjusted, signedRank } = test;
  return [cells[cell.baseline]!.cell.label, n, mean, std, t, degrees, p, adjusted, signedRank.plus, signedRank.p];
}
