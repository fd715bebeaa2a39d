/** The work of `bispike eval` on sequences: how well each position of a part is predicted. */
import { loadSequence } from "../../data/sequence/load.ts";
import { BispikeError } from "../../errors.ts";
import { naiveForecasts } from "../../measurement/naive-forecast.ts";
import { evaluateSequence, type SequenceEvaluation } from "../../measurement/sequence.ts";
import type { Errors, ValueFigures } from "../../measurement/value-errors.ts";
import { buildSequence, type OpenedCheckpoint } from "../../node/open.ts";
import type { SequenceCheckpoint } from "../../training/sequence/checkpoint.ts";
import { sequenceRequest } from "../../training/sequence/request.ts";
import type { EvalOptions } from "../eval.ts";
import { note, print } from "../output.ts";
import { alignTable, percent, printable } from "../table.ts";
import { figure } from "./lines-sequence.ts";

/** Parts as the command line names them, and as a set does. */
const PARTS = { test: "test", heldout: "heldOut", train: "train" } as const;

/** Measures a part of the text or series a checkpoint was trained on, or of another one by its alphabet or columns. */
export async function evalSequence(opened: OpenedCheckpoint<SequenceCheckpoint>, options: EvalOptions): Promise<void> {
  const { checkpoint, file } = opened;
  const { set, about, windows } = await loadSequence(requestFor(checkpoint, options));
  for (const record of about.provenance)
    note("warning", record.verified === false ? `${about.name}: not the published content: ${record.file}` : null);
  const before = checkpoint.data.provenance.map(({ sha256 }) => sha256);
  if (before.length > 0 && about.provenance.some(({ sha256 }) => !before.includes(sha256)))
    note(
      "note",
      `${about.provenance[0]!.file} is not the file that was trained on; its parts are divided as that one's`,
    );
  const part = PARTS[options.part];
  if (windows[part].length === 0) {
    throw new BispikeError(
      "usage",
      `--part ${options.part}: this experiment has no such part (data.trainPart ${checkpoint.config.data.trainPart}, data.heldOut ${checkpoint.config.data.heldOut})`,
    );
  }
  const { learner, team } = await buildSequence(opened, options.threads);
  try {
    const measured = await evaluateSequence(learner, set, about, set.parts[part]);
    const naive = about.kind === "series" ? naiveForecasts(set, about, set.parts[part]) : null;
    const { task } = checkpoint.config;
    const heading = `${printable(file)}: ${task}, ${measured.positions} positions of the ${options.part} part of ${printable(about.name)}`;
    print(
      options.json
        ? JSON.stringify({ task, ...measured, naive, part: options.part, data: about.name, checkpoint: file })
        : [heading, ...figures(measured), ...(naive ? [naiveTable(measured as ValueFigures, naive)] : [])].join("\n\n"),
    );
  } finally {
    await team.close();
  }
}

function requestFor({ config, data }: SequenceCheckpoint, options: EvalOptions) {
  if (options["data.name"] !== undefined || options["data.path"] !== undefined)
    throw new BispikeError(
      "usage",
      "--data.name and --data.path say where images are; a text or series is given by --data.text or --data.series",
    );
  const { "data.text": text, "data.series": series, "data.unknown": unknown } = options;
  const given = config.task === "next-character" ? { text, unknown } : { series };
  const foreign = config.task === "next-character" ? { series } : { text, unknown };
  for (const [key, value] of Object.entries(foreign)) {
    if (value !== undefined) throw new BispikeError("usage", `--data.${key}: is not for task ${config.task}`);
  }
  const told = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...sequenceRequest(config, data), ...told };
}

function figures(measured: SequenceEvaluation): string[] {
  const rates = measured.rates.map((rate, k) => [`${k + 2}`, rate.toFixed(4)]);
  const stages = rates.length > 0 ? [alignTable([["stage", "firing rate"], ...rates])] : [];
  if (measured.kind === "characters") {
    const rows = [
      ["accuracy", percent(measured.accuracy), "most likely character"],
      ["bits", measured.bits.toFixed(4), "a character"],
    ];
    return [alignTable(rows, "lrl"), ...stages];
  }
  const rows = measured.targets.map(({ name, original, ...standardised }) => [
    printable(name),
    ...row(standardised),
    ...row(original),
  ]);
  const heading = ["target", "MSE", "MAE", "RMSE", "MSE, own units", "MAE", "RMSE"];
  const all = measured.targets.length > 1 ? [["all", ...row(measured), ...row(measured.original)]] : [];
  return [alignTable([heading, ...rows, ...all], "lrrrrrr"), ...stages];
}

const row = ({ mse, mae, rmse }: Errors) => [figure(mse), figure(mae), figure(rmse)];

function naiveTable(own: ValueFigures, { mean, persistence }: ReturnType<typeof naiveForecasts>): string {
  return alignTable(
    [
      ["over all targets", "MSE", "MAE", "RMSE"],
      ["this net", ...row(own)],
      ["the mean of the training part", ...row(mean)],
      ...(persistence ? [["no change since the input", ...row(persistence)]] : []),
    ],
    "lrrr",
  );
}
