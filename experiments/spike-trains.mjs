// @ts-check
/**
 * How periodic are trained neurons' spike trains? Perceives test images with a trained run and recalls its concepts; prints, a population, its
 * firing rate, spikes and motifs an active neuron (what a product adds up without and with listing by motif), and its commonest trains.
 *
 *   node experiments/spike-trains.mjs runs/fashion-mlp-seed1
 */
import { createModel, importState, perceive, recallConcepts, spikingModel } from "bispike";
import { createTeam, loadDataset, openCheckpoint } from "bispike/node";

const [run] = process.argv.slice(2);
if (!run) throw new Error("usage: node experiments/spike-trains.mjs RUN");
const { checkpoint } = openCheckpoint(run);
const { config, data, tensors } = checkpoint;
const { train } = await loadDataset(config.data);
const team = await createTeam(1);
const model = spikingModel(createModel(team, config, data), run);
importState(model.pair, tensors, { optimiser: false });
const count = model.load(
  train,
  Int32Array.from({ length: config.train.batch }, (_, i) => i),
  0,
  config.train.batch,
);
perceive(model.pair, count);
recallConcepts(model.pair, [...data.classNames.keys()]);

for (const layer of [...model.pair.perception, ...model.pair.recall]) {
  const spikes = layer.output;
  if (!spikes) continue;
  const images = layer.name.startsWith("perception") ? count : data.classNames.length;
  const { height, width, channels } = spikes.shape;
  /** @type {Map<string, number>} */
  const trains = new Map();
  let active = 0;
  let fired = 0;
  for (let b = 0; b < images; b++) {
    for (let p = 0; p < height * width; p++) {
      for (let c = 0; c < channels; c++) {
        const steps = Array.from({ length: spikes.steps }, (_, t) => spikes.fired(b, t, p, c));
        const own = steps.filter(Boolean).length;
        if (own === 0) continue;
        active++;
        fired += own;
        const train = steps.map((spike) => (spike ? "|" : ".")).join("");
        trains.set(train, (trains.get(train) ?? 0) + 1);
      }
    }
  }
  const common = [...trains].sort(([, a], [, b]) => b - a).slice(0, 4);
  const shares = common.map(([train, times]) => `${train} ${((100 * times) / active).toFixed(0)} %`).join(", ");
  const rate = fired / (images * height * width * channels * spikes.steps);
  const motifs = spikes.listed(images) / active;
  console.log(
    `${layer.name}: rate ${rate.toFixed(3)}, an active neuron ${(fired / active).toFixed(2)} spikes in ${motifs.toFixed(2)} motifs; ${shares}`,
  );
}
await team.close();
