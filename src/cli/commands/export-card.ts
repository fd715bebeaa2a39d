import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { BispikeError } from "../../errors.ts";
import { type CardFacts, type CardFigure, modelCard } from "../../formats/card.ts";
import { readJsonObject } from "../../node/files.ts";
import { CHECKPOINT_FILES } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type { AnyConfig } from "../../training/any-config.ts";
import type { CheckpointFor } from "../../training/checkpoint.ts";
import { readAnyExperiment } from "../../training/config-file.ts";
import { renamed } from "../../training/metrics.ts";
import { problemOf } from "../../training/read-checkpoint.ts";
import { assertAsTrained } from "../data.ts";
import {
  type AnySummary,
  type AutoencoderRunSummary,
  PICTURES,
  type SequenceRunSummary,
  type Summary,
} from "../report/summary.ts";

import type { Exported, ExportRequest } from "./export-formats.ts";

/** The figures of a run's summary that its model card shows. */

export function figuresOf(summary: AnySummary): CardFigure[] {
  const own =
    "testAccuracy" in summary
      ? ofImages(summary)
      : summary.task === "autoencode"
        ? ofAutoencoder(summary as AutoencoderRunSummary)
        : ofSequence(summary as SequenceRunSummary);
  const { perception, recall } = summary.parameters;
  return [
    ...own,
    count("parameters of perception", perception),
    ...(recall > 0 ? [count("parameters of recall", recall)] : []),
    ...[
      count("epochs", summary.epochs),
      { label: "seconds of training", value: summary.seconds, shown: summary.seconds.toFixed(0) },
    ],
  ];
}

function share(label: string, value: number, metric?: string): CardFigure {
  return { label, value, shown: `${(100 * value).toFixed(2)} %`, ...(metric && { metric }) };
}

function count(label: string, value: number): CardFigure {
  return { label, value, shown: value.toLocaleString("en") };
}

function plain(label: string, value: number, metric?: string): CardFigure {
  return { label, value, shown: String(Number(value.toPrecision(4))), ...(metric && { metric }) };
}

function ofImages(summary: Summary): CardFigure[] {
  const { testAccuracy, testDriveAccuracy, validationAccuracy, rates, recall, cost } = summary;
  return [
    // A run that is judged by its validation images has looked at no test image.
    ...(testAccuracy === null ? [] : [share("test accuracy", testAccuracy, "accuracy")]),
    ...(cost && testDriveAccuracy !== null
      ? [share("test accuracy by the concept's mean drive", testDriveAccuracy)]
      : []),
    ...(validationAccuracy === null
      ? []
      : [share("best validation accuracy", validationAccuracy, testAccuracy === null ? "accuracy" : undefined)]),
    ...rates.map((rate, k) => plain(`firing rate of stage ${k + 2}, spikes a step`, rate)),
    ...(recall
      ? [
          {
            label: "recalled classes nearest to their own mean image",
            value: recall.ownIsNearest,
            shown: `${recall.ownIsNearest} of ${recall.classes}`,
          },
        ]
      : []),
    ...(cost ? [count("accumulates an image (NeuroBench's effective ACs)", cost.inference.acs)] : []),
    ...(cost ? [count("multiply-accumulates an image (effective MACs)", cost.inference.macs)] : []),
  ];
}

function ofSequence({ test, validation }: SequenceRunSummary): CardFigure[] {
  const figures = (part: string, measured: SequenceRunSummary["test"]) => {
    if (!measured) return [];
    return measured.kind === "characters"
      ? [
          share(`${part} accuracy of the next character`, measured.accuracy, "accuracy"),
          plain(`${part} bits a character`, measured.bits),
        ]
      : [
          plain(`${part} mean squared error, standardised`, measured.mse, "mse"),
          plain(`${part} mean absolute error, standardised`, measured.mae, "mae"),
        ];
  };
  // The hub's names go with one set of figures: those of the test part, where there is one.
  return [
    ...figures("test", test),
    ...figures("validation", validation).map(({ label, value, shown, metric }) => ({
      label,
      value,
      shown,
      ...(test || !metric ? {} : { metric }),
    })),
  ];
}

function ofAutoencoder({ test, validation }: AutoencoderRunSummary): CardFigure[] {
  const [part, measured] = test ? ["test", test] : ["validation", validation];
  return (["perception", "recall"] as const).flatMap((network) => {
    const figures = measured?.[network];
    if (!figures) return [];
    return [
      plain(
        `${part} mean squared error of ${network}'s drawings`,
        figures.mse,
        ...(network === "perception" ? (["mse"] as const) : []),
      ),
      plain(`${part} PSNR of ${network}'s drawings, dB`, figures.psnr),
    ];
  });
}

