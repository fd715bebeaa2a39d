/** What `bispike eval` measures when asked: sections of its report, each watching the evaluation or working after it. */
import type { Dataset, Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { Meter } from "../../measure/evaluate.ts";
import type { OpenedModel } from "../../node/open.ts";
import type { EvalOptions } from "./eval.ts";

/** A section's results, for `--json` and for people. */
export interface Findings {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Section {
  /** Watches the evaluation. */
  readonly meter?: Meter;
  /** Called once after the evaluation. */
  readonly finish: () => Findings | Promise<Findings>;
  /** Called at the end, whatever happened. */
  readonly close?: () => Promise<void>;
}

/** The images a section is about. */
export interface Measured {
  readonly split: Split;
  readonly indices: Int32Array;
  /** They are of. */
  readonly dataset: Dataset;
}

/** Options that ask for sections. */
export const SECTIONS = {
  cost: "--cost",
  representation: "--representation",
  probes: "--probes",
  ood: "--ood",
  recallMeasures: "--recall-measures",
  robustness: "--robustness",
};

/** Options that say more of `--robustness`. */
const OF_ROBUSTNESS = ["corruptions", "severities", "images", "draws", "seed", "out"] as const;

/** Options that say more of `--probes`. */
const OF_PROBES = { probeImages: "--probe-images", probeCells: "--probe-cells" } as const;

/**
 * Refuses options that do not go together.
 *
 * @param other what the checkpoint is where it is not one of images ("FILE is one of sequences"), else null
 * @throws BispikeError "usage"
 */
export function checkSections(options: EvalOptions, other: string | null): void {
  if (options.classifier !== undefined && options.recallMeasures === undefined)
    throw new BispikeError("usage", "--classifier needs --recall-measures: it judges what recall draws");
  for (const key of OF_ROBUSTNESS)
    if (options[key] !== undefined && options.robustness === undefined)
      throw new BispikeError("usage", `--${key} needs --robustness: it says more of what that measures`);
  for (const key of Object.keys(OF_PROBES) as (keyof typeof OF_PROBES)[])
    if (options[key] !== undefined && options.probes === undefined)
      throw new BispikeError("usage", `${OF_PROBES[key]} needs --probes: it says more of what that measures`);
  if (other === null) return;
  for (const key of Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]) {
    if (options[key] !== undefined)
      throw new BispikeError("usage", `${SECTIONS[key]}: is for image experiments, but ${other}`);
  }
}

/** The sections asked for, in the order they are shown in. Data sets and classifiers they need are opened at once, so that a slip costs no time. */
export async function sectionsOf(opened: OpenedModel, images: Measured, options: EvalOptions): Promise<Section[]> {
  const sections: Section[] = [];
  if (options.cost) sections.push((await import("./eval-inside.ts")).costSection(opened));
  if (options.representation) sections.push((await import("./eval-inside.ts")).representationSection(opened, images));
  if (options.ood !== undefined)
    sections.push(await (await import("./eval-behaviour.ts")).oodSection(opened, images, options.ood));
  if (options.recallMeasures)
    sections.push(await (await import("./eval-behaviour.ts")).recallSection(opened, images, options));
  if (options.robustness)
    sections.push((await import("./eval-behaviour.ts")).robustnessSection(opened, images, options));
  // Last: fitting takes seconds, and a slip in the others costs no time then.
  if (options.probes) sections.push(await (await import("./eval-inside.ts")).probesSection(opened, images, options));
  return sections;
}
