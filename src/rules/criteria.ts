/**
 * The five criteria of biological plausibility that BSD's authors set up, and which rule meets which. Declared here, once; `test/invariant/criteria.test.ts` finds out by
 * perturbation, and fails where a declaration is not what a rule does. They are about hidden stages; what a rule's top stage or its norm does is in the notes.
 *
 * On non-spiking nets `test/invariant/criteria-real.test.ts` does the same. Errors that come from the stage above are no local signal here, by whatever weights they come; BSD's
 * authors are more generous to DLL and predictive coding, which the notes say.
 */
import { isUnsigned } from "../losses/stage-loss.ts";
import type { PairOptions } from "../nets/pair.ts";
import type { BsdOptions } from "./bsd-options.ts";

/** One of the five. */
export type Criterion = "C1" | "C2" | "C3" | "C4" | "C5";

/** What each criterion says, in the words that its test takes literally. */
export const criteria: Readonly<Record<Criterion, string>> = {
  C1: "no weight transport: what a stage learns does not depend on weights that its own spikes do not go through",
  C2: "local plasticity: it depends on the stage's own neurons, on spikes that reach them, and on one number an image that is the same everywhere",
  C3: "no second phase: it is known when the pass has reached the stage, but for that number",
  C4: "binary messages: stages send each other 0 or 1",
  C5: "unsigned errors: no neuron sends another a signed error",
};

/** Which criteria of plausibility a rule meets. */
export interface RuleCriteria {
  /** The rule, in a table's words. */
  readonly label: string;
  readonly meets: readonly Criterion[];
  /** Those of them that it meets in the words above, but that a stricter reader would deny it; the note says why. */
  readonly stretched?: readonly Criterion[];
  /** What a reader should know beside yes and no. */
  readonly note: string;
}

/** A rule under options that change what it meets. */
export interface VariantCriteria extends RuleCriteria {
  /** What is not the default, as a configuration has it. */
  readonly options: { readonly network?: Partial<PairOptions>; readonly rule?: Partial<BsdOptions> };
}

/** By the rule's name in a configuration. */
export const criteriaOfRules = {
  bsd: {
    label: "BSD, the default",
    meets: ["C1", "C2", "C3", "C4", "C5"],
    stretched: ["C5"],
    note: "of InfoNCE and firing rates; rivals are the batch's or the classes' prototypes; the slopes of InfoNCE and of the top's cross-entropy have a sign, though they stay in their stage",
  },
  backprop: { label: "BP on SNN", meets: ["C4"], note: "surrogate gradients" },
  "feedback-alignment": {
    label: "FA",
    meets: ["C1", "C4"],
    note: "fixed random weights in place of transposes; defined for fully connected nets, random kernels in convolutions are ours",
  },
  "direct-feedback-alignment": {
    label: "DFA",
    meets: ["C1", "C4"],
    note: "the top's error, a number a class, goes to every stage",
  },
  "local-losses": {
    label: "local losses",
    meets: ["C2", "C3", "C4"],
    note: "each stage's classifier sends its signed errors back through its own transposed weights",
  },
  "r-stdp": {
    label: "R-STDP",
    meets: ["C1", "C2", "C3", "C4", "C5"],
    note: "the reward has a sign, as its authors have it, but is no error of anything; hidden stages under reward are our reading, authors define none for deep nets",
  },
  "backprop-ann": { label: "BP on ANN", meets: [], note: "no spikes" },
  dll: {
    label: "DLL",
    meets: ["C1"],
    note: "no spikes; BSD's authors list C1 to C3, but the top's errors come down stage by stage, as in FA, only by weights that learn",
  },
  "predictive-coding": {
    label: "predictive coding",
    meets: [],
    note: "no spikes; BSD's authors list C2: updates read a stage's own error and input, but values settle by what the stages above send down through transposed weights",
  },
  ccl: {
    label: "CCL",
    meets: ["C1", "C2", "C3"],
    note: "no spikes, but values of both signs unless units are rectified, and so are the other net's values that a stage is taught by; each stage compares a batch's images with the classes",
  },
  "bsd-ann": {
    label: "BSD on ANN",
    meets: ["C1", "C2", "C3"],
    note: "no spikes; the stage losses of BSD on units that do not spike",
  },
} as const satisfies Readonly<Record<string, RuleCriteria>>;

