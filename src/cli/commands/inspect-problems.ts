/** What `bispike inspect` says of a checkpoint of each problem: its data, network, rule and stages. */
import { type AugmentOptions, augments } from "../../data/augment.ts";
import { describeShape } from "../../data/dataset.ts";
import type { SequenceSummary, SeriesSummary } from "../../data/sequence/task.ts";
import { describeLoss } from "../../losses/stage-loss.ts";
import { flat, type Shape, sizeOf } from "../../nets/shape.ts";
import { autoencoderFrame, autoencoderShapes, paddedShape } from "../../nets/specs.ts";
import type { ProblemName } from "../../problems/problem.ts";
import { authorsActivations } from "../../rules/ann-images.ts";
import { criteriaOf } from "../../rules/criteria.ts";
import type {
  AutoencoderCheckpoint,
  Checkpoint,
  CheckpointFor,
  SequenceCheckpoint,
} from "../../training/checkpoint.ts";
import type { AutoencoderConfig, SequenceConfig } from "../../training/config.ts";
import { isAnnRule, type RuleConfig } from "../../training/config.ts";
import { elementKinds, trainsRecall } from "../../training/nets-and-rules.ts";
import type { Best } from "../../training/trainable.ts";
import { figure, percent, printable } from "../report/tables.ts";

/** What a problem says of its checkpoints. */
export interface Description {
  /** Of sequences or the like; empty for images in classes. */
  readonly of: string;
  /** For programs. */
  readonly kind: string;
  /** Further facts for programs. */
  readonly facts?: object;
  /** Rows about data, network and rule. */
  readonly about: readonly string[][];
  /** The best score in words. */
  readonly best: (best: Best) => string;
  /** Rows at the end. */
  readonly results?: readonly string[][];
  /** Networks whose parameters are counted: perception's drive a stage from below, recall's from above, feedback weights send errors to it. */
  readonly networks: readonly ("perception" | "recall" | "feedback")[];
  /** Whether a network without parameters has no column. */
  readonly hidesEmpty?: boolean;
  /** From the stimulus up. */
  readonly stages: readonly StageSummary[];
  /** Stands above the tensors. */
  readonly note?: string;
}

export type StageSummary =
  | { readonly role: string; readonly shape: Shape }
  /** Neurons, symbols or values. */
  | { readonly role: string; readonly width: number };

/** `summary.json` as it was read. */
export type StoredSummary = Readonly<Record<string, unknown>>;

export const DESCRIBE: {
  readonly [P in ProblemName]: (checkpoint: CheckpointFor<P>, summary: StoredSummary | null) => Description;
} = { classify: describeImages, sequence: describeSequence, autoencode: describeAutoencoder };

/** Longest list of columns or characters that is shown to people. */
const SHOWN = 100;

