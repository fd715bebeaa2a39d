// @ts-check
/** The nets that are measured whole, here and in PyTorch, with the recipe both sides train them by. */

/**
 * @typedef {object} Net
 * @property {"mlp" | "cnn"} kind
 * @property {string} title
 * @property {readonly number[]} hidden neurons (mlp) or channels (cnn) of each hidden stage
 * @property {number} threshold of perception's and recall's neurons; firing rates, and so our time, depend on it
 * @property {number} side pixels of the square frame images are centred in
 * @property {number} pretrain steps before anything is timed, so that firing rates are those of a trained net
 * @property {number} quickPretrain the same for a quick run
 */

/** @type {Omit<Net, "title" | "threshold">} */
const MLP = { kind: "mlp", hidden: [512, 512, 256], side: 28, pretrain: 300, quickPretrain: 20 };

/** @type {readonly Net[]} */
export const NETS = [
  // Our recipe's threshold, as in experiments/fashion-mlp.yaml, and the paper's.
  { ...MLP, title: "MLP 784-512-512-256-10", threshold: 1 },
  { ...MLP, title: "MLP 784-512-512-256-10, threshold 0.6", threshold: 0.6 },
  {
    kind: "cnn",
    title: "CNN 32-64-128, 32x32x1",
    hidden: [32, 64, 128],
    threshold: 0.6,
    side: 32,
    pretrain: 60,
    quickPretrain: 3,
  },
];

/** What one training step does; the peers are started with the same numbers. */
export const RECIPE = {
  batch: 128,
  classes: 10,
  steps: 4,
  tau: 2,
  loss: /** @type {const} */ ("infonce"),
  negatives: /** @type {const} */ ("prototypes"),
  temperature: 0.1,
  learningRate: 3e-3,
  weightDecay: 0.01,
  clip: 1,
};
