// @ts-check
/**
 * Which threshold should the concept's neurons have? Decides the validation images of a trained run by spikes at several thresholds; the weights are the same.
 *
 *   node experiments/concept-threshold.mjs runs/fashion-mlp-seed1
 */
import { createModel, decide, importState, perceive, spikingModel, splitValidation } from "bispike";
import { createTeam, loadDataset, openCheckpoint } from "bispike/node";

const [run] = process.argv.slice(2);
if (!run) throw new Error("usage: node experiments/concept-threshold.mjs RUN");
const { checkpoint } = openCheckpoint(run);
const { config, data, tensors } = checkpoint;
const { train } = await loadDataset(config.data);
const { validation } = splitValidation(train, config.data.validation, config.train.seed);

console.log("threshold  accuracy %  silent %");
for (const concept of [0.3, 0.6, 1, 1.5, 2, 3, 4, 1000]) {
  const team = await createTeam(1);
  const threshold = { ...config.network.threshold, concept };
  const model = createModel(team, { ...config, network: { ...config.network, threshold } }, data);
  const { pair } = spikingModel(model, run);
  importState(pair, tensors, { optimiser: false });
  let right = 0;
  let silent = 0;
  for (let from = 0; from < validation.length; from += config.train.batch) {
    const count = model.load(train, validation, from, Math.min(config.train.batch, validation.length - from));
    perceive(pair, count);
    for (const [k, { class: decided, cosines }] of decide(pair, count).entries()) {
      if (decided === train.labels[/** @type {number} */ (validation[from + k])]) right++;
      if (cosines.every((cosine) => cosine === 0)) silent++;
    }
  }
  const percent = (/** @type {number} */ n) => ((100 * n) / validation.length).toFixed(2).padStart(10);
  // At 1000 nothing fires: the mean drive decides alone.
  console.log(`${String(concept).padStart(9)}${percent(right)}${percent(silent)}`);
  await team.close();
}
