/** What a training session tells: to a person at a terminal, to a log, or to a program. */
import type { AutoencoderRuleConfig, SequenceRuleConfig, Task } from "../../training/config.ts";
import type { Progress } from "../../training/trainer.ts";
import type { AnyKind } from "../commands/train-session.ts";
import { epochLine, paceOf, resultLines, startLine, stepLine } from "./lines.ts";
import { terminalBar } from "./progress.ts";
import type { AnySummary } from "./summary.ts";
import { duration, percent } from "./tables.ts";

// A progress bar for terminals, with a line above it for every epoch.

/** What matters most comes first: a narrow terminal cuts the end. */
const FORMAT = "epoch {epoch} [{bar}] {left} left  {pace}  loss {loss}  train {figure}{rates}";

export function barReporter(): Reporter {
  const plain = plainReporter();
  const bar = terminalBar(FORMAT, 12);
  let running = false;
  let shown = { total: 0, step: 0, payload: {} as object };
  let epochs = 0;
  /** Whether real values are predicted or reconstructed, which are not right or wrong. */
  let values = false;
  let epoch = 0;
  let seen = { elements: 0, correct: 0 };
  const draw = () => {
    running = true;
    bar.start(shown.total, shown.step, shown.payload);
  };
  const clear = () => {
    running = false;
    bar.stop();
  };
  /** Writes a line where the bar was; the bar goes on below. It returns to where it was started, so it has to start anew. */
  const above = (say: () => void) => {
    if (!running) return say();
    clear();
    say();
    draw();
  };
  return {
    start: (info) => {
      epochs = info.epochs;
      values = "targets" in info || "latent" in info;
      plain.start(info);
      const unknown = { pace: "-", loss: "-", figure: "-", rates: "", left: "-" };
      shown = { total: info.totalSteps, step: info.step, payload: { epoch: `-/${epochs}`, ...unknown } };
      draw();
    },
    step: (report, line, progress) => {
      if (line.epoch !== epoch) seen = { elements: 0, correct: 0 };
      epoch = line.epoch;
      const elements = "images" in report ? report.images : report.positions;
      seen = { elements: seen.elements + elements, correct: seen.correct + report.correct };
      const payload = {
        epoch: `${epoch}/${epochs}`,
        pace: paceOf(line),
        loss: line.loss.toFixed(3),
        figure: values ? `MSE ${line.topLoss.toFixed(4)}` : percent(seen.correct / seen.elements),
        rates: ratesOf([line.perceptionRates, line.recallRates]),
        left: duration(progress.secondsLeft),
      };
      shown = { ...shown, step: progress.step, payload };
      bar.update(progress.step, payload);
    },
    metrics: (line, total) => {
      if (line.kind === "epoch") above(() => plain.metrics(line, total));
    },
    warning: (message) => above(() => plain.warning(message)),
    stopping: () => above(() => plain.stopping()),
    stopped: (info) => {
      clear();
      plain.stopped(info);
    },
    done: (summary, before) => {
      clear();
      plain.done(summary, before);
    },
    close: clear,
  };
}

/** "  rates 0.12/0.15", of the networks that spike; nothing where none does. */
function ratesOf(networks: readonly (readonly number[])[]): string {
  const means = networks
    .filter((rates) => rates.length > 0)
    .map((rates) => (rates.reduce((sum, rate) => sum + rate, 0) / rates.length).toFixed(2));
  return means.length === 0 ? "" : `  rates ${means.join("/")}`;
}

/** Lines for logs and pipes: one an epoch, and in long epochs one every ten seconds. */

const SECONDS_BETWEEN_LINES = 10;

export function plainReporter(): Reporter {
  let told = performance.now();
  let totalEpochs = 0;
  const say = (line: string) => {
    process.stdout.write(`${line}\n`);
    told = performance.now();
  };
  const warn = (message: string) => {
    process.stderr.write(`bispike: warning: ${message}\n`);
  };
  return {
    start: (info) => {
      totalEpochs = info.epochs;
      say(startLine(info));
    },
    step: (_report, line, progress) => {
      if (performance.now() - told >= 1000 * SECONDS_BETWEEN_LINES) say(stepLine(line, progress));
    },
    metrics: (line, epochs = totalEpochs) => {
      if (line.kind !== "epoch") return;
      say(epochLine(line, epochs));
      for (const message of line.warnings) warn(message);
    },
    warning: warn,
    stopping: () => say("stopping after this step and saving; once more to quit at once"),
    stopped: ({ runFolder, step, totalSteps }) => {
      say(`stopped and saved at step ${step} of ${totalSteps}; go on with: bispike train --resume ${runFolder}`);
    },
    done: (summary, before) => {
      for (const line of resultLines(summary, before)) say(line);
    },
    close: () => {},
  };
}

/** Images to train on, held out, and their classes. */
export interface ImageCounts {
  readonly images: number;
  readonly validation: number;
  readonly classes: number;
}

/** Windows to train on, positions of the other parts, and what stands at each position. */
export interface SequenceCounts {
  readonly task: Task;
  readonly rule: SequenceRuleConfig["name"];
  readonly windows: number;
  /** Positions a window. */
  readonly window: number;
  readonly validation: number;
  readonly test: number;
  /** Of the alphabet; texts only. */
  readonly characters?: number;
  /** Values a position; series only. */
  readonly inputs?: number;
  readonly targets?: number;
}

/** Images to train on and held out, and the values an image becomes in the middle. */
export interface AutoencoderCounts {
  readonly task: "autoencode";
  readonly rule: AutoencoderRuleConfig["name"];
  readonly images: number;
  readonly validation: number;
  readonly latent: number;
}

export type DataCounts = ImageCounts | SequenceCounts | AutoencoderCounts;

export type StartInfo = DataCounts & {
  readonly name: string;
  readonly seed: number;
  readonly runFolder: string;
  readonly epochs: number;
  readonly totalSteps: number;
  readonly threads: number;
  /** Steps done before; 0 for a new run. */
  readonly step: number;
};

export interface Reporter {
  start(info: StartInfo): void;
  /** Every step. */
  step(report: AnyKind["report"], line: AnyKind["step"], progress: Progress): void;
  /**
   * The lines that are kept in `metrics.jsonl`.
   *
   * @param epochs of the training, where it was not started here
   */
  metrics(line: AnyKind["step"] | AnyKind["epoch"], epochs?: number): void;
  warning(message: string): void;
  /** A signal came; the running step is being finished. */
  stopping(): void;
  stopped(info: { readonly runFolder: string; readonly step: number; readonly totalSteps: number }): void;
  /** @param before whether the run had already been finished by an earlier session */
  done(summary: AnySummary, before: boolean): void;
  /** Leaves the terminal as it was. */
  close(): void;
}

/** Chooses by the options and by where the output goes. */
export function createReporter({ json, quiet }: { json?: boolean; quiet?: boolean }): Reporter {
  if (json) return jsonReporter();
  if (quiet) return quietReporter();
  return process.stdout.isTTY && process.stderr.isTTY ? barReporter() : plainReporter();
}

/** One JSON object a line on stdout, told apart by `event`. */
function jsonReporter(): Reporter {
  const write = (event: string, fields: object) => {
    process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  };
  return {
    start: (info) => write("start", info),
    step: () => {},
    metrics: ({ kind, ...line }) => write(kind, line),
    warning: (message) => write("warning", { message }),
    stopping: () => {},
    stopped: (info) => write("stopped", info),
    done: (summary) => write("done", summary),
    close: () => {},
  };
}

function quietReporter(): Reporter {
  return { ...plainReporter(), start: () => {}, step: () => {}, metrics: () => {} };
}
