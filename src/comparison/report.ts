/** A comparison's results for people: figures in words, and tables in Markdown. */
import { leastSignedRankP, type Spread } from "../measure/statistics.ts";
import type { Figure } from "./figures.ts";
import { describeValue, showValue } from "./measures.ts";
import type { CellTable, ComparisonTable } from "./records.ts";
import { ROBUSTNESS_SHARE, robustnessPanels } from "./robustness.ts";

/** What a figure's numbers are multiplied by, and the unit that follows. */
function scaleOf({ unit }: Figure): { readonly factor: number; readonly suffix: string } {
  if (unit === "share") return { factor: 100, suffix: " %" };
  return { factor: unit === "bytes" ? 1e-6 : 1, suffix: "" };
}

/** Figures without a spread, or with none, have this many significant digits. */
const DIGITS = 4;
/** Digits behind the point at most. */
const MOST_DECIMALS = 8;

/**
 * "93.12 ± 0.34 %": the sample's deviation to two digits and the mean to the same place; the mean alone of one run.
 *
 * @example
 * showSpread(accuracy, { n: 3, mean: 0.9312, std: 0.0034, least: 0.93, most: 0.935 });
 */
export function showSpread(figure: Figure, spread: Spread | undefined): string {
  if (!spread) return "-";
  const { factor, suffix } = scaleOf(figure);
  const mean = spread.mean * factor;
  const std = spread.std === null ? null : spread.std * factor;
  const decimals = decimalsOf(figure, mean, std);
  // Sizes are mostly the same in all runs.
  const plain = std === null || (std === 0 && (figure.unit === "count" || figure.role === "size"));
  const after = plain ? "" : ` ± ${std.toFixed(decimals)}`;
  return `${mean.toFixed(decimals)}${after}${suffix}`;
}

/** A difference with its sign, and its spread: "+1.20 ± 0.40 %", in percentage points for shares. */
export function showDifference(figure: Figure, mean: number, std: number | null): string {
  const { factor, suffix } = scaleOf(figure);
  const decimals = decimalsOf(figure, mean * factor, std === null ? null : std * factor);
  const after = std === null ? "" : ` ± ${(std * factor).toFixed(decimals)}`;
  const points = suffix === "" ? "" : " points";
  return `${mean > 0 ? "+" : ""}${(mean * factor).toFixed(decimals)}${after}${points}`;
}

/** One value. @example showValueOf(accuracy, 0.9312) // "93.12 %" */
export function showFigure(figure: Figure, value: number): string {
  return showSpread(figure, { n: 1, mean: value, std: null, least: value, most: value });
}

function decimalsOf({ unit }: Figure, mean: number, std: number | null): number {
  const place = (value: number, digits: number) => digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  const inBounds = (decimals: number) => Math.min(MOST_DECIMALS, Math.max(0, decimals));
  if (std !== null && std > 0) return inBounds(place(std, 2));
  if (unit === "count") return Number.isInteger(mean) ? 0 : 1;
  if (unit === "share") return 2;
  if (unit === "seconds" || unit === "bytes") return 1;
  return mean === 0 ? 0 : inBounds(place(mean, DIGITS));
}

/** A p-value: three decimals, or below a thousandth its size. @example showP(0.0312) // "0.031" */
export function showP(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3);
}

/** Below this a p-value is usually taken for a finding. */
const LEVEL = 0.05;

/**
 * Tables of means and deviations, of costs, and of the paired tests, with what a reader has to know to judge them.
 *
 * @param machines what the runs were trained on
 * @example
 * writeFileSync("compare.md", markdownReport(compareRuns(design, values)));
 */
export function markdownReport(table: ComparisonTable, machines: readonly string[] = []): string {
  const { design, figures, missing, cells } = table;
  const shown = figures.filter(({ detail, role }) => !detail && role !== "cost");
  const costs = figures.filter(({ detail, role }) => !detail && role === "cost");
  const runs = cells.length * design.seeds.length;
  return [
    `# ${literal(design.name)}`,
    "",
    ...design.axes.map(({ key, values }) => `- ${code(key)}: ${values.map(describeValue).map(literal).join(" | ")}`),
    `- seeds: ${design.seeds.join(", ")}`,
    `- ${runs - missing.length} of ${runs} runs finished`,
    ...(design.judge === "held-out"
      ? [
          "- judged by the validation part, by which each run's best epoch is chosen too; no run has looked at its test part",
        ]
      : []),
    ...missing.map(({ label }) => `- missing: ${literal(label)}`),
    "",
    "## Results",
    "",
    "Mean ± sample standard deviation (n - 1) over the seeds; n is the number of runs.",
    "",
    ...figureTable(table, shown),
    ...(costs.length === 0
      ? []
      : [
          "",
          "## Cost",
          "",
          "Depends on the machine and on what ran beside it. Memory is the most the process held (resident set), of its last session where it was resumed.",
          ...machines.map((machine) => `Trained on ${literal(machine)}.`),
          "",
          ...figureTable(table, costs),
        ]),
    ...robustnessSection(table),
    ...testSection(table),
    "",
  ].join("\n");
}

