/** What there is to say of a checkpoint of images in classes. */
import { type AugmentOptions, augments } from "../../data/augment.ts";
import { describeShape } from "../../data/dataset.ts";
import { flat, sizeOf } from "../../network/shape.ts";
import { paddedShape } from "../../network/specs.ts";
import { authorsActivations } from "../../rules/ann-images.ts";
import { criteriaOf } from "../../rules/criteria.ts";
import type { Checkpoint } from "../../training/checkpoint.ts";
import { isRealRule, type RuleConfig } from "../../training/config.ts";
import { trainsRecall } from "../../training/image-rules.ts";
import { percent } from "../table.ts";
import type { Description, StageSummary, StoredSummary } from "./inspect-checkpoint.ts";
import { describeLoss } from "./stage-loss-words.ts";

export function describeImages(checkpoint: Checkpoint, summary: StoredSummary | null): Description {
  const { config, data } = checkpoint;
  const { network, rule } = config;
  const { threshold } = network;
  const { mean, std } = data.statistics;
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(", ");
  const about = [
    [
      "data",
      `${data.name}: ${describeShape(data.shape)}, ${data.classNames.length} classes, mean ${numbers(mean)}, std ${numbers(std)}`,
    ],
    ["classes", data.classNames.join(", ")],
    ...(config.data.labelNoise > 0
      ? [["label noise", `${percent(config.data.labelNoise)} of the images trained on were taught as another class`]]
      : []),
    ...(augments(config.data.augment) ? [["augmented", describeAugment(config.data.augment)]] : []),
    ...(isRealRule(rule.name)
      ? [
          [
            "network",
            `${network.kind}, real numbers, norm ${network.norm ? "on" : "off"}, units ${network.activation === "own" ? `${authorsActivations[rule.name]} (the rule's own)` : network.activation}`,
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
    ["rule", describeRule(rule)],
    ...describeCriteria(rule),
    ...parameterRows(summary),
  ];
  const results = [
    ...(summary?.judgedBy === "held-out" ? [["test", "not looked at: the run is judged by its held-out images"]] : []),
    ...(typeof summary?.testAccuracy === "number"
      ? [["test", `${percent(summary.testAccuracy)}, measured once when training ended`]]
      : []),
  ];
  return {
    of: "",
    kind: "checkpoint",
    facts: { criteria: criteriaOf(rule) ?? null },
    about,
    best: ({ score }) => `${percent(score)} of the held-out images`,
    results,
    networks: ["perception", "recall"],
    // A rival on images has no second network to show.
    hidesEmpty: true,
    stages: describeStages(checkpoint),
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

/** Options of a rule on a net of real numbers. */
function describeReal(rule: Checkpoint["config"]["rule"]): string {
  const { name, dll, predictiveCoding, ccl } = rule;
  if (name === "dll") return `feedback at ${dll.feedbackLearningRate} of the rate, errors up to ${dll.errorLimit}`;
  if (name === "predictive-coding")
    return `${predictiveCoding.inferenceSteps} steps of inference at rate ${predictiveCoding.inferenceLearningRate}`;
  if (name === "ccl") return `${ccl.affinity}, weight ${ccl.weight}`;
  if (name === "bsd-ann") return `${describeLoss(rule)}${rule.centred ? ", centred" : ""}${describeFreeze(rule)}`;
  return "top cross-entropy";
}

/** The rule and those of its options that it makes use of. */
function describeRule(rule: Checkpoint["config"]["rule"]): string {
  const { name, top, stdp } = rule;
  if (name === "r-stdp") {
    const { trace, potentiation, depression, hidden } = stdp;
    return `${name}: traces of ${trace} steps, potentiation ${potentiation}, depression ${depression}, hidden stages at ${hidden} of the rate`;
  }
  if (isRealRule(name)) return `${name}: ${describeReal(rule)}`;
  if (name !== "bsd") return `${name}: top ${top}`;
  const recalled = rule.recallFeatures === "same" ? "" : ` against recall's ${rule.recallFeatures}`;
  const features = `${rule.centred ? "centred " : ""}${rule.features}${rule.pooling === "energy" ? " by energy" : ""}${recalled}`;
  const codes = rule.codes === "random" ? `, random codes (rate ${rule.codeRate}) for recall` : "";
  const variant = `${codes}${describeFreeze(rule)}${describeReach(rule)}`;
  return `${name}: ${describeLoss(rule)}, ${features}, rivals ${rule.rivals}, top ${top}${variant}`;
}

/** Where errors go beside their own stage. */
function describeReach({ detached, errorDepth: reach, errorWeights: carriers }: Checkpoint["config"]["rule"]): string {
  if (!detached) return ", stages not detached";
  if (reach === 0) return "";
  const by = { recall: "recall's synapses", learned: "learned synapses", transposes: "transposes" }[carriers];
  return `, errors reach ${reach} stage${reach === 1 ? "" : "s"} down by ${by}`;
}

function describeFreeze({ freeze }: Checkpoint["config"]["rule"]): string {
  if (freeze === "none") return "";
  return `, frozen ${freeze === "both" ? "perception and recall" : freeze}`;
}

function describeStages({ config, data }: Checkpoint): StageSummary[] {
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
