/**
 * What if stages did not each teach themselves to tell the classes, but what the whole net has yet to learn? Rule `shared-decision` is BSD of dot products in which a part of every hidden
 * stage's error is the net's: with p the softmax of the stage's products, q that of the concept's drive, y the label,
 *
 *   dL/dA_kj = ((1 - SHARE) (p_kj - y_kj) + SHARE (q_kj - y_kj)) / (K temperature)
 *
 * q reaches the stages as a number a class, as the error of direct feedback alignment does, but through recall's rows in place of random matrices: rows that learn by the same error, as feedback
 * does in direct Kolen-Pollack learning (Webster, Choi and Ahn 2021). It is known when perception has reached the top, so a step runs perception twice, and the criteria that direct feedback
 * alignment fails are failed: C2, C3 and C5. A variant to learn from. (Stage 1 is compared by the same loss, which reaches what recall draws alone; the norms' running statistics move twice a step.)
 *
 *   SHARE   from 0, BSD of dots without a margin, to 1 (default 0.5)
 *
 *   $ SHARE=0.5 bispike train experiments/cifar10-wide.yaml --plugin experiments/shared-decision.mjs --rule.name=shared-decision --judge held-out
 */
/** @param {typeof import("bispike")} bispike */
export default function register({ registerRule, registerStageLoss, Bsd, BispikeError }) {
  const share = Number(process.env.SHARE ?? "0.5");
  if (!(share >= 0 && share <= 1))
    throw new BispikeError("usage", `shared-decision: expected SHARE from 0 to 1, got ${process.env.SHARE}`);
  /** Of the newest batch, [image][class]: what the net decides, by the concept's drive. */
  let decided = new Float64Array(0);

  /**
   * Overwrites a row with its softmax; returns the logarithm of the sum of exponentials.
   *
   * @param {Float64Array} row
   */
  function softmax(row) {
    const top = Math.max(...row);
    let sum = 0;
    for (let j = 0; j < row.length; j++) sum += row[j] = Math.exp(/** @type {number} */ (row[j]) - top);
    for (let j = 0; j < row.length; j++) row[j] = /** @type {number} */ (row[j]) / sum;
    return Math.log(sum) + top;
  }

  registerStageLoss("shared-decision", ({ weight, features, temperature }) => (_team, affinity, pairing, out) => {
    const { rows, columns, dots } = affinity;
    out.rowOwn.view.fill(0, 0, rows);
    out.columnOwn.view.fill(0, 0, columns);
    let loss = 0;
    for (let k = 0; k < rows; k++) {
      const own = /** @type {number} */ (pairing.positive.view[k]);
      const p = dots.view.slice(k * columns, (k + 1) * columns).map((dot) => dot / (features * temperature));
      const ofOwn = /** @type {number} */ (p[own]);
      loss += softmax(p) - ofOwn;
      for (let j = 0; j < columns; j++) {
        const blend =
          (1 - share) * /** @type {number} */ (p[j]) + share * /** @type {number} */ (decided[k * columns + j]);
        out.mix.view[k * columns + j] = (weight * (blend - (j === own ? 1 : 0))) / (rows * temperature * features);
      }
    }
    return (weight * loss) / rows;
  });

  /**
   * Runs perception up to the concept, and keeps what it decides.
   *
   * @param {import("bispike").NetworkPair} pair
   * @param {Parameters<InstanceType<typeof Bsd>["step"]>[0]} batch
   */
  function decide(pair, { labels, counter }) {
    const { classes } = pair.target;
    pair.encode(labels.length, counter, true);
    for (const layer of pair.perception) {
      layer.forward(labels.length, { train: true });
      layer.output?.list(labels.length, true);
    }
    const { features, featureWidth } = pair.conceptDrive;
    decided = new Float64Array(labels.length * classes);
    for (let k = 0; k < labels.length; k++) {
      const row = decided.subarray(k * classes, (k + 1) * classes);
      row.set(features.view.subarray(k * featureWidth, k * featureWidth + classes));
      softmax(row);
    }
  }

  registerRule("shared-decision", {
    networks: "both",
    keepDrives: false,
    create: (pair, { rule, optimiser }) => {
      if (rule.rivals !== "prototypes" || pair.options.target !== "one-hot")
        throw new BispikeError("usage", "shared-decision: expected rivals prototypes and a one-hot target");
      const bsd = new Bsd(pair, { ...rule, loss: "shared-decision" }, optimiser);
      const step = bsd.step.bind(bsd);
      bsd.step = (batch, learningRates) => {
        decide(pair, batch);
        return step(batch, learningRates);
      };
      return bsd;
    },
  });
}
