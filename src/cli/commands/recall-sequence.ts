import type { Sequence } from "../../data/sequence/assemble.ts";
import { roundRestored, writeCsv } from "../../data/sequence/csv.ts";
import type { SequenceRequest } from "../../data/sequence/load.ts";
import { restore, windowStarts } from "../../data/sequence/series.ts";
import type { SeriesSummary, TextSummary } from "../../data/sequence/task.ts";
import { decode } from "../../data/sequence/text.ts";
import { BispikeError } from "../../errors.ts";
import {
  measureReconstructedColumns,
  measureReconstructedSymbols,
  shareRight,
  truthOf,
} from "../../measure/reconstruction.ts";
import { writeDurably } from "../../node/durable.ts";
import { buildRun, type OpenedCheckpoint } from "../../node/open.ts";
import { SequenceBsd } from "../../problems/sequence.ts";
import { fitColumns, fitSymbols, reconstructSymbols, reconstructValues } from "../../problems/sequence-reconstruct.ts";
import type { SequenceCheckpoint } from "../../training/checkpoint.ts";
import { partOf, sequenceFiles, sequenceFor } from "../data.ts";
import { requireApart, requireFigure, requireFolder, requireNotRead } from "../output-file.ts";
import { print } from "../process.ts";
import { alignTable, figure, percent, printable } from "../report/tables.ts";
import type { RecallOptions } from "./recall.ts";
import { drawSeries } from "./series-figure.ts";

const OF_IMAGES = [
  "class",
  "from",
  "occlude",
  "fraction",
  "noise",
  "seed",
  "scale",
  "invert",
  "data.name",
  "data.path",
];
/** The series' CSV unless told otherwise. */
const TABLE = "recall.csv";

type Opened = OpenedCheckpoint<SequenceCheckpoint>;

/** What both kinds of data are reconstructed by. */
interface Scene {
  readonly learner: SequenceBsd;
  readonly sequence: Sequence;
  /** Windows side by side of the training part, and of the chosen part. */
  readonly trained: Int32Array;
  readonly windows: Int32Array;
  /** First position of the window that is shown. */
  readonly start: number;
  readonly file: string;
  readonly centred: boolean;
}

/**
 * Reconstructs a window of the part that the options name.
 *
 * @param run as the user names it: a folder or a checkpoint
 */
export async function recallSequence(opened: Opened, options: RecallOptions, run: string): Promise<void> {
  const { checkpoint, file } = opened;
  const data = checkOptions(opened, options);
  checkFiles(opened, options, run, sequenceFiles(checkpoint, data));
  const sequence = await sequenceFor(checkpoint, data);
  const { window } = checkpoint.config.data;
  const { index = 0, part = "test" } = options;
  const windows = windowStarts(partOf(sequence, checkpoint, part), window, window);
  const trained = windowStarts(partOf(sequence, checkpoint, "train"), window, window);
  const start = windows[index];
  if (start === undefined)
    throw new BispikeError(
      "usage",
      `--index: expected 0 to ${windows.length - 1} (windows of ${window} in --part ${part}), got ${index}`,
    );
  const { learner, team } = await buildRun(opened, options.threads);
  try {
    if (!(learner instanceof SequenceBsd)) throw noRecall(opened);
    const { centred } = checkpoint.config.rule;
    const scene = { learner, sequence, trained, windows, start, file, centred };
    if (sequence.about.kind === "text") recallText(scene, sequence.about, options);
    else recallSeries(scene, sequence.about, options);
  } finally {
    await team.close();
  }
}

function noRecall({ file, checkpoint }: Opened): BispikeError {
  const { name } = checkpoint.config.rule;
  return new BispikeError(
    "checkpoint",
    `${file}: was trained by rule ${name}, which has no recall; only bsd trains one`,
  );
}

/** @returns data that the options name in place of the checkpoint's */
function checkOptions(opened: Opened, options: RecallOptions): Partial<SequenceRequest> {
  const { checkpoint, file } = opened;
  const { task, rule } = checkpoint.config;
  if (rule.name !== "bsd") throw noRecall(opened);
  const { "data.text": text, "data.series": series } = options;
  const ofText = task === "next-character";
  const foreign = [...OF_IMAGES, ...(ofText ? ["plot", "data.series"] : ["data.text"])];
  for (const key of foreign) {
    if ((options as unknown as Record<string, unknown>)[key] !== undefined)
      throw new BispikeError("usage", `--${key}: is not for ${file}, a run of task ${task}`);
  }
  return { ...(text === undefined ? {} : { text }), ...(series === undefined ? {} : { series }) };
}

/** @throws BispikeError "usage" for files that cannot be written, or of which one would be lost */
function checkFiles({ checkpoint }: Opened, options: RecallOptions, run: string, read: readonly string[]): void {
  const { plot } = options;
  const out = options.out ?? (checkpoint.config.task === "next-character" ? undefined : TABLE);
  if (plot !== undefined) {
    requireFigure("--plot", plot);
    requireNotRead("--plot", plot, run, read);
  }
  if (out === undefined) return;
  requireFolder("--out", out);
  requireNotRead("--out", out, run, read);
  if (plot !== undefined) requireApart("--plot", plot, "--out", out);
}

