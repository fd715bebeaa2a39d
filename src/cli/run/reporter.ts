/** What a training session tells: to a person at a terminal, to a log, or to a program. */
import type { AutoencoderRuleConfig } from "../../training/autoencoder/config.ts";
import type { SequenceRuleConfig, Task } from "../../training/sequence/config.ts";
import type { Progress } from "../../training/trainer.ts";
import type { AnyKind } from "./job.ts";
import { barReporter } from "./reporter-bar.ts";
import { plainReporter } from "./reporter-plain.ts";
import type { AnySummary } from "./summary.ts";

/** Images to train on, held out, and their classes. */
export interface ImageCounts {
  readonly images: number;
  readonly heldOut: number;
  readonly classes: number;
}

/** Windows to train on, positions of the other parts, and what stands at each position. */
export interface SequenceCounts {
  readonly task: Task;
  readonly rule: SequenceRuleConfig["name"];
  readonly windows: number;
  /** Positions a window. */
  readonly window: number;
  readonly heldOut: number;
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
  readonly heldOut: number;
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
