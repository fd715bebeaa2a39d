/** A comparison's statistics, and its results for programs: a JSON object with every run's figures, and CSV with a line a cell and figure. */
import Papa from "papaparse";
import {
  holm,
  type PairedT,
  pairedT,
  type SignedRank,
  type Spread,
  signedRank,
  spreadOf,
} from "../measure/statistics.ts";
import { type Figure, figuresOf, type Values } from "./figures.ts";
import { measuresAny, showValue } from "./measures.ts";
import { type Cell, cellsOf, type Design, type PlannedRun, runsOf } from "./plan.ts";

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

/** A cell against the baseline's cell, over the seeds both have. */
export interface PairedTest extends PairedT {
  /** `p` of the t-test, corrected by Holm for the figure's other comparisons. */
  readonly adjusted: number | null;
  readonly signedRank: SignedRank;
}

export interface CellTable {
  readonly cell: Cell;
  /** Seed by seed; null where the run has not finished. */
  readonly runs: readonly { readonly seed: number; readonly folder: string; readonly values: Values | null }[];
  /** By figure. */
  readonly spreads: ReadonlyMap<string, Spread>;
  /** By figure that is tested; empty for a baseline. */
  readonly tests: ReadonlyMap<string, PairedTest>;
}

export interface ComparisonTable {
  readonly design: Design;
  readonly figures: readonly Figure[];
  /** Those of the figures that are held against the baseline's. */
  readonly tested: readonly Figure[];
  readonly cells: readonly CellTable[];
  readonly missing: readonly PlannedRun[];
}

/**
 * Tested are the figures of the test part that are not details, or of the validation part where no run has a test part.
 *
 * @param values of the finished runs, by their folders
 * @example
 * const table = compareRuns(design, new Map([["rule.name=bsd/seed1", valuesOf(summary)]]));
 * table.cells[0].spreads.get("testAccuracy")?.mean;
 */
export function compareRuns(design: Design, values: ReadonlyMap<string, Values>): ComparisonTable {
  const cells = cellsOf(design);
  const planned = runsOf(design, cells);
  const figures = figuresOf([...values.values()]);
  const scores = (role: Figure["role"]) => figures.filter((figure) => figure.role === role && !figure.detail);
  const tested = scores("test").length > 0 ? scores("test") : scores("validation");
  const runs = cells.map((_, index) =>
    planned
      .filter(({ cell }) => cell === index)
      .map(({ seed, folder }) => ({ seed, folder, values: values.get(folder) ?? null })),
  );
  const tests = new Map(tested.map(({ id }) => [id, testFigure(id, cells, runs)]));
  return {
    design,
    figures,
    tested,
    cells: cells.map((cell, index) => ({
      cell,
      runs: runs[index]!,
      spreads: new Map(figures.flatMap(({ id }) => entry(id, spreadOf(column(runs[index]!, id))))),
      tests: new Map(tested.flatMap(({ id }) => entry(id, tests.get(id)![index]!))),
    })),
    missing: planned.filter(({ folder }) => !values.has(folder)),
  };
}

type Runs = CellTable["runs"];

function entry<T>(id: string, value: T | null): [string, T][] {
  return value === null ? [] : [[id, value]];
}

function column(runs: Runs, id: string): number[] {
  return runs.flatMap(({ values }) => values?.get(id) ?? []);
}

/** The tests of one figure, a cell at a time: one family for Holm's correction. */
function testFigure(id: string, cells: readonly Cell[], runs: readonly Runs[]): (PairedTest | null)[] {
  const found = cells.map(({ baseline }, index) => {
    if (baseline === null) return null;
    const pairs = runs[index]!.flatMap(({ values }, k) => {
      const [own, other] = [values?.get(id), runs[baseline]![k]?.values?.get(id)];
      return own === undefined || other === undefined ? [] : [[own, other] as const];
    });
    const [own, other] = [pairs.map(([own]) => own), pairs.map(([, other]) => other)];
    const [t, rank] = [pairedT(own, other), signedRank(own, other)];
    return t && rank ? { ...t, signedRank: rank } : null;
  });
  const adjusted = holm(found.map((test) => test?.p ?? null));
  return found.map((test, index) => test && { ...test, adjusted: adjusted[index] ?? null });
}
