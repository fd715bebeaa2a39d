/** A comparison's main figures as text for the terminal: the rest is in its files. */
import type { ComparisonTable } from "../../comparison/statistics.ts";
import { showValue } from "../../comparison/values.ts";
import { showP, showSpread } from "../../comparison/words.ts";
import { alignTable } from "../table.ts";

/** A row a cell: its values, runs, the tested figures with p (Holm) against the baseline, and the costs. */
export function resultTables({ design, figures, tested: all, cells }: ComparisonTable): string {
  const tested = all.filter(({ part }) => !part);
  const costs = figures.filter(({ role, detail, id }) => !detail && (role === "cost" || id === "parameters"));
  const axes = design.axes.length === 0 ? ["experiment"] : design.axes.map(({ key }) => key);
  const compared = cells.some(({ tests }) => tests.size > 0);
  const head = [
    ...axes,
    "n",
    ...tested.flatMap(({ label }) => (compared ? [label, "p"] : [label])),
    ...costs.map(({ label }) => label),
  ];
  const rows = cells.map(({ cell, runs, spreads, tests }) => [
    ...(design.axes.length === 0 ? [cell.label] : cell.values.map(showValue)),
    String(runs.filter(({ values }) => values !== null).length),
    ...tested.flatMap((figure) => {
      const shown = showSpread(figure, spreads.get(figure.id));
      if (!compared) return [shown];
      return [shown, cell.baseline === null ? "baseline" : showP(tests.get(figure.id)?.adjusted ?? null)];
    }),
    ...costs.map((figure) => showSpread(figure, spreads.get(figure.id))),
  ]);
  const part = design.judge === "held-out" ? ", by the held-out part; no test part was looked at" : "";
  const note = `mean ± sample deviation over the seeds${part}`;
  const test = compared ? "; p: paired t-test against the baseline, corrected by Holm" : "";
  return `${alignTable([head, ...rows], "l".repeat(axes.length))}\n${note}${test}`;
}
