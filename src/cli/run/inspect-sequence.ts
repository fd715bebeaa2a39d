/** A sequence experiment's checkpoint or run folder: what was trained on what, how far, and the networks' stages. */
import type { SequenceSummary, SeriesSummary } from "../../data/sequence/summary.ts";
import type { OpenedCheckpoint } from "../../node/open.ts";
import type { AnyCheckpoint, SequenceCheckpoint } from "../../training/checkpoint.ts";
import type { SequenceConfig } from "../../training/sequence/config.ts";
import { elementKinds } from "../../training/sequence/learners.ts";
import type { Best } from "../../training/trainable.ts";
import { alignTable, percent, printable } from "../table.ts";
import type { Findings } from "./inspect.ts";
import { besideCheckpoint, describePosition, parameterCount, parametersOf } from "./inspect-run.ts";
import { describeTensors, tensorTable } from "./inspect-tensors.ts";
import { figure } from "./lines-sequence.ts";
import { describeLoss } from "./stage-loss-words.ts";
import { counted } from "./words.ts";

/** Longest list of columns or characters that is shown to people. */
const SHOWN = 100;

/** Everything there is to say of a checkpoint; of a run's best one (else its last) when `path` is a folder. */
export function inspectSequence(path: string, { file, checkpoint }: OpenedCheckpoint<SequenceCheckpoint>): Findings {
  const { config, data, position, tensors, version } = checkpoint;
  const { last, summary } = besideCheckpoint(path, file);
  const stages = describeStages(checkpoint);
  const total = (network: "perception" | "recall" | "feedback") => parametersOf(`${network}.`, tensors);
  const parameters = { perception: total("perception"), recall: total("recall"), feedback: total("feedback") };
  const rows = stages.map(({ stage, role, width, ...counts }) => [
    `${stage}`,
    role,
    `${width}`,
    ...[counts.perception, counts.recall, counts.feedback].map(parameterCount),
  ]);
  const totals = [parameters.perception, parameters.recall, parameters.feedback].map(parameterCount);
  return {
    json: {
      ...{ kind: "sequence checkpoint", file, version, config, data, position, last, summary },
      ...{ parameters, stages, tensors: describeTensors(tensors) },
    },
    text: [
      `${printable(file)}: bispike checkpoint of sequences, version ${version}`,
      alignTable(overview(checkpoint, last), "ll"),
      alignTable(
        [["stage", "", "width", "perception", "recall", "feedback"], ...rows, ["", "", "parameters", ...totals]],
        "rlrrrr",
      ),
      tensorTable(tensors),
    ].join("\n\n"),
  };
}

function overview({ config, data, position }: SequenceCheckpoint, last: AnyCheckpoint["position"] | null): string[][] {
  const { train } = config;
  const best = position.best ?? (last?.best && "score" in last.best ? last.best : null);
  const { train: trained, heldOut, test } = data.parts;
  return [
    ["name", config.name],
    ["task", describeTask(data)],
    [
      "positions",
      `${trained.to - trained.from} to train on, ${heldOut.to - heldOut.from} held out, ${test.to - test.from} to test; windows of ${data.window}, ${data.stride} apart`,
    ],
    ...(data.kind === "series" ? describeSeries(data) : [["characters", shown(data.alphabet.map(visible), "")]]),
    ["network", describeNetwork(config)],
    ["rule", describeRule(config)],
    [
      "training",
      `seed ${train.seed}, ${counted(train.epochs, "epoch")}, batch ${train.batch}, learning rate ${train.learningRate} (${train.schedule}), weight decay ${train.weightDecay}`,
    ],
    ["position", describePosition(position)],
    ...(last ? [["last saved", describePosition(last)]] : []),
    ...(best ? [["best", describeBest(best, data)]] : []),
  ];
}

function describeTask(data: SequenceSummary): string {
  const ahead = data.task === "forecast" ? `, ${data.horizon} rows ahead` : "";
  const what = data.kind === "text" ? `${data.length} characters` : `${data.length} rows`;
  return `${data.task === "next" ? "next-character" : data.task} of ${printable(data.name)} (${what})${ahead}`;
}

