// @ts-check
/** The recurrent nets that are measured, here and in PyTorch, with the recipe both sides train them by. */

/**
 * @typedef {object} SequenceNet
 * @property {string} title
 * @property {"symbols" | "values"} kind of inputs and target: next characters of Alice, or regression on a made series
 * @property {number} inputs values an element; of a text, 0: the alphabet decides
 * @property {number} hidden neurons of the one recurrent stage
 * @property {number} window positions
 * @property {number} rows windows side by side
 * @property {SequenceEffort} effort
 * @property {SequenceEffort | undefined} quick the same for a quick run; undefined: a quick run leaves the net out
 */

/**
 * @typedef {object} SequenceEffort
 * @property {number} pretrain steps before anything of ours is timed, so that firing rates are those of a trained net
 * @property {number} peerPretrain the same for the peers, whose time does not depend on firing rates
 * @property {number} rounds turns against the peers
 * @property {number} turn timed steps a turn
 * @property {number} elements timed elements a turn of streaming inference
 * @property {number} trial timed steps, after one untimed, that a thread setting of a peer is tried with
 */

/** @type {SequenceEffort} */
const EFFORT = { pretrain: 250, peerPretrain: 5, rounds: 9, turn: 6, elements: 1000, trial: 4 };
/** @type {SequenceEffort} */
const QUICK = { pretrain: 2, peerPretrain: 1, rounds: 1, turn: 1, elements: 50, trial: 0 };

const SERIES = /** @type {const} */ ({ kind: "values", hidden: 300, window: 32, rows: 64, effort: EFFORT });

/** @type {readonly SequenceNet[]} */
export const SEQUENCE_NETS = [
  {
    ...{ title: "next character, 324 neurons", kind: "symbols", inputs: 0, hidden: 324, window: 32, rows: 64 },
    ...{ effort: EFFORT, quick: QUICK },
  },
  // As many inputs as ETTh1 has beside its target, and as METR-LA has.
  { ...SERIES, title: "regression, 6 inputs, 300 neurons", inputs: 6, quick: QUICK },
  { ...SERIES, title: "regression, 206 inputs, 300 neurons", inputs: 206, quick: undefined },
];

/**
 * What one training step does; the peers are started with the same numbers. It is the net of experiments/alice.yaml under BSD as the paper has it, of cosines of firing rates, every other row of a
 * block a negative, and no pull on the rates: what the peers do too. A test holds it against that file with the options of cosines.
 */
export const SEQUENCE_RECIPE = {
  steps: 4,
  tau: 2,
  threshold: 1,
  population: { size: 24, range: 2.5 },
  rivals: /** @type {const} */ ("literal"),
  block: 64,
  temperature: 0.05,
  learningRate: 6e-3,
  weightDecay: 0.01,
  clip: 1,
};

/**
 * The nets of a run, each with the effort it is run with.
 *
 * @param {boolean} quick
 * @returns {SequenceNet[]}
 */
export function sequenceNets(quick) {
  if (!quick) return [...SEQUENCE_NETS];
  return SEQUENCE_NETS.flatMap((net) => (net.quick ? [{ ...net, effort: net.quick }] : []));
}

/**
 * A net and its recipe as a peer's command line.
 *
 * @param {SequenceNet} net
 * @param {import("./data.mjs").SequenceData} data
 * @param {import("./data.mjs").SequenceFiles} files
 * @param {number} pretrain steps before it is ready
 */
export function sequencePeerArguments(net, { set }, files, pretrain) {
  const r = SEQUENCE_RECIPE;
  const options = {
    ...{ kind: net.kind, inputs: set.inputs.width, targets: set.targets.width, hidden: net.hidden },
    ...{ window: net.window, rows: net.rows, steps: r.steps, theta: r.threshold, tau: r.tau },
    ...{ block: r.block, temperature: r.temperature, lr: r.learningRate },
    ...{ "code-size": r.population.size, "code-range": r.population.range },
    ...{ ...files, pretrain },
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
