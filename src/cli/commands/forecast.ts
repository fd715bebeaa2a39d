/** `bispike forecast`. */

import { extname } from "node:path";
import { Command, Option } from "commander";
import type { Sequence } from "../../data/sequence/assemble.ts";
import { roundRestored, writeCsv } from "../../data/sequence/csv.ts";
import type { SequenceRequest } from "../../data/sequence/load.ts";
import { restore } from "../../data/sequence/series.ts";
import { type SeriesSummary, targetStatistics } from "../../data/sequence/task.ts";
import { BispikeError } from "../../errors.ts";
import { ErrorSums, type Errors, type ValueFigures } from "../../measure/sequence.ts";
import { writeDurably } from "../../node/durable.ts";
import { openSequence } from "../../node/open.ts";
import { predictSeries, type SeriesPrediction, stepperOf } from "../../problems/sequence-stepper.ts";
import type { SequenceCheckpoint } from "../../training/checkpoint.ts";
import { PARTS, withThreads } from "../arguments.ts";
import { partOf, sequenceFiles, sequenceFor } from "../data.ts";
import { requireApart, requireFigure, requireFolder, requireNotRead } from "../output-file.ts";
import { print, runAction } from "../process.ts";
import { alignTable, figure, printable } from "../report/tables.ts";
import { drawSeries } from "./series-figure.ts";

/** Parts of a series that can be predicted. */
const FORECAST_PARTS = [...PARTS, "all"] as const;

export interface ForecastOptions {
  readonly data?: string;
  readonly part?: (typeof FORECAST_PARTS)[number];
  readonly out: string;
  readonly plot?: string;
  readonly threads: number;
  readonly json?: true;
}

