// @ts-check
/** The built library, in one place: what the benchmark uses of it. `run.mjs` checks first that it was built. */

export { fillBatch } from "../dist/data/batch.js";
export { loadDataset } from "../dist/data/load.js";
export { channelStatistics } from "../dist/data/normalise.js";
export { loadSequence } from "../dist/data/sequence/load.js";
export { windowStarts } from "../dist/data/sequence/series.js";
export { regression } from "../dist/data/sequence/task.js";
export { permutation, RandomStream } from "../dist/engine/random.js";
export { Team } from "../dist/engine/team.js";
export { BispikeError } from "../dist/errors.js";
export { decide } from "../dist/measurement/decide.js";
export { ConvSynapses } from "../dist/network/conv.js";
export { perceive } from "../dist/network/inference.js";
export { Layer } from "../dist/network/layer.js";
export { LinearSynapses } from "../dist/network/linear.js";
export { neuronDefaults } from "../dist/network/neuron.js";
export { NetworkPair } from "../dist/network/pair.js";
export { initialise, ParameterGroup } from "../dist/network/parameters.js";
export { Population } from "../dist/network/population.js";
export { SequencePair } from "../dist/network/sequence-pair.js";
export { flat } from "../dist/network/shape.js";
export { spawnThread } from "../dist/node/threads.js";
export { Bsd } from "../dist/problems/classify-ends.js";
export { SequenceBsd } from "../dist/problems/sequence-ends.js";
export { SequenceStream } from "../dist/problems/sequence-stream.js";
export { SequenceBackprop } from "../dist/rules/backprop.js";
export { AdamW } from "../dist/rules/optimiser.js";
export { exportState, importState } from "../dist/training/state.js";