/** What rule bsd meets under options of its own, from the strictest to those that are there to compare with. Random codes in place of recall change nothing (`rule.codes`). */
export const criteriaOfBsd: readonly VariantCriteria[] = [
  {
    label: "BSD of ReCo, its top too (`rule.loss: reco`, `rule.top: reco`)",
    options: { rule: { loss: "reco", top: "reco" } },
    meets: ["C1", "C2", "C3", "C4", "C5"],
    note: "what the paper takes for unsigned errors: its terms are squares",
  },
  {
    label:
      "BSD as the recipes for images have it (`rule.affinity: dots`, `rule.recallFeatures: drive`; cnn: `network.recall: broadcast`)",
    options: {
      network: { recall: "broadcast" },
      rule: { affinity: "dots", temperature: 0.02, margin: 2.5, recallFeatures: "drive" },
    },
    meets: ["C1", "C2", "C3", "C4", "C5"],
    stretched: ["C1", "C4", "C5"],
    note: "spikes alone leave a stage, but perception learns from a voltage that recall's weights make; it has both signs, as the values have for which CCL is denied C5; of a stage that a one-hot concept drives (the highest hidden one, by broadcast all) it is a normed column of recall's weights, so InfoNCE of dots teaches the stage as a linear classifier would: what local losses send back through transposes comes as another network's activity",
  },
  {
    label: "BSD whose errors cross stages by recall's synapses (`rule.errorDepth`)",
    options: { rule: { errorDepth: 64 } },
    meets: ["C1", "C4"],
    note: "a variant for comparison",
  },
  {
    label: "the same by synapses that learn as perception's do (`rule.errorWeights: learned`)",
    options: { rule: { errorDepth: 64, errorWeights: "learned" } },
    meets: ["C1", "C4"],
    note: "a variant for comparison",
  },
  {
    label: "the same by transposes (`rule.errorWeights: transposes`)",
    options: { rule: { errorDepth: 64, errorWeights: "transposes" } },
    meets: ["C4"],
    note: "a variant for comparison",
  },
  {
    label: "BSD whose stages are not detached (`rule.detached: false`)",
    options: { rule: { detached: false } },
    meets: ["C4"],
    note: "a variant for comparison",
  },
];

/** What of a configuration's rule decides what it meets. */
export type DecidingOptions = { readonly name: string } & Required<
  Pick<
    BsdOptions,
    "loss" | "top" | "features" | "recallFeatures" | "codes" | "detached" | "errorDepth" | "errorWeights"
  >
>;

/**
 * Which criteria a configuration's rule meets, on images: what is declared for rivals, and for BSD what its options leave of it; undefined for a rule that a plugin registered.
 *
 * @throws BispikeError "usage" for a section without all its options, as a raw configuration's is
 * @example
 * criteriaOf({ ...defaults.rule, errorDepth: 1 }); // { meets: ["C1", "C4"], stretched: [] }
 */
export function criteriaOf(rule: DecidingOptions): Pick<RuleCriteria, "meets" | "stretched"> | undefined {
  if (rule.name !== "bsd") {
    if (!Object.hasOwn(criteriaOfRules, rule.name)) return undefined;
    const { meets } = criteriaOfRules[rule.name as keyof typeof criteriaOfRules];
    return { meets, stretched: [] };
  }
  if (!rule.detached) return { meets: ["C4"], stretched: [] };
  if (rule.errorDepth > 0) return { meets: rule.errorWeights === "transposes" ? ["C4"] : ["C1", "C4"], stretched: [] };
  // A voltage of recall's is a sum of its weights, of both signs. Without recall there is none: codes are 0 or 1.
  const taughtBy = rule.recallFeatures === "same" ? rule.features : rule.recallFeatures;
  const byVoltage = rule.codes === "recall" && taughtBy !== "rate";
  const squares = [rule.loss, rule.top].every(isUnsigned);
  const { meets } = criteriaOfRules.bsd;
  if (byVoltage) return { meets, stretched: ["C1", "C4", "C5"] };
  return { meets, stretched: squares ? [] : ["C5"] };
}

/** All that are declared, BSD with its variants first. */
const { bsd, ...rivals } = criteriaOfRules;
const declared: readonly RuleCriteria[] = [bsd, ...criteriaOfBsd, ...Object.values(rivals)];

/**
 * The criteria table in Markdown, a line a rule; "at a stretch" where it meets a criterion in our words and a stricter reader would deny it.
 *
 * @param rules in the order of the lines. Default: all that are declared, with what BSD meets under other options than the default
 * @example
 * console.log(criteriaTable());
 * // | rule | C1 | C2 | C3 | C4 | C5 | |
 * // | BSD, the default | yes | yes | yes | yes | at a stretch | of InfoNCE ... |
 */
export function criteriaTable(rules: readonly RuleCriteria[] = declared): string {
  const names = Object.keys(criteria) as Criterion[];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["rule", ...names, ""]),
    line(["---", ...names.map(() => "---"), "---"]),
    ...rules.map((rule) => line([rule.label, ...names.map((name) => cell(rule, name)), rule.note])),
    "",
    ...names.map((name) => `- ${name}, ${criteria[name]}`),
  ].join("\n");
}

function cell({ meets, stretched = [] }: RuleCriteria, name: Criterion): string {
  if (!meets.includes(name)) return "no";
  return stretched.includes(name) ? "at a stretch" : "yes";
}