export function forecastCommand(): Command {
  const command = new Command("forecast")
    .description(
      "Goes through a part of a series row by row with a net trained on regression or forecast, keeping its state, and writes a CSV: for each row its number, its time if the series has times, and for each target " +
        "the true value and the predicted one in the series' own units. A forecast goes on beyond the end: the last rows, as many as the horizon, have no truth yet. " +
        "Prints the errors over the rows whose truth is known. Up to a window of rows before the part are shown first, and no state is dropped on the way; " +
        "eval starts anew each window, as training does, so its figures differ a little.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .option("--data <file>", "another series with the columns of the one trained on, or the same one where it is now")
    .addOption(
      new Option("--part <part>", "part of the series (default: test; with --data, all of it)").choices(FORECAST_PARTS),
    )
    .option("--out <file>", "CSV to write", "forecast.csv")
    .option("--plot <file>", "also draw truth and prediction to this .svg or .png");
  withThreads(command, 1)
    .option("--json", "print one JSON object: the errors, and the files written")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike forecast runs/etth1-seed1
  $ bispike forecast runs/etth1-seed1 --part heldout --out heldout.csv --plot heldout.svg
  $ bispike forecast runs/etth1-seed1 --data this-week.csv --plot this-week.png --json | jq .original.rmse`,
    )
    .action(runAction(runForecast));
  return command;
}

/** Options of readers, which belong to a kind of file. */
const READER = ["delimiter", "header", "timeColumn", "key", "feature"] as const;

/** Runs the command. */
export async function runForecast(path: string, options: ForecastOptions): Promise<void> {
  const { out, plot, data, part = data === undefined ? "test" : "all" } = options;
  requireFolder("--out", out);
  if (plot !== undefined) {
    requireFigure("--plot", plot);
    requireApart("--plot", plot, "--out", out);
  }
  const { learner, checkpoint, file, team } = await openSequence(path, options.threads);
  try {
    if (checkpoint.data.kind !== "series")
      throw new BispikeError(
        "checkpoint",
        `${file}: expected a run of task regression or forecast, got next-character; text is written by bispike generate`,
      );
    const request = told(checkpoint, data, part);
    const read = sequenceFiles(checkpoint, request);
    requireNotRead("--out", out, path, read);
    if (plot !== undefined) requireNotRead("--plot", plot, path, read);
    const sequence = await sequenceFor(checkpoint, request, "--data");
    const about = sequence.about as SeriesSummary;
    const range = partOf(sequence, checkpoint, part === "all" ? "test" : part);
    const { horizon } = about;
    const predicted = predictSeries(stepperOf(learner), sequence.set, range, { horizon, past: learner.window });
    const { figures, positions } = errorsOf(predicted, about);
    const columns = inOwnUnits(predicted, about);
    writeDurably(out, csvOf(predicted.rows, columns, sequence));
    if (plot !== undefined) plotTargets(predicted.rows, columns, sequence, plot);
    const beyond = predicted.rows.length - positions;
    const task = about.task;
    const files = { out, ...(plot === undefined ? {} : { plot }) };
    if (options.json) {
      const counts = { rows: predicted.rows.length, known: positions, beyond };
      print(
        JSON.stringify({ task, part, data: about.name, horizon, ...counts, ...figures, ...files, checkpoint: file }),
      );
      return;
    }
    const which = part === "all" ? "all" : `the ${part} part`;
    const heading = `${printable(file)}: ${task}, ${positions} rows of ${which} of ${printable(about.name)}`;
    print([heading, table(figures), filesWords(files, predicted.rows.length, beyond)].join("\n\n"));
  } finally {
    await team.close();
  }
}

/** What differs from the data of the run. */
function told(
  { config }: SequenceCheckpoint,
  file: string | undefined,
  part: NonNullable<ForecastOptions["part"]>,
): Partial<SequenceRequest> {
  const whole = part === "all" ? { trainPart: 0, validation: 0, limit: 0 } : {};
  if (file === undefined) return whole;
  const kindOf = (name: string) => extname(name.replace(/\.gz$/i, "")).toLowerCase();
  // How the run's file was read says nothing of a file of another kind.
  const other = kindOf(file) !== kindOf(config.data.series ?? "");
  const reader = other ? Object.fromEntries(READER.map((key) => [key, undefined])) : {};
  return { ...reader, ...whole, series: file };
}

function errorsOf({ predicted, truth }: SeriesPrediction, about: SeriesSummary) {
  const width = about.targets.length;
  const sums = new ErrorSums(width);
  for (let at = 0; at < truth.length; at += width) sums.add(predicted, at, truth, at);
  return { figures: sums.figures(about.targets, targetStatistics(about).std), positions: truth.length / width };
}

/** One a target; null where the truth is not known yet. */
interface TargetColumn {
  readonly name: string;
  readonly truth: (number | null)[];
  readonly predicted: number[];
}

function inOwnUnits({ rows, predicted, truth }: SeriesPrediction, about: SeriesSummary): TargetColumn[] {
  const { mean, std } = targetStatistics(about);
  const width = mean.length;
  const [said, actual] = [restore(predicted, mean, std), restore(truth, mean, std)];
  return about.targets.map((name, d) => ({
    name,
    predicted: Array.from(rows, (_, k) => roundRestored(said[k * width + d]!, mean[d]!, std[d]!)),
    truth: Array.from(rows, (_, k) =>
      k * width < actual.length ? roundRestored(actual[k * width + d]!, mean[d]!, std[d]!) : null,
    ),
  }));
}

function csvOf(rows: Int32Array, columns: readonly TargetColumn[], { times }: Sequence): string {
  const named = columns.flatMap(({ name }) => [name, `${name} predicted`]);
  const header = ["row", ...(times ? ["time"] : []), ...named];
  const lines = Array.from(rows, (row, k) => [
    row,
    ...(times ? [times[row] ?? null] : []),
    ...columns.flatMap(({ truth, predicted }) => [truth[k]!, predicted[k]!]),
  ]);
  return writeCsv(header, lines);
}

function plotTargets(rows: Int32Array, columns: readonly TargetColumn[], { about, times }: Sequence, file: string) {
  const names = times && Array.from(rows, (row) => times[row] ?? `row ${row}`);
  const panels = columns.map(({ name, truth, predicted }) => ({ name, truth, other: predicted }));
  const title = `${about.name}: ${about.task === "forecast" ? "forecast" : "regression"}`;
  drawSeries(panels, { title, other: "predicted", rows: names, first: rows[0]! }, file);
}

function table(figures: ValueFigures): string {
  const row = ({ mse, mae, rmse }: Errors) => [figure(mse), figure(mae), figure(rmse)];
  const rows = figures.targets.map(({ name, original, ...own }) => [printable(name), ...row(original), ...row(own)]);
  const all = rows.length > 1 ? [["all", ...row(figures.original), ...row(figures)]] : [];
  return alignTable([["target", "MSE", "MAE", "RMSE", "standardised: MSE", "MAE", "RMSE"], ...rows, ...all], "lrrrrrr");
}

function filesWords({ out, plot }: { out: string; plot?: string }, rows: number, beyond: number): string {
  const ahead = beyond > 0 ? `, the last ${beyond} of them beyond the end of the series` : "";
  const lines = [`${out}: truth and prediction of ${rows} rows${ahead}`];
  if (plot !== undefined) lines.push(`${plot}: the same as a picture`);
  return lines.join("\n");
}
