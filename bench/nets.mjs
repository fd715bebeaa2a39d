// @ts-check
/** The nets that are measured whole, here and in PyTorch, with the recipe both sides train them by. */

/**
 * @typedef {object} Net
 * @property {"mlp" | "cnn"} kind
 * @property {string} title
 * @property {string} family short name; nets of one family differ in firing rates alone
 * @property {readonly number[]} hidden neurons (mlp) or channels (cnn) of each hidden stage
 * @property {number} batch images
 * @property {number} steps T, time steps a sample is shown
 * @property {number} threshold of perception's and recall's neurons; firing rates, and so our time, depend on it
 * @property {{ readonly weight: number, readonly rate: number }} homeostasis pull on neurons that fire above the rate; weight 0: none
 * @property {number} side pixels of the square frame images are centred in
 * @property {number} channels of an image: 1, or 3 (CIFAR-10, or its stand-in: see colour.mjs)
 * @property {Readonly<Record<number, number>>} target by threads: how many times faster than the fastest peer a step is to be
 * @property {Effort} effort
 * @property {Effort | undefined} quick the same for a quick run; undefined: a quick run leaves the net out
 */

/**
 * How much of a net is run. A step of the large net takes PyTorch seconds, so it gets few.
 *
 * @typedef {object} Effort
 * @property {number} pretrain steps before anything of ours is timed, so that firing rates are those of a trained net
 * @property {number} peerPretrain the same for the peers, whose time does not depend on firing rates
 * @property {number} timed steps of ours that are timed alone
 * @property {number} profiled steps the profile is taken over
 * @property {number} rounds turns against the peers
 * @property {number} turn timed steps a turn
 * @property {number} trial timed steps, after one untimed, that a thread setting of a peer is tried with
 */

const NO_PULL = { weight: 0, rate: 0 };
const CONVOLUTIONAL_TARGET = { 1: 5, 2: 7 };

/** @type {Omit<Net, "title" | "threshold">} */
const MLP = {
  kind: "mlp",
  family: "MLP",
  hidden: [512, 512, 256],
  batch: 128,
  steps: 4,
  homeostasis: NO_PULL,
  side: 28,
  channels: 1,
  target: { 1: 2.5, 2: 4 },
  effort: { pretrain: 300, peerPretrain: 50, timed: 60, profiled: 20, rounds: 9, turn: 10, trial: 5 },
  quick: { pretrain: 20, peerPretrain: 1, timed: 5, profiled: 5, rounds: 2, turn: 3, trial: 0 },
};

/** @type {Omit<Net, "title" | "homeostasis">} */
const CNN = {
  kind: "cnn",
  family: "CNN",
  hidden: [32, 64, 128],
  batch: 128,
  steps: 4,
  threshold: 0.6,
  side: 32,
  channels: 1,
  target: CONVOLUTIONAL_TARGET,
  effort: { pretrain: 100, peerPretrain: 2, timed: 20, profiled: 10, rounds: 5, turn: 4, trial: 2 },
  quick: { pretrain: 3, peerPretrain: 1, timed: 3, profiled: 2, rounds: 1, turn: 2, trial: 0 },
};

/** @type {readonly Net[]} */
export const NETS = [
  // Perception's threshold in experiments/fashion-mlp.yaml, and the paper's, for both networks.
  { ...MLP, title: "MLP 784-512-512-256-10", threshold: 1 },
  { ...MLP, title: "MLP 784-512-512-256-10, threshold 0.6", threshold: 0.6, quick: undefined },
  // The pull of experiments/fashion-cnn.yaml, and the same net left to fire as it likes; recall runs from stage to stage here.
  { ...CNN, title: "CNN 32-64-128, 32x32x1", homeostasis: { weight: 10, rate: 0.15 } },
  {
    ...CNN,
    title: "CNN 32-64-128, 32x32x1, no homeostasis",
    homeostasis: NO_PULL,
    quick: undefined,
  },
  {
    ...CNN,
    title: "CNN 128-128-256-256-512, 32x32x3",
    family: "large CNN",
    hidden: [128, 128, 256, 256, 512],
    channels: 3,
    homeostasis: { weight: 10, rate: 0.15 },
    effort: { pretrain: 30, peerPretrain: 1, timed: 6, profiled: 3, rounds: 3, turn: 1, trial: 1 },
    quick: undefined,
  },
];

/** What one training step does; the peers are started with the same numbers. */
export const RECIPE = {
  classes: 10,
  tau: 2,
  loss: /** @type {const} */ ("infonce"),
  rivals: /** @type {const} */ ("prototypes"),
  temperature: 0.1,
  learningRate: 3e-3,
  weightDecay: 0.01,
  clip: 1,
};

/**
 * The nets of a run, each with the effort it is run with.
 *
 * @param {boolean} quick
 * @returns {Net[]}
 */
export function netsOf(quick) {
  if (!quick) return [...NETS];
  return NETS.flatMap((net) => (net.quick ? [{ ...net, effort: net.quick }] : []));
}
