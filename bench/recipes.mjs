// @ts-check
/**
 * Does a step of the recipes take as long as the steps that `npm run bench` times? Those are of cosines of firing rates, a chain of recall and equal thresholds, as the peers in PyTorch have them.
 * The same net under both, each after as many steps of training, in turns; one thread unless told otherwise. The recipes' accuracies are in RESULTS.md ("As good as backprop?").
 *
 *   node bench/recipes.mjs [--threads 2] [--rounds 9]          (after npm run build)
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createExperiment, Team } from "../dist/index.js";
import { loadDataset, readExperiment, spawnThread } from "../dist/node/index.js";

const { values } = parseArgs({
  options: { threads: { type: "string", default: "1" }, rounds: { type: "string", default: "9" } },
});
const threads = Number(values.threads);
const rounds = Number(values.rounds);

/** What the bench times, of either net. */
const TIMED = [
  ...["--rule.affinity=cosines", "--rule.temperature=0.1", "--rule.recallFeatures=same"],
  ...["--network.recall=chain", "--train.recallLearningRate=1", "--train.learningRate=0.003"],
];
const NETS = [
  {
    title: "MLP 784-512-512-256-10",
    file: "fashion-mlp",
    timed: ["--network.threshold.recall=1"],
    steps: 300,
    turn: 10,
  },
  { title: "CNN 32-64-128", file: "fashion-cnn", timed: [], steps: 100, turn: 4 },
];

/** @param {readonly number[]} times */
const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/**
 * @param {string} file
 * @param {readonly string[]} overrides
 */
async function trainee(file, overrides) {
  const config = readExperiment(fileURLToPath(new URL(`../experiments/${file}.yaml`, import.meta.url)), [...overrides]);
  const dataset = await loadDataset(config.data);
  const team = await Team.create({ threads, spawn: spawnThread });
  const { model, rule, trainIndices } = createExperiment(team, config, dataset);
  const { batch, learningRate, recallLearningRate } = config.train;
  const rates = { perception: learningRate, recall: learningRate * recallLearningRate };
  let done = 0;
  /** @type {readonly number[]} */
  let fired = [];
  /** @param {number} count @returns {number[]} milliseconds a step */
  const train = (count) =>
    Array.from({ length: count }, () => {
      const from = (done * batch) % (trainIndices.length - batch);
      model.load(dataset.train, trainIndices, from, batch);
      const labels = Uint16Array.from(trainIndices.subarray(from, from + batch), (at) => dataset.train.labels[at] ?? 0);
      const began = performance.now();
      ({ perceptionRates: fired } = rule.step({ labels, counter: done++ }, rates));
      return performance.now() - began;
    });
  return { train, team, rates: () => fired.map((rate) => rate.toFixed(2)).join(" / ") };
}

console.log(`| net | the recipe, ms | as timed, ms | ratio (of rounds) | rates, recipe | rates, as timed |`);
console.log("|---|---:|---:|---:|---:|---:|");
for (const { title, file, timed, steps, turn } of NETS) {
  const recipe = await trainee(file, []);
  const other = await trainee(file, [...TIMED, ...timed]);
  for (const { train } of [recipe, other]) train(steps);
  const turns = Array.from({ length: rounds }, () => ({ ours: recipe.train(turn), theirs: other.train(turn) }));
  const ours = median(turns.flatMap((round) => round.ours));
  const theirs = median(turns.flatMap((round) => round.theirs));
  const ratios = turns.map((round) => median(round.ours) / median(round.theirs)).toSorted((a, b) => a - b);
  const cells = [ours.toPrecision(3), theirs.toPrecision(3)];
  const range = `${(ours / theirs).toFixed(2)} (${ratios[0]?.toFixed(2)}–${ratios.at(-1)?.toFixed(2)})`;
  console.log(`| ${title} | ${cells.join(" | ")} | ${range} | ${recipe.rates()} | ${other.rates()} |`);
  await recipe.team.close();
  await other.team.close();
}
