/**
 * A stage loss of one's own, in which a sample's own recall must be nearer than every other by a margin:
 *
 *   l = sum over negatives j of max(0, margin + C_j - C_own)^2,   C the cosines
 *
 *   $ bispike train experiments/mnist-mlp.yaml --plugin examples/plugins/margin-loss.mjs --rule.loss=margin
 */
const MARGIN = 0.5;

/** @param {typeof import("bispike")} bispike */
export default function register({ registerStageLoss, cosineRows }) {
  registerStageLoss("margin", ({ weight }) =>
    cosineRows(weight, ({ cosines, positive, negative }, slopes) => {
      const [own = 0] = cosines.subarray(positive);
      const over = cosines.map((cosine, j) => (negative[j] ? Math.max(0, MARGIN + cosine - own) : 0));
      slopes.set(over.map((excess) => 2 * excess));
      slopes[positive] = -2 * over.reduce((sum, excess) => sum + excess, 0);
      return over.reduce((sum, excess) => sum + excess ** 2, 0);
    }),
  );
}
