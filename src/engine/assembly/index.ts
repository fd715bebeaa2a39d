/** All kernels. Each takes (begin, end, thread, ...): the range of items this thread computes, and its number for scratch memory. */
export { linearEvents } from "./accumulate";
export { linearTable } from "./table";
export { linearEventsGradient } from "./correlate";
export { linearDense, linearDenseGradient } from "./gemm";
export { listValues, transposeValues, linearValued, linearValuedGradient } from "./valued";
export { collapse, convolve } from "./conv";
export { convolveGradient } from "./conv-gradient";
export { convolveReal } from "./conv-real";
export { convolveRealGradient } from "./conv-real-gradient";
export { emit, transpose } from "./events";
export { moments, normStatistics, normGradient } from "./norm";
export { neuronForward } from "./neuron";
export { neuronBackward } from "./neuron-gradient";
export { readout, readoutBackward } from "./readout";
export { centre, dots, squares, combine } from "./affinity";
export { softmaxCrossEntropy, exponential, logarithm } from "./softmax";
export { sumSquares, adamw } from "./optimiser";
export { poissonCode, latencyCode, philoxBlock } from "./coding";