function recallText(scene: Scene, { alphabet }: TextSummary, options: RecallOptions): void {
  const { learner, sequence, trained, windows, start, file, centred } = scene;
  const { set, about } = sequence;
  const fit = fitSymbols(learner, set, trained, centred);
  const shown = Int32Array.of(start);
  const [truth, drawn] = [truthOf(learner, set, shown), reconstructSymbols(learner, set, shown, fit)];
  const here = shareRight(drawn, truth, alphabet.length);
  const part = measureReconstructedSymbols(learner, set, windows, fit);
  const [stimulus, reconstructed] = [decode(truth, alphabet), decode(drawn, alphabet)];
  const { out } = options;
  if (out !== undefined) writeDurably(out, `${stimulus}\n${reconstructed}\n`);
  const window = { from: start, to: start + learner.window };
  const { part: name = "test" } = options;
  if (options.json) {
    const files = out === undefined ? {} : { out };
    print(
      JSON.stringify({ part: name, window, stimulus, reconstructed, here, whole: part, ...files, checkpoint: file }),
    );
    return;
  }
  const marks = [...truth].map((symbol, n) => (symbol === drawn[n] ? " " : "^")).join("");
  const lines = [
    `${printable(file)}: recall from the targets of ${name} positions ${window.from} to ${window.to - 1} of ${printable(about.name)}`,
    "",
    `stimulus       ${oneLine(stimulus)}`,
    `reconstructed  ${oneLine(reconstructed)}`,
    `               ${marks}`.trimEnd(),
    "",
    `right: ${percent(here.right)} of these ${here.positions} characters; ${percent(part.right)} of ${part.positions} of the ${name} part, ${percent(part.shuffled)} if reconstructed in random order`,
  ];
  if (out !== undefined) lines.push(`${out}: stimulus and reconstructed text`);
  print(lines.join("\n"));
}

/** A line's end as one visible character, so that both texts stay one below the other. */
function oneLine(text: string): string {
  return printable(text.replaceAll("\n", "\u21b5"));
}

function recallSeries(scene: Scene, about: SeriesSummary, options: RecallOptions): void {
  const { learner, sequence, trained, windows, start, file } = scene;
  const { set, times } = sequence;
  const { inputs } = about;
  const { out = TABLE, plot, part } = options;
  const fits = fitColumns(learner, set, trained);
  const measured = measureReconstructedColumns(learner, set, windows, inputs, fits);
  const columns = inOwnUnits(scene, about, reconstructValues(learner, set, Int32Array.of(start), fits));
  const rows = Array.from({ length: learner.window }, (_, n) => start + n);
  const header = ["row", ...(times ? ["time"] : []), ...inputs.flatMap((name) => [name, `${name} reconstructed`])];
  const lines = rows.map((row, n) => [
    row,
    ...(times ? [times[row] ?? null] : []),
    ...columns.flatMap(({ truth, other }) => [truth[n]!, other[n]!]),
  ]);
  writeDurably(out, writeCsv(header, lines));
  if (plot !== undefined) {
    const names = times && rows.map((row) => times[row]!);
    drawSeries(columns, { title: `${about.name}: recall`, other: "reconstructed", rows: names, first: start }, plot);
  }
  const files = { out, ...(plot === undefined ? {} : { plot }) };
  const positions = windows.length * learner.window;
  if (options.json) {
    const window = { from: start, to: start + learner.window };
    print(JSON.stringify({ part, window, positions, columns: measured, fits, ...files, checkpoint: file }));
    return;
  }
  const table = measured.map(({ name, correlation, shuffled, mse }) => [
    printable(name),
    correlation.toFixed(3),
    shuffled.toFixed(3),
    figure(mse),
  ]);
  const text = [
    `${printable(file)}: input columns reconstructed from the targets, ${positions} positions of the ${part} part of ${printable(about.name)}`,
    alignTable([["column", "correlation", "with other windows", "MSE, standardised"], ...table], "lrrr"),
    `${out}: rows ${start} to ${start + learner.window - 1}, true and reconstructed (one scale and offset a column, fitted on the training part)`,
  ].join("\n\n");
  print(plot === undefined ? text : `${text}\n${plot}: the same as a picture`);
}

/** The window's true and reconstructed columns. */
function inOwnUnits({ sequence, learner, start }: Scene, about: SeriesSummary, reconstructed: Float32Array) {
  const { inputs } = sequence.set;
  const { width } = inputs;
  const places = about.inputs.map((name) => about.columns.indexOf(name));
  const [mean, std] = [places.map((place) => about.mean[place]!), places.map((place) => about.std[place]!)];
  const values = inputs.kind === "values" ? inputs.values : new Float32Array();
  const truth = restore(values.subarray(start * width, (start + learner.window) * width), mean, std);
  const other = restore(reconstructed, mean, std);
  const column = (all: Float32Array, d: number) =>
    Array.from({ length: learner.window }, (_, n) => roundRestored(all[n * width + d]!, mean[d]!, std[d]!));
  return about.inputs.map((name, d) => ({ name, truth: column(truth, d), other: column(other, d) }));
}
