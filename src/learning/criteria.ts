/**
 * The five criteria of biological plausibility that BSD's authors set up, and which rule meets which. Declared here, once; `test/invariant/criteria.test.ts` finds out by
 * perturbation, and fails where a declaration is not what a rule does. They are about hidden stages; what a rule's top stage or its norm does is in the notes.
 *
 * On nets of real numbers `test/invariant/criteria-real.test.ts` does the same. Errors that come from the stage above are no local signal here, by whatever weights they come; BSD's
 * authors are more generous to DLL and predictive coding, which the notes say.
 */
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
  /** What a reader should know beside yes and no. */
  readonly note: string;
}

/** By the rule's name in a configuration. */
export const criteriaOfRules = {
  bsd: {
    label: "BSD",
    meets: ["C1", "C2", "C3", "C4", "C5"],
    note: "negatives are the batch's or the classes' prototypes; the slopes of InfoNCE and of the top's cross-entropy have a sign, though they stay in their stage: for C5 as the paper reads it take `rule.loss: reco` and `rule.top: reco`; with `rule.recallFeatures: drive` or `membrane` perception learns from a voltage that recall's weights make, not from spikes alone, though spikes alone leave the stage; it has both signs, as the values have for which CCL is denied C5; of a stage that a one-hot concept drives (the highest hidden one, with `network.recall: broadcast` all) that voltage is a normed column of recall's weights, so InfoNCE of dots teaches it as a linear classifier would: what local losses send back through transposes comes here as another network's activity; with `rule.reach`, a variant for comparison, C1 and C4 (by `rule.carriers: transposes` C4 alone), with `rule.detached: false`, another, C4 alone",
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
  "real-backprop": { label: "BP on ANN", meets: [], note: "real numbers" },
  dll: {
    label: "DLL",
    meets: ["C1"],
    note: "real numbers; BSD's authors list C1 to C3, but the top's errors come down stage by stage, as in FA, only by weights that learn",
  },
  "predictive-coding": {
    label: "predictive coding",
    meets: [],
    note: "real numbers; BSD's authors list C2: updates read a stage's own error and input, but values settle by what the stages above send down through transposed weights",
  },
  ccl: {
    label: "CCL",
    meets: ["C1", "C2", "C3"],
    note: "real numbers, of both signs unless units are rectified, and so are the other net's values that a stage is taught by; each stage compares a batch's images with the classes",
  },
  "real-bsd": {
    label: "BSD on ANN",
    meets: ["C1", "C2", "C3"],
    note: "real numbers; the stage losses of BSD on units that do not spike",
  },
} as const satisfies Readonly<Record<string, RuleCriteria>>;

/**
 * The criteria table in Markdown, a line a rule.
 *
 * @param rules in the order of the lines. Default: all that are declared
 * @example
 * console.log(criteriaTable());
 * // | rule | C1 | C2 | C3 | C4 | C5 | |
 * // | BSD | yes | yes | yes | yes | yes | negatives are ... |
 */
export function criteriaTable(rules: readonly RuleCriteria[] = Object.values(criteriaOfRules)): string {
  const names = Object.keys(criteria) as Criterion[];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["rule", ...names, ""]),
    line(["---", ...names.map(() => "---"), "---"]),
    ...rules.map(({ label, meets, note }) =>
      line([label, ...names.map((name) => (meets.includes(name) ? "yes" : "no")), note]),
    ),
    "",
    ...names.map((name) => `- ${name}, ${criteria[name]}`),
  ].join("\n");
}
