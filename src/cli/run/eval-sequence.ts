/** The work of `bispike eval` on sequences: how well each position of a part is predicted. */
import type { SequenceRequest } from "../../data/sequence/load.ts";
import { BispikeError } from "../../errors.ts";
import {
  type Errors,
  evaluateSequence,
  naiveForecasts,
  type SequenceEvaluation,
  type ValueFigures,
} from "../../measurement/sequence.ts";

import { buildRun, type OpenedCheckpoint } from "../../node/open.ts";
import type { SequenceCheckpoint } from "../../training/checkpoint.ts";
import type { EvalOptions } from "../eval.ts";
import { alignTable, percent, printable } from "../table.ts";
import type { Findings } from "./eval-sections.ts";
import { partOf, sequenceFor } from "./sequence-data.ts";
import { figure } from "./words.ts";

/** Measures a part of the text or series a checkpoint was trained on, or of another one by its alphabet or columns. */
export async function evalSequence(
  opened: OpenedCheckpoint<SequenceCheckpoint>,
  options: EvalOptions,
): Promise<Findings> {
  const { checkpoint, file } = opened;
  const sequence = await sequenceFor(checkpoint, toldBy(checkpoint, options), undefined, "--data.unknown");
  const { set, about } = sequence;
  const range = partOf(sequence, checkpoint, options.part);
  const { learner, team } = await buildRun(opened, options.threads);
  try {
    const measured = await evaluateSequence(learner, set, about, range);
    const naive = about.kind === "series" ? naiveForecasts(set, about, range) : null;
    const { task } = checkpoint.config;
    const heading = `${printable(file)}: ${task}, ${measured.positions} positions of the ${options.part} part of ${printable(about.name)}`;
    return {
      json: { task, ...measured, naive, part: options.part, data: about.name, checkpoint: file },
      text: [heading, ...figures(measured), ...(naive ? [naiveTable(measured as ValueFigures, naive)] : [])].join(
        "\n\n",
      ),
    };
  } finally {
    await team.close();
  }
}

/** Data that the options name in place of the checkpoint's. */
function toldBy({ config }: SequenceCheckpoint, options: EvalOptions): Partial<SequenceRequest> {
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
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
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
