// @ts-check
/**
 * Why ReCo trails InfoNCE: whom does a stage loss teach? A sample is right at a stage where its own class's recall is nearest. InfoNCE's slopes on the cosines fade once a sample is right;
 * ReCo's do not, as it draws every sample to its prototype as far as it goes. Counted here over a training: the share of all slopes (sum of |dl/dC|) that samples get which are right already.
 * As a control ReCo with an end, "reco-open", which lets go of a sample whose own cosine leads by a margin: if the slopes of the right are what holds ReCo back, it gains.
 *
 *   node experiments/loss-focus.mjs [SEEDS] [MARGIN]
 *
 * MLP 784-512-256-10 on 9,984 images of Fashion-MNIST for three epochs, accuracy on 10,000 validation images, one thread; rates compared with recall's drive.
 */
import { cosineRows, createExperiment, registerStageLoss, resolveConfig, trainExperiment } from "bispike";
import { createTeam, loadDataset } from "bispike/node";

const SEEDS = Number(process.argv[2] ?? 3);
const MARGIN = Number(process.argv[3] ?? 0.4);

/** @typedef {import("bispike").RowLoss} RowLoss */

/** Slopes given to samples that were right, and to all, and samples that were right, and all. */
const seen = { right: 0, all: 0, rightSamples: 0, samples: 0 };

/** Distance by which a sample's own cosine leads. @param {Parameters<RowLoss>[0]} row */
function leadOf({ cosines, positive, negative }) {
  const rival = cosines.reduce((most, cosine, j) => (negative[j] ? Math.max(most, cosine) : most), -1);
  return (cosines[positive] ?? 0) - rival;
}

/** A loss whose slopes are counted. @param {(temperature: number, lambda: number) => RowLoss} make */
function watched(make) {
  /** @type {import("bispike").StageLossFactory} */
  return ({ weight, temperature, lambda }) => {
    const loss = make(temperature, lambda);
    return cosineRows(weight, (row, slopes) => {
      const value = loss(row, slopes);
      const size = slopes.reduce((sum, slope) => sum + Math.abs(slope), 0);
      const right = leadOf(row) > 0;
      seen.all += size;
      seen.samples++;
      if (right) seen.right += size;
      if (right) seen.rightSamples++;
      return value;
    });
  };
}

/** @type {(temperature: number) => RowLoss} */
const infonce =
  (temperature) =>
  ({ cosines, positive }, slopes) => {
    const odds = cosines.map((cosine) => Math.exp(cosine / temperature));
    const sum = odds.reduce((a, b) => a + b, 0);
    slopes.set(odds.map((odd, j) => (odd / sum - (j === positive ? 1 : 0)) / temperature));
    return Math.log(sum / (odds[positive] ?? 0));
  };

/** @type {(temperature: number, lambda: number) => RowLoss} */
const reco =
  (_, lambda) =>
  ({ cosines, positive, negative }, slopes) => {
    const over = cosines.map((cosine, j) => (negative[j] ? Math.max(0, cosine) : 0));
    slopes.set(over.map((cosine) => 2 * lambda * cosine));
    const gap = 1 - (cosines[positive] ?? 0);
    slopes[positive] = -2 * gap;
    return gap ** 2 + lambda * over.reduce((sum, cosine) => sum + cosine ** 2, 0);
  };

/** @type {(temperature: number, lambda: number) => RowLoss} */
const recoOpen = (temperature, lambda) => {
  const whole = reco(temperature, lambda);
  return (row, slopes) => (leadOf(row) > MARGIN ? 0 : whole(row, slopes));
};

/** ReCo whose samples count by how undecided they are: 1 - InfoNCE's probability of their own class, held constant. @type {(temperature: number, lambda: number) => RowLoss} */
const recoUndecided = (temperature, lambda) => {
  const whole = reco(temperature, lambda);
  return (row, slopes) => {
    const odds = row.cosines.map((cosine) => Math.exp(cosine / temperature));
    const doubt = 1 - (odds[row.positive] ?? 0) / odds.reduce((a, b) => a + b, 0);
    const value = whole(row, slopes);
    slopes.set(slopes.map((slope) => doubt * slope));
    return doubt * value;
  };
};

registerStageLoss("watched-infonce", watched(infonce));
registerStageLoss("watched-reco", watched(reco));
registerStageLoss("reco-open", watched(recoOpen));
registerStageLoss("reco-undecided", watched(recoUndecided));

const dataset = await loadDataset({ name: "fashion-mnist" });
console.log("loss             held out, %  slopes of the right, %  samples right, %");
for (const loss of ["watched-infonce", "watched-reco", "reco-open", "reco-undecided"]) {
  /** @type {number[]} */
  const accuracies = [];
  Object.assign(seen, { right: 0, all: 0, rightSamples: 0, samples: 0 });
  for (let seed = 1; seed <= SEEDS; seed++) {
    const config = resolveConfig({
      data: { name: "fashion-mnist", limit: 9984, validation: 10000 },
      network: { hidden: [512, 256] },
      rule: { loss, recallFeatures: "drive" },
      train: { epochs: 3, seed, threads: 1 },
    });
    const team = await createTeam(1);
    const { best } = await trainExperiment(createExperiment(team, config, dataset));
    accuracies.push(100 * (best?.score ?? 0));
    team.close();
  }
  const mean = accuracies.reduce((a, b) => a + b, 0) / SEEDS;
  const spread = Math.sqrt(accuracies.reduce((sum, a) => sum + (a - mean) ** 2, 0) / Math.max(1, SEEDS - 1));
  const shares = [seen.right / seen.all, seen.rightSamples / seen.samples].map((share) => (100 * share).toFixed(1));
  console.log(`${loss.padEnd(16)} ${mean.toFixed(2)} ± ${spread.toFixed(2)}  ${shares.join("  ")}`);
}