function describeSeries(data: SeriesSummary): string[][] {
  const of = (name: string) => {
    const at = data.columns.indexOf(name);
    return `${printable(name)} (mean ${figure(data.mean[at]!)}, std ${figure(data.std[at]!)})`;
  };
  return [
    ["inputs", shown(data.inputs.map(printable), ", ")],
    ["targets", shown(data.targets.map(of), ", ")],
    [
      "statistics",
      data.standardise === "train" ? "of the rows trained on" : "of the whole series, the test part included",
    ],
  ];
}

/** White space and control characters by their code points. */
function visible(character: string): string {
  if (!/[\s\p{C}]/u.test(character)) return character;
  return ` U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")} `;
}

function shown(items: readonly string[], separator: string): string {
  const more = items.length > SHOWN ? `${separator} and ${items.length - SHOWN} more` : "";
  return items.slice(0, SHOWN).join(separator).trim() + more;
}

function isSpiking({ rule }: SequenceConfig): boolean {
  return rule.name === "bsd" || rule.name === "backprop";
}

function describeNetwork(config: SequenceConfig): string {
  const { hidden, steps, tau, norm, threshold, recurrentRecall } = config.network;
  if (!isSpiking(config)) return `recurrent, real-valued, hidden ${hidden.join(", ")}`;
  const recall =
    config.rule.name === "bsd"
      ? `, recall ${recurrentRecall ? "" : "not "}recurrent at threshold ${threshold.recall}`
      : "";
  return `recurrent, spiking, hidden ${hidden.join(", ")}, ${steps} steps, tau ${tau}, norm ${norm ? "on" : "off"}, threshold ${threshold.perception}${recall}`;
}

function describeRule({ rule }: SequenceConfig): string {
  switch (rule.name) {
    case "bsd": {
      const recalled = rule.recallFeatures === "rate" ? "" : ` against recall's ${rule.recallFeatures}`;
      return `bsd: ${describeLoss(rule)}, ${rule.centred ? "centred rate" : "rate"}${recalled}, rivals ${rule.rivals}, blocks of ${rule.block}`;
    }
    case "predictive-coding":
      return `predictive-coding: ${rule.predictiveCoding.inferenceSteps} steps of inference at rate ${rule.predictiveCoding.inferenceLearningRate}`;
    case "dll":
      return `dll: feedback rate ${rule.dll.feedbackLearningRate}, errors up to ${rule.dll.errorLimit}${rule.dll.temporalFeedback ? ", from the next position too" : ""}`;
    default:
      return `${rule.name}: through time`;
  }
}

function describeBest({ score, epoch }: Best, data: SequenceSummary): string {
  return data.kind === "text"
    ? `${percent(score)} of the held-out characters, after epoch ${epoch}`
    : `MSE ${figure(-score)} on the held-out part, after epoch ${epoch}`;
}

interface StageSummary {
  readonly stage: number;
  readonly role: "stimulus" | "hidden" | "concept";
  /** Neurons, symbols or values. */
  readonly width: number;
  /** Parameters that drive this stage in each network: perception's from below, recall's from above; feedback weights that send errors to it. */
  readonly perception: number;
  readonly recall: number;
  readonly feedback: number;
}

function describeStages({ config, data, tensors }: SequenceCheckpoint): StageSummary[] {
  const { inputs, targets } = elementKinds(data);
  const { hidden, population } = config.network;
  const coded = targets.kind === "values" && config.rule.name === "bsd" ? population.size : 1;
  const widths = [inputs.width, ...hidden, targets.width * coded];
  return widths.map((width, k) => ({
    stage: k + 1,
    role: k === 0 ? "stimulus" : k === widths.length - 1 ? "concept" : "hidden",
    width,
    perception: parametersOf(`perception.stage${k + 1}.`, tensors),
    recall: parametersOf(`recall.stage${k + 1}.`, tensors),
    feedback: parametersOf(`feedback.stage${k + 1}.`, tensors),
  }));
}
