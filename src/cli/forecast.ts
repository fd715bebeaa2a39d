/** `bispike forecast`: the options; the work is in `run/forecast.ts`. */
import { Command, Option } from "commander";
import { PARTS, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

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
    .summary("predict the targets of a series, as CSV and picture")
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
    .action(
      runAction(async (run: string, options: ForecastOptions) => {
        const { runForecast } = await import("./run/forecast.ts");
        await runForecast(run, options);
      }),
    );
  return command;
}