function figureTable({ design, cells }: ComparisonTable, figures: readonly Figure[]): string[] {
  const head = [...names(design.axes), "n", ...figures.map(({ label }) => label)];
  const rows = cells.map(({ cell, runs, spreads }) => [
    ...(design.axes.length === 0 ? [cell.label] : cell.values.map(showValue)),
    String(runs.filter(({ values }) => values !== null).length),
    ...figures.map((figure) => showSpread(figure, spreads.get(figure.id))),
  ]);
  return markdownTable(head, rows, Math.max(1, design.axes.length));
}

/** Accuracy by severity, a table a corruption. */
function robustnessSection(table: ComparisonTable): string[] {
  const panels = robustnessPanels(table);
  if (panels.length === 0) return [];
  const { robustness } = table.design.measure ?? {};
  const part = robustness?.part === "heldout" ? "validation" : "test";
  const images =
    robustness && robustness.images > 0 ? `${robustness.images} ${part} images, spread evenly` : `all ${part} images`;
  const draws = panels.some(({ corruption }) => corruption === "weights")
    ? ` Noise on the weights: mean of ${robustness?.draws ?? "several"} draws a run; perception's weights alone.`
    : "";
  const { design, cells } = table;
  return [
    "",
    "## Accuracy by corruption and severity",
    "",
    `Of ${images}; severity 0 is not corrupted. The corrupted images are the same for all runs.${draws}`,
    ...panels.flatMap(({ title, severities, rows }) => [
      "",
      `### ${title[0]!.toUpperCase()}${title.slice(1)}`,
      "",
      ...markdownTable(
        [...names(design.axes), ...severities.map((severity) => `severity ${severity}`)],
        rows.map((spreads, index) => [
          ...(design.axes.length === 0 ? [cells[index]!.cell.label] : cells[index]!.cell.values.map(showValue)),
          ...spreads.map((spread) => showSpread(ROBUSTNESS_SHARE, spread)),
        ]),
        Math.max(1, design.axes.length),
      ),
    ]),
  ];
}

function testSection(table: ComparisonTable): string[] {
  const { design, cells, tested } = table;
  const rows = tested.flatMap((figure) => cells.flatMap((cell) => testRow(table, figure, cell)));
  if (rows.length === 0) return [];
  const baseline = design.baseline.map(({ key, value }) => `${key}=${showValue(value)}`).join(", ");
  const pairs = new Set(cells.flatMap(({ tests }) => [...tests.values()].map(({ n }) => n)));
  return [
    "",
    `## Against ${code(baseline)}`,
    "",
    `Differences to the run of the same seed (and the same other values), cell minus baseline; n is the number of pairs. p: Student's paired t-test, two-sided; ` +
      `Holm: the same, corrected for the ${comparisonsAFigure(cells)} of a figure. W+: exact signed-rank test (Wilcoxon) of the pairs that differ, not corrected.`,
    "",
    ...markdownTable(
      ["figure", ...names(design.axes), "n", "difference", "t (df)", "p", "Holm", "W+", "p of W+"],
      rows,
      1 + Math.max(1, design.axes.length),
    ),
    ...[...pairs].sort((a, b) => a - b).flatMap(limitOf),
  ];
}

function comparisonsAFigure(cells: readonly CellTable[]): string {
  const count = cells.filter(({ tests }) => tests.size > 0).length;
  return count === 1 ? "one comparison" : `${count} comparisons`;
}

/** What so few pairs cannot show. */
function limitOf(n: number): string[] {
  if (n === 1) return ["", "One pair tells nothing of the spread: there is no test of it."];
  const least = leastSignedRankP(n);
  if (least <= LEVEL) return [];
  return [
    "",
    `With n = ${n} pairs the signed-rank test cannot reach p below ${least} (two-sided), whatever the figures.`,
  ];
}

function testRow({ design, cells }: ComparisonTable, figure: Figure, { cell, tests }: CellTable): string[][] {
  const test = tests.get(figure.id);
  if (!test) return [];
  const { n, mean, std, t, degrees, p, adjusted, signedRank } = test;
  const several = new Set(cells.map(({ cell }) => cell.baseline)).size > 2;
  const against = several && cell.baseline !== null ? ` (to ${cells[cell.baseline]!.cell.label})` : "";
  return [
    [
      figure.label,
      ...(design.axes.length === 0 ? [cell.label] : cell.values.map(showValue)),
      String(n),
      `${showDifference(figure, mean, std)}${against}`,
      t === null ? "-" : `${t.toFixed(2)} (${degrees})`,
      showP(p),
      showP(adjusted),
      String(signedRank.plus),
      showP(signedRank.p),
    ],
  ];
}

const names = (axes: ComparisonTable["design"]["axes"]) =>
  axes.length === 0 ? ["experiment"] : axes.map(({ key }) => key);

/** @param left columns aligned left; the others are numbers */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], left: number): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(literal).join(" | ")} |`;
  return [line(head), `|${head.map((_, k) => (k < left ? "---" : "---:")).join("|")}|`, ...rows.map(line)];
}

/** Text in a table's cell or a line: values may hold anything. */
function literal(text: string): string {
  return text.replace(/\p{Cc}/gu, "\uFFFD").replace(/[\\|<>`*]/g, "\\$&");
}

const code = (text: string) => (/[`\p{Cc}]/u.test(text) ? literal(text) : `\`${text}\``);
