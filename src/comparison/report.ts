/** A comparison's results as Markdown, for people. */
import { leastSignedRankP } from "../measure/statistics.ts";
import type { Figure } from "./figures.ts";
import { ROBUSTNESS_SHARE, robustnessPanels } from "./robustness.ts";
import type { CellTable, ComparisonTable } from "./statistics.ts";
import { describeValue, showValue } from "./values.ts";
import { showDifference, showP, showSpread } from "./words.ts";

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
