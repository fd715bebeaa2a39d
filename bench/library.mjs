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
export { decide } from "../dist/measure/decide.js";
export { ConvSynapses } from "../dist/nets/conv.js";
export { perceive } from "../dist/nets/inference.js";
export { Layer } from "../dist/nets/layer.js";
export { LinearSynapses } from "../dist/nets/linear.js";
export { neuronDefaults } from "../dist/nets/neuron.js";
export { NetworkPair } from "../dist/nets/pair.js";
export { initialise, ParameterGroup } from "../dist/nets/parameters.js";
export { Population } from "../dist/nets/population.js";
export { SequencePair } from "../dist/nets/sequence-pair.js";
export { flat } from "../dist/nets/shape.js";
export { spawnThread } from "../dist/node/threads.js";
export { Bsd } from "../dist/problems/classify.js";
export { SequenceBsd } from "../dist/problems/sequence.js";
export { SequenceStream } from "../dist/problems/sequence-stream.js";
export { SequenceBackprop } from "../dist/rules/backprop.js";
export { AdamW } from "../dist/rules/optimiser.js";
export { exportState, importState } from "../dist/training/state.js";
