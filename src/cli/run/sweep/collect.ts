/** The work of `bispike sweep collect`: the tables of `bispike compare`, and how candidates were chosen. */
import { showValue } from "../../../comparison/values.ts";
import { writeDurably } from "../../../node/durable.ts";
import type { SweepPlan } from "../../../node/sweep/plan-file.ts";
import { SweepFolder } from "../../../node/sweep/sweep-folder.ts";
import { note, print } from "../../output.ts";
import { alignTable, printable } from "../../table.ts";
import { writeReport } from "../compare-report.ts";
import { createCompareReporter } from "../compare-reporter.ts";
import { assertComplete, countStates, missingOf, withoutGivenUp } from "./status.ts";

export interface CollectRequest {
  readonly folder: string;
  /** Whether runs may be missing. */
  readonly incomplete?: true;
  readonly json?: true;
  readonly quiet?: true;
}

export async function collectSweep(request: CollectRequest): Promise<void> {
  const folder = new SweepFolder(request.folder);
  const plan = folder.readPlan();
  const statuses = plan.jobs.map((job) => folder.status(plan, job));
  const open = countStates(folder, plan, withoutGivenUp(folder, plan, statuses));
  if (!request.incomplete) assertComplete(folder, open);
  const reporter = createCompareReporter(request);
  try {
    for (const [rung, { folder: name }] of plan.rungs.entries()) {
      const design = folder.design(plan, rung);
      const begun = statuses.some(({ job, state }) => job.rung === rung && state === "done");
      if (!design || (!begun && rung > 0)) continue;
      if (plan.halving && !request.json) print(`${name}, ${plan.halving.epochs[rung]} epochs`);
      const failed = statuses.filter(({ job, state }) => job.rung === rung && state === "failed");
      const report = await writeReport(folder.runs(plan, rung), design);
      reporter.report(
        report,
        failed.map(({ job }) => job.label),
        `bispike sweep run ${printable(folder.path)}`,
      );
    }
  } finally {
    reporter.close();
  }
  if (plan.halving) tellHalving(folder, plan, request.json ?? false);
  const { missing, all } = missingOf(open);
  // It was asked for with --incomplete, so it is a remark and no failure.
  if (missing > 0) note("warning", `incomplete: ${missing} of ${all} jobs have no results yet`);
}

/** A row a candidate: its figure in each rung, and how far it came. */
function tellHalving(folder: SweepFolder, plan: SweepPlan, json: boolean): void {
  const { axes } = plan.rungs[0]!.design;
  const values = axes[0]!.values;
  const choices = plan.rungs.map((_, rung) => folder.choice(plan, rung)).filter((choice) => choice !== undefined);
  if (choices.length === 0) return;
  const head = ["candidate", ...choices.map(({ figure }, rung) => `${figure}, ${plan.halving?.epochs[rung]} epochs`)];
  const rows = values.map((value, candidate) => [
    showValue(value),
    ...choices.map(({ standings, kept }) => {
      const found = standings.find((standing) => standing.candidate === candidate);
      if (!found) return "";
      const mean = found.mean === null ? "failed" : String(Number(found.mean.toPrecision(6)));
      return kept.includes(candidate) ? `${mean}, kept` : mean;
    }),
  ]);
  const safe = (text: string) => text.replace(/\p{Cc}/gu, "\uFFFD").replace(/[\\|<>`*]/g, "\\$&");
  const line = (cells: readonly string[]) => `| ${cells.map(safe).join(" | ")} |`;
  const table = [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
  const note =
    "Successive halving: candidates are kept by the mean of a held-out figure over the seeds, never by the test part.";
  writeDurably(folder.file("halving.md"), [`# ${safe(plan.name)}`, "", note, "", ...table, ""].join("\n"));
  if (json) print(JSON.stringify({ event: "halving", choices }));
  else
    print(
      `${alignTable([head, ...rows.map((row) => row.map(printable))], "l".repeat(head.length))}\n-> ${printable(folder.file("halving.md"))}`,
    );
}
