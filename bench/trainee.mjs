// @ts-check
/** A pair of networks in training: `train(k)` takes k steps and says how long each took. */
import { Bsd, NetworkPair, spawnThread, Team } from "./library.mjs";
import { RECIPE } from "./nets.mjs";

/** @typedef {import("../dist/learning/rule.js").StepReport} StepReport */

/**
 * @typedef {object} Trainee
 * @property {Team} team
 * @property {(steps: number) => number[]} train milliseconds of each step
 * @property {() => StepReport} report of the newest step
 */

/**
 * Builds the pair and trains it for `pretrain` steps. The caller closes `team`.
 *
 * @param {import("./nets.mjs").Net} net
 * @param {import("./batches.mjs").Batches} batches
 * @param {number} threads
 * @param {number} pretrain at least 1
 * @returns {Promise<Trainee>}
 */
export async function startTrainee(net, batches, threads, pretrain) {
  const team = await Team.create({ threads, spawn: spawnThread });
  try {
    return trainee(net, batches, team, pretrain);
  } catch (error) {
    await team.close();
    throw error;
  }
}

/**
 * @param {import("./nets.mjs").Net} net
 * @param {import("./batches.mjs").Batches} batches
 * @param {Team} team
 * @param {number} pretrain
 * @returns {Trainee}
 */
function trainee(net, batches, team, pretrain) {
  const { batch, classes, steps, tau, loss, negatives, temperature, learningRate, weightDecay, clip } = RECIPE;
  const pair = new NetworkPair(team, {
    kind: net.kind,
    hidden: net.hidden,
    steps,
    norm: true,
    tau,
    threshold: { perception: net.threshold, recall: net.threshold },
    stimulus: "direct",
    target: "one-hot",
    targetSize: 0,
    image: { height: net.side, width: net.side, channels: 1 },
    classes,
    maxImages: batch,
    maxRecalls: classes,
    seed: 1,
  });
  const rule = new Bsd(
    pair,
    {
      features: "rate",
      centred: true,
      negatives,
      loss,
      lambda: 0,
      temperature,
      weight: 1,
      stimulusWeight: 1,
      top: "cross-entropy",
      homeostasis: { weight: 0, rate: 0 },
    },
    { weightDecay, clip, clipScope: "stage" },
  );
  const learningRates = { perception: learningRate, recall: learningRate };
  let done = 0;

  /** A whole step as a trainer sees it: the batch is put in place, then learnt. */
  function step() {
    const first = (done % batches.count) * batch;
    const { width, stimuli, labels } = batches;
    for (let image = 0; image < batch; image++) {
      const from = (first + image) * width;
      pair.stimulus.view.set(stimuli.subarray(from, from + width), image * pair.stimulusWidth);
    }
    return rule.step({ labels: labels.subarray(first, first + batch), counter: done++ }, learningRates);
  }

  for (let warm = 1; warm < pretrain; warm++) step();
  let newest = step();
  return {
    team,
    report: () => newest,
    train: (count) =>
      Array.from({ length: count }, () => {
        const start = performance.now();
        newest = step();
        return performance.now() - start;
      }),
  };
}
