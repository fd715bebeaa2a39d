// @ts-check
/** The built library, in one place: what the benchmark uses of it. `run.mjs` checks first that it was built. */

export { fillBatch } from "../dist/data/batch.js";
export { loadDataset } from "../dist/data/load.js";
export { channelStatistics } from "../dist/data/normalise.js";
export { permutation, RandomStream } from "../dist/engine/random.js";
export { Team } from "../dist/engine/team.js";
export { BispikeError } from "../dist/errors.js";
export { Bsd } from "../dist/learning/bsd.js";
export { ConvSynapses } from "../dist/network/conv.js";
export { LinearSynapses } from "../dist/network/linear.js";
export { NetworkPair } from "../dist/network/pair.js";
export { ParameterGroup } from "../dist/network/parameters.js";
export { Population } from "../dist/network/population.js";
export { flat } from "../dist/network/shape.js";
export { spawnThread } from "../dist/node/threads.js";
