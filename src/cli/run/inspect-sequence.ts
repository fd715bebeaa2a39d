/** What there is to say of a checkpoint of a text or series. */
import type { SequenceSummary, SeriesSummary } from "../../data/sequence/task.ts";
import type { SequenceCheckpoint } from "../../training/checkpoint.ts";
import type { SequenceConfig } from "../../training/sequence/config.ts";
import { elementKinds } from "../../training/sequence/learners.ts";
import { percent, printable } from "../table.ts";
import type { Description, StageSummary } from "./inspect-checkpoint.ts";
import { describeLoss } from "./stage-loss-words.ts";
import { figure } from "./words.ts";

/** Longest list of columns or characters that is shown to people. */
const SHOWN = 100;

export function describeSequence(checkpoint: SequenceCheckpoint): Description {
  const { config, data } = checkpoint;
  const { train, heldOut, test } = data.parts;
  const about = [
    ["task", describeTask(data)],
    [
      "positions",
      `${train.to - train.from} to train on, ${heldOut.to - heldOut.from} held out, ${test.to - test.from} to test; windows of ${data.window}, ${data.stride} apart`,
    ],
    ...(data.kind === "series" ? describeSeries(data) : [["characters", shown(data.alphabet.map(visible), "")]]),
    ["network", describeNetwork(config)],
    ["rule", describeRule(config)],
  ];
  return {
    of: " of sequences",
    kind: "sequence checkpoint",
    about,
    best: ({ score }) =>
      data.kind === "text"
        ? `${percent(score)} of the held-out characters`
        : `MSE ${figure(-score)} on the held-out part`,
    networks: ["perception", "recall", "feedback"],
    stages: describeStages(checkpoint),
  };
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

function describeStages({ config, data }: SequenceCheckpoint): StageSummary[] {
  const { inputs, targets } = elementKinds(data);
  const { hidden, population } = config.network;
  const coded = targets.kind === "values" && config.rule.name === "bsd" ? population.size : 1;
  const widths = [inputs.width, ...hidden, targets.width * coded];
  return widths.map((width, k) => ({
    role: k === 0 ? "stimulus" : k === widths.length - 1 ? "concept" : "hidden",
    width,
  }));
}
