/** What of a configuration the form offers, in plain words, and which rules read what; the rest stays as a link or the defaults have it. */
import { type ImageRuleName, isAnnRule } from "../../../src/training/config.ts";
import { chosenOf } from "../../../src/training/options.ts";
import { SETTINGS } from "../../../src/training/settings/settings.ts";
import type { Pairs } from "./pairs.ts";

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Field {
  /** Dotted, as in a configuration's file. */
  readonly key: string;
  readonly label: string;
  /** One short sentence. */
  readonly hint?: string;
  /** What may be chosen; a line of text where there is none. */
  readonly choices?: readonly Choice[];
  /** Whether a setup reads it. */
  readonly read: (draft: Draft) => boolean;
}

/** Values as they stand in the form; the default's where nothing was typed. */
export class Draft {
  readonly pairs: Pairs;

  constructor(pairs: Pairs) {
    this.pairs = pairs;
  }

  value(key: string): string {
    return this.pairs.get(key) || this.usual(key);
  }

  /** The default, under the rule and kind of net chosen. */
  usual(key: string): string {
    const kind = this.pairs.get("network.kind");
    const rule = this.pairs.get("rule.name");
    const given = { network: kind ? { kind } : {}, rule: rule ? { name: rule } : {} };
    const found = chosenOf(SETTINGS, given, "classify").at(key);
    return Array.isArray(found) ? found.join(", ") : String(found ?? "");
  }

  get rule(): ImageRuleName {
    return this.value("rule.name") as ImageRuleName;
  }

  get spikes(): boolean {
    return !isAnnRule(this.rule);
  }

  /** Whether hidden stages of two networks are compared. */
  get aligns(): boolean {
    return this.rule === "bsd" || this.rule === "bsd-ann";
  }

  /** Whether there is a recall network of spiking neurons. */
  get recalls(): boolean {
    return this.rule === "bsd" && this.value("rule.codes") === "recall";
  }
}

/** Rules by what their net is made of. */
export const RULES: readonly { readonly net: string; readonly rules: readonly Choice[] }[] = [
  {
    net: "Spiking neurons",
    rules: [
      { value: "bsd", label: "BSD: two networks teach each other" },
      { value: "backprop", label: "Backprop: errors go back through all stages" },
      { value: "feedback-alignment", label: "Feedback alignment: errors go back by fixed random weights" },
      { value: "direct-feedback-alignment", label: "Direct feedback alignment: the top's error goes to every stage" },
      { value: "local-losses", label: "Local losses: each stage names the class by itself" },
      { value: "r-stdp", label: "R-STDP: timing of spikes, and reward" },
    ],
  },
  {
    net: "Real numbers, no spikes",
    rules: [
      { value: "backprop-ann", label: "Backprop without spikes" },
      { value: "dll", label: "Dendritic localized learning: errors come down by learned weights" },
      { value: "predictive-coding", label: "Predictive coding: values settle before weights learn" },
      { value: "ccl", label: "Counter-current learning: a feedback net runs the other way" },
      { value: "bsd-ann", label: "BSD's losses without spikes" },
    ],
  },
];

const always = () => true;

/** In the order of the form. */
export const FIELDS: readonly Field[] = [
  {
    key: "network.kind",
    label: "Net",
    choices: [
      { value: "mlp", label: "fully connected (MLP)" },
      { value: "cnn", label: "convolutional (CNN)" },
    ],
    read: always,
  },
  {
    key: "network.hidden",
    label: "Hidden stages",
    hint: "Neurons of each stage, or channels of a CNN's, from the image up.",
    read: always,
  },
  { key: "network.steps", label: "Time steps T", hint: "How long an image is shown.", read: ({ spikes }) => spikes },
  {
    key: "rule.loss",
    label: "Loss of the stages",
    choices: [
      { value: "infonce", label: "InfoNCE: pick the partner out" },
      { value: "reco", label: "ReCo: pull pairs together, push others apart" },
      { value: "mse", label: "MSE: be equal" },
    ],
    read: ({ aligns }) => aligns,
  },
  {
    key: "rule.lambda",
    label: "λ, weight of the rivals",
    read: (draft) =>
      (draft.aligns && draft.value("rule.loss") === "reco") ||
      (draft.spikes && draft.rule !== "r-stdp" && draft.value("rule.top") === "reco"),
  },
  {
    key: "rule.affinity",
    label: "Partners are told by",
    hint: "Products grow as both learn; they ask for a temperature near 0.02.",
    choices: [
      { value: "cosines", label: "cosine, the angle between the two" },
      { value: "dots", label: "product, their strength as well" },
    ],
    read: (draft) => draft.aligns && draft.value("rule.loss") === "infonce",
  },
  {
    key: "rule.temperature",
    label: "Temperature",
    hint: "Small: only the likest others count.",
    read: (draft) => draft.aligns && draft.value("rule.loss") === "infonce",
  },
  {
    key: "rule.margin",
    label: "Margin",
    hint: "How far the partner must lead before the others stop to push.",
    read: (draft) => draft.aligns && draft.value("rule.loss") === "infonce",
  },
  {
    key: "rule.features",
    label: "Compared are",
    choices: [
      { value: "rate", label: "firing rates" },
      { value: "drive", label: "mean drives" },
      { value: "membrane", label: "membrane potentials" },
    ],
    read: ({ rule }) => rule === "bsd",
  },
  {
    key: "rule.rivals",
    label: "Rivals",
    hint: "What a stage is to tell its image's concept from.",
    choices: [
      { value: "prototypes", label: "one recalled concept a class" },
      { value: "masked", label: "images of other classes in the batch" },
      { value: "literal", label: "all other images in the batch" },
    ],
    read: ({ rule }) => rule === "bsd",
  },
  {
    key: "network.threshold.perception",
    label: "Firing threshold, perception",
    read: ({ spikes }) => spikes,
  },
  { key: "network.threshold.recall", label: "Firing threshold, recall", read: ({ recalls }) => recalls },
  {
    key: "network.threshold.concept",
    label: "Firing threshold, concept",
    hint: "Of the neurons whose spikes decide; training does not read it.",
    read: ({ spikes }) => spikes,
  },
  { key: "train.learningRate", label: "Learning rate", read: always },
  { key: "train.batch", label: "Images a batch", read: always },
  { key: "train.epochs", label: "Epochs", hint: "Passes over all images.", read: always },
  { key: "train.seed", label: "Seed", hint: "The same seed gives the same run, to the last byte.", read: always },
];

/** Fields that a draft reads. */
export function fieldsOf(draft: Draft): readonly Field[] {
  return FIELDS.filter(({ read }) => read(draft));
}

/** Pairs that are not in the form, such as those of a link. */
export function othersOf(pairs: Pairs): readonly string[] {
  const offered = new Set(["data.name", "data.path", "rule.name", ...FIELDS.map(({ key }) => key)]);
  return [...pairs.keys()].filter((key) => !offered.has(key));
}