export async function exportCard({ run, options }: ExportRequest): Promise<Exported> {
  const folder = statSync(run, { throwIfNoEntry: false })?.isDirectory() ? run : undefined;
  const said = folder && readJsonObject(join(folder, RUN_FILES.summary));
  const summary = said && (renamed(said) as unknown as AnySummary);
  if (!folder || !summary) {
    throw new BispikeError(
      "usage",
      `${run}: expected the folder of a finished run, with ${RUN_FILES.summary}: a card states what was measured`,
    );
  }
  const { license } = options as { license?: string };
  if (license !== undefined && !/^[a-z0-9][a-z0-9.+-]{0,60}$/i.test(license))
    throw new BispikeError(
      "usage",
      `--license: expected an identifier such as mit or cc-by-4.0, got ${JSON.stringify(license)}`,
    );
  const config = readAnyExperiment(join(folder, RUN_FILES.config));
  // A card shows the figures beside the configuration.
  assertAsTrained(folder, config, "");
  const facts = factsOf(folder, config, summary, license);
  const text = modelCard(facts);
  return {
    bytes: new TextEncoder().encode(text),
    lines: [
      `model card of ${facts.name}: ${facts.figures.map(({ label, shown }) => `${label} ${shown}`).join(", ")}`,
      ...(facts.pictures.length > 0
        ? [`it shows ${facts.pictures.map(([file]) => file).join(", ")} of the run's folder: put it beside them`]
        : []),
    ],
    facts: { name: facts.name, task: facts.task, figures: facts.figures.map(({ label, value }) => ({ label, value })) },
    warnings: license === undefined ? ["no licence is stated; --license ID adds one"] : [],
  };
}

function factsOf(folder: string, config: AnyConfig, summary: AnySummary, license: string | undefined): CardFacts {
  const has = ([file]: readonly [string, string]) => existsSync(join(folder, file));
  const environment = readJsonObject(join(folder, RUN_FILES.environment)) ?? {};
  const { command } = environment;
  const known = Array.isArray(command) && command.every((word) => typeof word === "string") && command[1] === "train";
  const files = [
    [CHECKPOINT_FILES.best, "the weights that were best on the validation part, and all that is needed to use them"],
    [CHECKPOINT_FILES.last, "the newest weights, with the optimiser's state to go on from"],
    [RUN_FILES.config, "the resolved configuration"],
    [RUN_FILES.metrics, "figures of steps and epochs"],
    [RUN_FILES.summary, "the figures above and more"],
    [RUN_FILES.environment, "machine, versions, command and the data's checksums"],
  ] as const;
  const part = summary.judgedBy === "held-out" ? "validation" : "test";
  const pictures = [
    [`${PICTURES.curves}.png`, "Learning curves"],
    [`${PICTURES.raster}.png`, `Spikes of one ${part} image`],
    [PICTURES.recall, "What recall reconstructs of each class, above the class means"],
    [PICTURES.augmented, "Images trained on, and below them what the first epochs showed in their place"],
    [PICTURES.reconstruct, `Reconstructed ${part} images`],
  ] as const;
  return {
    ...about(config),
    name: config.name,
    figures: figuresOf(summary),
    figuresOf: `Of the ${part === "validation" ? "validation part, by which the best epoch was chosen too; the test part was not looked at" : "test part, looked at once"}, with the ${summary.checkpoint === "best" ? "weights that were best on the validation part" : "last weights"}. One seed (${summary.seed}); differences between runs of other seeds are not in these figures.`,
    files: files.filter(has),
    pictures: pictures.filter(has),
    command: known ? (command as string[]).map(quoted).join(" ") : undefined,
    environment: ["bispike", "node", "platform", "cpu", "threads", "started"].flatMap((key) =>
      environment[key] === undefined ? [] : [[key, String(environment[key])] as const],
    ),
    config: readFileSync(join(folder, RUN_FILES.config), "utf8"),
    license,
  };
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

type About = Pick<CardFacts, "what" | "task" | "dataset" | "tags" | "limits">;

/** What was trained, by the configuration. */
function about(config: AnyConfig): About {
  const { what, ...said } = (ABOUT[problemOf(config)] as (config: AnyConfig) => Omit<About, "tags">)(config);
  const library = "Load it with the TypeScript library bispike, or write it in other formats with `bispike export`.";
  return { what: `${what}. ${library}`, ...said, tags: ["bispike", "spiking-neural-network", config.rule.name] };
}

const ABOUT: { readonly [P in ProblemName]: (config: CheckpointFor<P>["config"]) => Omit<About, "tags"> } = {
  classify(config) {
    const { name } = config.rule;
    const { dataset, net, limits } = aboutImages(config);
    const taught = name === "bsd" ? ": perception and recall teach each other, stage by stage" : "";
    return {
      what: `Networks that name the class of an image of ${dataset} (${net}), trained by the rule ${name}${taught}`,
      task: "image-classification",
      dataset,
      limits,
    };
  },
  sequence({ task, data, rule }) {
    const dataset = basename(data.text ?? data.series ?? "a sequence");
    return {
      what: `A recurrent net for the task ${task} on ${dataset}, trained by the rule ${rule.name}`,
      task: task === "next-character" ? "text-generation" : "time-series-forecasting",
      dataset,
      limits: ["Its figures are of a part of the same data, and say nothing of other data."],
    };
  },
  autoencode(config) {
    const { latent } = config.network;
    const { dataset, net, limits } = aboutImages(config);
    return {
      what: `Autoencoders (${net}, latent of ${latent}) of ${dataset}, trained by the rule ${config.rule.name}`,
      task: "image-to-image",
      dataset,
      limits,
    };
  },
};

function aboutImages({ data, network }: CheckpointFor<"classify" | "autoencode">["config"]) {
  const dataset = data.name ?? basename(data.path ?? "images");
  const { kind, steps, hidden } = network;
  return {
    dataset,
    net: `${kind.toUpperCase()} of hidden stages ${hidden.join("-")}, T = ${steps} time steps`,
    limits: [
      `It expects images like those of ${dataset}, normalised as its checkpoint says; its figures say nothing of other images.`,
      "The run's files hold no measurement of fairness or robustness: none is claimed.",
    ],
  };
}
