// @ts-check
/** Costs of the kernels that work on every number: real inputs, neurons, norms, features, the optimiser. */
import { pooledPixels } from "./cost-events.mjs";

/** @typedef {import("./cost.mjs").Call} Call */
/** @typedef {import("./cost.mjs").Cost} Cost */

/** Floats and bytes of a row of 16 neurons, bytes of a float. */
const LANES = 16;
const ROW = 64;
const FLOAT = 4;
/** Bytes of an entry of a real input's lists: value and row; two values and row. */
const VALUE_ENTRY = 8;
const PAIR_ENTRY = 12;

/** Rows of drives and row-steps of spikes of a layer's neurons. */
const neuronRows = (/** @type {Call} */ { of }) => {
  const pixels = of("images") * of("pixels") * of("tiles");
  return { pixels, drives: pixels * of("zSteps"), spikes: pixels * of("steps") };
};

/** @type {Readonly<Record<string, (call: Call) => Cost>>} */
export const denseCosts = {
  linearDense: ({ items, of }) => ({
    adds: items * LANES * of("images") * of("inputs"),
    fetched: 0,
    divisions: 0,
    bytes: items * ROW * (of("inputs") + of("images")) + FLOAT * of("images") * of("inputs"),
  }),

  linearDenseGradient: ({ items, of }) => ({
    adds: items * LANES * of("images") * of("inputs"),
    fetched: 0,
    divisions: 0,
    bytes:
      items * ROW * (of("inputs") + of("images") * (of("coefficients") ? 2 : 1)) + FLOAT * of("images") * of("inputs"),
  }),

  matrixProduct: ({ of }) => ({
    adds: of("rows") * of("columns") * of("depth"),
    fetched: 0,
    divisions: 0,
    bytes:
      FLOAT *
      (of("rows") * of("depth") +
        of("depth") * of("columns") +
        of("rows") * of("columns") * (of("accumulate") ? 2 : 1)),
  }),

  linearValued({ items, of, i32 }) {
    const lists = of("images") * Math.ceil(of("inputs") / of("blockInputs"));
    let bytes = 0;
    for (let list = 0; list < lists; list++) bytes += i32(of("ends"), list);
    const listed = bytes / VALUE_ENTRY;
    return {
      // The background's row is the sum of all weights.
      adds: items * LANES * (listed + of("inputs") + (of("moments") ? 3 * of("images") : 0)),
      fetched: items * ROW * listed,
      divisions: 0,
      bytes: items * ROW * (of("inputs") + of("images")) + bytes,
    };
  },

  linearValuedGradient({ items, of, i32 }) {
    let bytes = 0;
    for (let pair = 0; pair < Math.ceil(of("inputs") / 2); pair++) bytes += i32(of("ends"), pair);
    const listed = bytes / PAIR_ENTRY;
    const normed = of("coefficients") ? 1 : 0;
    return {
      adds: items * LANES * (2 * listed + of("images") * (1 + 2 * normed)),
      fetched: items * ROW * listed,
      divisions: 0,
      bytes: items * ROW * (of("inputs") + of("images") * (1 + normed)) + bytes,
    };
  },

  convolveReal(call) {
    const { of } = call;
    const outs = of("images") * of("outHeight") * of("outWidth");
    const rows = of("images") * pooledPixels(call);
    return {
      adds: of("tiles") * LANES * (9 * of("channels") * outs + (of("pool") ? 3 * rows : 0)),
      fetched: 0,
      divisions: 0,
      bytes:
        FLOAT * of("images") * of("height") * of("width") * of("channels") +
        of("tiles") * ROW * (9 * of("channels") + rows + (of("pool") ? rows / 4 : 0)),
    };
  },

  // Only the winner of a pool has a gradient.
  convolveRealGradient(call) {
    const { of } = call;
    const rows = of("images") * pooledPixels(call);
    const normed = of("coefficients") ? 1 : 0;
    return {
      adds: of("tiles") * LANES * (9 * of("channels") * rows + 2 * normed * rows),
      fetched: 0,
      divisions: 0,
      bytes:
        FLOAT * of("images") * of("height") * of("width") * of("channels") +
        of("tiles") * ROW * (9 * of("channels") + rows * (1 + normed) + (of("pool") ? rows / 4 : 0)),
    };
  },

  // A neuron and step: norm 1, charge 2, comparison 1, count 1.
  neuronForward(call) {
    const { pixels, drives, spikes } = neuronRows(call);
    return {
      adds: 5 * LANES * spikes,
      fetched: 0,
      divisions: 0,
      bytes: ROW * (drives + (call.of("feature") ? pixels : 0)) + 2 * spikes,
    };
  },

  // The same without the count; backwards: surrogate 2, reset 2, normalised drive 1, the norm's sums 2.
  neuronBackward(call) {
    const { pixels, drives, spikes } = neuronRows(call);
    return { adds: 11 * LANES * spikes, fetched: 0, divisions: LANES * spikes, bytes: ROW * (2 * drives + pixels) };
  },

  // Parameters, both moments read and written, gradients read.
  adamw: ({ of }) => ({
    adds: 4 * of("length"),
    fetched: 0,
    divisions: 2 * of("length"),
    bytes: 7 * FLOAT * of("length"),
  }),

  // In float64: half as many lanes.
  sumSquares: ({ of }) => ({ adds: 2 * of("length"), fetched: 0, divisions: 0, bytes: FLOAT * of("length") }),

  centre({ of }) {
    const floats = (of("rows") + of("others")) * of("width");
    return { adds: 2 * floats, fetched: 0, divisions: 0, bytes: 2 * FLOAT * floats };
  },

  dots: ({ items, of }) => ({
    adds: 2 * items * of("others") * of("width"),
    fetched: FLOAT * items * of("others") * of("width"),
    divisions: 0,
    bytes: FLOAT * (items + of("others")) * of("width"),
  }),

  // Rows share the loads of the others by two.
  combine: ({ of }) => ({
    adds: of("rows") * of("others") * of("width"),
    fetched: (FLOAT * of("rows") * of("others") * of("width")) / 2,
    divisions: 0,
    bytes: FLOAT * (2 * of("rows") + of("others")) * of("width"),
  }),
};