export function describeSequence(checkpoint: SequenceCheckpoint): Description {
  const { config, data } = checkpoint;
  const { train, validation, test } = data.parts;
  const about = [
    ["task", describeTask(data)],
    [
      "positions",
      `${train.to - train.from} to train on, ${validation.to - validation.from} held out, ${test.to - test.from} to test; windows of ${data.window}, ${data.stride} apart`,
    ],
    ...(data.kind === "series" ? describeSeries(data) : [["characters", shown(data.alphabet.map(visible), "")]]),
    ["network", describeNetwork(config)],
    ["rule", describeSequenceRule(config)],
  ];
  return {
    of: " of sequences",
    kind: "sequence checkpoint",
    about,
    best: ({ score }) =>
      data.kind === "text"
        ? `${percent(score)} of the validation characters`
        : `MSE ${figure(-score)} on the validation part`,
    networks: ["perception", "recall", "feedback"],
    stages: describeSequenceStages(checkpoint),
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
  if (!isSpiking(config)) return `recurrent, non-spiking, hidden ${hidden.join(", ")}`;
  const recall =
    config.rule.name === "bsd"
      ? `, recall ${recurrentRecall ? "" : "not "}recurrent at threshold ${threshold.recall}`
      : "";
  return `recurrent, spiking, hidden ${hidden.join(", ")}, ${steps} steps, tau ${tau}, norm ${norm ? "on" : "off"}, threshold ${threshold.perception}${recall}`;
}

function describeSequenceRule({ rule }: SequenceConfig): string {
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

function describeSequenceStages({ config, data }: SequenceCheckpoint): StageSummary[] {
  const { inputs, targets } = elementKinds(data);
  const { hidden, population } = config.network;
  const coded = targets.kind === "values" && config.rule.name === "bsd" ? population.size : 1;
  const widths = [inputs.width, ...hidden, targets.width * coded];
  return widths.map((width, k) => ({
    role: k === 0 ? "stimulus" : k === widths.length - 1 ? "concept" : "hidden",
    width,
  }));
}

export function describeImages(checkpoint: Checkpoint, summary: StoredSummary | null): Description {
  const { config, data } = checkpoint;
  const { network, rule } = config;
  const { threshold } = network;
  const about = [
    ["data", describeData(data)],
    ["classes", data.classNames.join(", ")],
    ...(config.data.labelNoise > 0
      ? [["label noise", `${percent(config.data.labelNoise)} of the images trained on were taught as another class`]]
      : []),
    ...(augments(config.data.augment) ? [["augmented", describeAugment(config.data.augment)]] : []),
    ...(isAnnRule(rule.name)
      ? [
          [
            "network",
            `${network.kind}, non-spiking, norm ${network.norm ? "on" : "off"}, units ${network.activation === "own" ? `${authorsActivations[rule.name]} (the rule's own)` : network.activation}`,
          ],
        ]
      : [
          [
            "network",
            `${network.kind}, ${network.steps} steps, tau ${network.tau}, norm ${network.norm ? "on" : "off"}, stimulus ${network.stimulus}, target ${network.target}${describeRecall(config)}`,
          ],
          [
            "threshold",
            `perception ${threshold.perception}, ${trainsRecall(rule) ? `recall ${threshold.recall}, ` : ""}concept ${threshold.concept}`,
          ],
        ]),
    ["rule", describeImageRule(rule)],
    ...describeCriteria(rule),
    ...parameterRows(summary),
  ];
  const results = [
    ...(summary?.judgedBy === "held-out"
      ? [["test", "not looked at: the run is judged by its validation images"]]
      : []),
    ...(typeof summary?.testAccuracy === "number"
      ? [["test", `${percent(summary.testAccuracy)}, measured once when training ended`]]
      : []),
  ];
  return {
    of: "",
    kind: "checkpoint",
    facts: { criteria: criteriaOf(rule) ?? null },
    about,
    best: ({ score }) => `${percent(score)} of the validation images`,
    results,
    networks: ["perception", "recall"],
    // A rival on images has no second network to show.
    hidesEmpty: true,
    stages: describeImageStages(checkpoint),
    note: `means of ${data.classNames.length} classes' ${describeShape(data.shape)} images are among the tensors:`,
  };
}

/** Such as "meets C1 C2 C3 C4 C5 (C5 at a stretch)"; nothing of a plugin's rule. */
function describeCriteria(rule: RuleConfig): string[][] {
  const found = criteriaOf(rule);
  if (!found) return [];
  const { meets, stretched = [] } = found;
  const words = meets.length > 0 ? `meets ${meets.join(" ")}` : "meets none of C1 to C5";
  return [["criteria", `${words}${stretched.length > 0 ? ` (${stretched.join(" ")} at a stretch)` : ""}`]];
}

/** What was done to images trained on. */
function describeAugment({ shift, flip, rotate, erase }: AugmentOptions): string {
  const done = [
    ...(rotate > 0 ? [`turned by up to ${rotate} degrees`] : []),
    ...(flip ? ["mirrored half the time"] : []),
    ...(shift > 0 ? [`moved by up to ${shift} pixels`] : []),
    ...(erase > 0 ? [`a square of ${erase} pixels a side erased`] : []),
  ];
  return `images trained on were ${done.join(", ")}`;
}

/** What drives recall, where it is not the stage above. */
function describeRecall({ network, rule }: Checkpoint["config"]): string {
  return network.recall === "broadcast" && trainsRecall(rule) ? ", recall driven by the concept at every stage" : "";
}

/** What a finished run's rule learned or kept fixed beside the networks, which no checkpoint for use holds. */
function parameterRows(summary: StoredSummary | null): string[][] {
  const counts = (summary?.parameters ?? {}) as Readonly<Record<string, unknown>>;
  const beside = ["feedback", "classifiers"].filter((key) => typeof counts[key] === "number" && counts[key] > 0);
  if (beside.length === 0) return [];
  const own = beside.map((key) => `${counts[key]} of ${key}`).join(", ");
  return [["parameters", `${counts.training} in training, ${own}; ${counts.inference} in use`]];
}

/** Options of a rule on a non-spiking net. */
function describeAnn(rule: Checkpoint["config"]["rule"]): string {
  const { name, dll, predictiveCoding, ccl } = rule;
  if (name === "dll") return `feedback at ${dll.feedbackLearningRate} of the rate, errors up to ${dll.errorLimit}`;
  if (name === "predictive-coding")
    return `${predictiveCoding.inferenceSteps} steps of inference at rate ${predictiveCoding.inferenceLearningRate}`;
  if (name === "ccl") return `${ccl.affinity}, weight ${ccl.weight}`;
  if (name === "bsd-ann") return `${describeLoss(rule)}${rule.centred ? ", centred" : ""}${describeFreeze(rule)}`;
  return "top cross-entropy";
}

/** The rule and those of its options that it makes use of. */
function describeImageRule(rule: Checkpoint["config"]["rule"]): string {
  const { name, top, stdp } = rule;
  if (name === "r-stdp") {
    const { trace, potentiation, depression, hidden } = stdp;
    return `${name}: traces of ${trace} steps, potentiation ${potentiation}, depression ${depression}, hidden stages at ${hidden} of the rate`;
  }
  if (isAnnRule(name)) return `${name}: ${describeAnn(rule)}`;
  if (name !== "bsd") return `${name}: top ${top}`;
  const recalled = rule.recallFeatures === "same" ? "" : ` against recall's ${rule.recallFeatures}`;
  const features = `${rule.centred ? "centred " : ""}${rule.features}${rule.pooling === "energy" ? " by energy" : ""}${recalled}`;
  const codes = rule.codes === "random" ? `, random codes (rate ${rule.codeRate}) for recall` : "";
  const variant = `${codes}${describeFreeze(rule)}${describeErrors(rule)}`;
  return `${name}: ${describeLoss(rule)}, ${features}, rivals ${rule.rivals}, top ${top}${variant}`;
}

/** Where errors go beside their own stage. */
function describeErrors({ detached, errorDepth, errorWeights }: Checkpoint["config"]["rule"]): string {
  if (!detached) return ", stages not detached";
  if (errorDepth === 0) return "";
  const by = { recall: "recall's synapses", learned: "learned synapses", transposes: "transposes" }[errorWeights];
  return `, errors reach ${errorDepth} stage${errorDepth === 1 ? "" : "s"} down by ${by}`;
}

function describeFreeze({ freeze }: Checkpoint["config"]["rule"]): string {
  if (freeze === "none") return "";
  return `, frozen ${freeze === "both" ? "perception and recall" : freeze}`;
}

function describeImageStages({ config, data }: Checkpoint): StageSummary[] {
  const { kind, hidden, target, targetSize } = config.network;
  const classes = data.classNames.length;
  const image = paddedShape(kind, hidden.length, data.shape);
  const shapes = [
    kind === "mlp" ? flat(sizeOf(image)) : image,
    ...hidden.map((channels, k) =>
      kind === "mlp" ? flat(channels) : { height: image.height >> (k + 1), width: image.width >> (k + 1), channels },
    ),
    flat(target === "one-hot" ? classes : targetSize || 4 * classes),
  ];
  return shapes.map((shape, k) => ({
    role: k === 0 ? "stimulus" : k === shapes.length - 1 ? "concept" : "hidden",
    shape,
  }));
}

export function describeAutoencoder(checkpoint: AutoencoderCheckpoint): Description {
  const { config, data } = checkpoint;
  const { network } = config;
  const spiking = config.rule.name !== "backprop-ann";
  const neurons = spiking
    ? `${network.steps} steps, tau ${network.tau}, threshold ${network.threshold.perception}, recall ${network.threshold.recall}`
    : "non-spiking";
  const about = [
    ["data", describeData(data)],
    ["network", `${network.kind}, latent ${network.latent}, norm ${network.norm ? "on" : "off"}, ${neurons}`],
    ["rule", describeAutoencoderRule(config)],
  ];
  return {
    of: " of an autoencoder",
    kind: "autoencoder checkpoint",
    about,
    best: ({ score }) => `MSE ${figure(-score)} on the validation images`,
    networks: ["perception", "recall"],
    stages: describeAutoencoderStages(checkpoint),
  };
}

function describeAutoencoderRule({ rule }: AutoencoderConfig): string {
  if (rule.name !== "bsd") return rule.name;
  const { frequency } = rule;
  const lambda = frequency.on ? `${frequency.lowLambda} to ${frequency.highLambda}` : `${rule.lambda}`;
  const bands = frequency.on
    ? `, bands ${frequency.bands} about ${frequency.split} cycles a pixel`
    : ", no split by frequency";
  return `bsd: ${describeLoss({ ...rule, lambda })}, ${rule.centred ? "centred " : ""}${rule.features}${bands}`;
}

function describeAutoencoderStages({ config, data }: AutoencoderCheckpoint): StageSummary[] {
  const { network } = config;
  const frame = autoencoderFrame(network, data.shape);
  const image = network.kind === "mlp" ? flat(sizeOf(frame)) : frame;
  const shapes = [image, ...autoencoderShapes(network, frame), image];
  const latent = network.hidden.length + 1;
  return shapes.map((shape, k) => ({
    role: k === 0 || k === shapes.length - 1 ? "image" : k === latent ? "latent" : "hidden",
    shape,
  }));
}

function describeData({ name, shape, classNames, statistics: { mean, std } }: Checkpoint["data"]): string {
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(", ");
  return `${printable(name)}: ${describeShape(shape)}, ${classNames.length} classes, mean ${numbers(mean)}, std ${numbers(std)}`;
}
