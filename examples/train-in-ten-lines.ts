/**
 * Trains a pair of networks and measures it. MNIST for an epoch by default; a folder of images, and any setting, in its place:
 *
 *   $ node train-in-ten-lines.ts my-images --train.epochs=10
 */
import { createExperiment, evaluate, resolveConfig, Team, trainExperiment } from "bispike";
import { loadDataset, spawnThread } from "bispike/node";

const [path, ...overrides] = process.argv.slice(2);
const config = resolveConfig({ data: path ? { path } : { name: "mnist" }, train: { epochs: 1 } }, overrides);
const dataset = await loadDataset(config.data);
const team = await Team.create({ threads: 2, spawn: spawnThread });
const experiment = createExperiment(team, config, dataset);
await trainExperiment(experiment);
const all = Int32Array.from(dataset.test.labels, (_, i) => i);
console.log((await evaluate(experiment.model, dataset.test, all)).accuracy);
await team.close();
