// @ts-check
/** Costs of the kernels that work on lists of spikes. */

/** @typedef {import("./cost.mjs").Call} Call */
/** @typedef {import("./cost.mjs").Cost} Cost */

/** Floats and bytes of a row of 16 neurons. */
const LANES = 16;
const ROW = 64;
/** Bytes of an entry of a list. */
const ENTRY = 2;

/** Entries of a population's lists by row: each image's offsets end where its events do. */
const listedByRow = (/** @type {Call} */ { of, i32 }, /** @type {number} */ rows) => {
  const offsets = of("offsets");
  let listed = 0;
  for (let image = 0; image < of("images"); image++) {
    listed += i32(offsets, image * (rows + 1) + rows) - i32(offsets, image * (rows + 1));
  }
  return listed;
};

const motifsOf = (/** @type {Call} */ { of }) => of("periods") + of("steps");

/**
 * How many (output, tap) pairs see an input along one axis, all inputs together; taps of one output that see the same (upsampled) input count once.
 *
 * @param {number} size inputs
 * @param {number} outs outputs
 * @param {Call} call
 */
function pairsAlong(size, outs, { of }) {
  let pairs = 0;
  for (let out = 0; out < outs; out++) {
    const seen = new Set([0, 1, 2].map((tap) => Math.floor((out * of("stride") + tap - of("pad")) / 2 ** of("up"))));
    for (const input of seen) if (input >= 0 && input < size) pairs++;
  }
  return pairs;
}

/** Pixels of a convolution's output after pooling. */
export const pooledPixels = (/** @type {Call} */ { of }) =>
  of("pool") ? (of("outHeight") >> 1) * (of("outWidth") >> 1) : of("outHeight") * of("outWidth");

/** @type {Readonly<Record<string, (call: Call) => Cost>>} */
export const eventCosts = {
  linearEvents(call) {
    const { items, of } = call;
    const rows = of("images") * of("steps");
    const listed = listedByRow(call, motifsOf(call));
    const moments = of("moments") ? 3 * rows : 0;
    return {
      adds: items * LANES * (listed + of("images") * motifsOf(call) + moments),
      fetched: items * ROW * listed,
      divisions: 0,
      bytes: items * ROW * (of("inputs") + rows) + ENTRY * listed,
    };
  },

  linearEventsGradient(call) {
    const { items, of, i32 } = call;
    const rows = of("images") * of("steps");
    const normed = of("coefficients") ? 1 : 0;
    let listed = 0;
    for (let input = 0; input < of("inputs"); input++) listed += i32(of("counts"), input);
    return {
      adds: items * LANES * (listed + 2 * normed * rows + of("images") * of("periods")),
      fetched: items * ROW * listed,
      divisions: 0,
      bytes: items * ROW * (of("inputs") + rows * (1 + normed)) + ENTRY * listed,
    };
  },

  // By tables of 256 sums for 8 inputs.
  linearTable({ items, of }) {
    const rows = of("images") * of("steps");
    const tables = Math.ceil(of("inputs") / 8);
    const adds = items * LANES * tables * (rows + 256);
    return {
      adds,
      fetched: 4 * adds,
      divisions: 0,
      bytes: items * ROW * (of("inputs") + rows) + rows * of("maskBytes"),
    };
  },

  convolve(call) {
    const { of } = call;
    const pixels = of("height") * of("width");
    const listed = listedByRow(call, motifsOf(call) * pixels);
    const pairs = pairsAlong(of("height"), of("outHeight"), call) * pairsAlong(of("width"), of("outWidth"), call);
    // A list's entries are taken to be spread evenly over the pixels: at the border they have fewer outputs.
    const added = (listed * pairs) / pixels;
    const outs = of("images") * of("outHeight") * of("outWidth");
    const rows = of("images") * of("steps") * pooledPixels(call);
    const weights = (of("up") ? 16 : 9) * of("channels");
    const winners = of("pool") ? rows / 4 : 0;
    return {
      adds:
        of("tiles") *
        LANES *
        (added + outs * motifsOf(call) + (of("pool") ? 3 * rows : 0) + (of("moments") ? 3 * rows : 0)),
      fetched: of("tiles") * ROW * added,
      divisions: 0,
      bytes: of("tiles") * ROW * (weights + rows + winners) + ENTRY * listed,
    };
  },

  convolveGradient(call) {
    const { of } = call;
    const listed = listedByRow(call, motifsOf(call) * of("height") * of("width"));
    const rows = of("images") * of("steps") * pooledPixels(call);
    const normed = of("coefficients") ? 1 : 0;
    const winners = of("pool") ? rows / 4 : 0;
    return {
      adds: of("tiles") * LANES * (9 * listed + 2 * normed * rows),
      fetched: of("tiles") * ROW * 9 * listed,
      divisions: 0,
      bytes: of("tiles") * ROW * (9 * of("channels") + rows * (1 + normed) + winners) + ENTRY * listed,
    };
  },

  emit(call) {
    const { items, of, i32 } = call;
    const words = of("pixels") * of("tiles");
    const motifs = motifsOf(call);
    const rows = of("everyPixel") ? motifs * of("pixels") : motifs;
    let listed = 0;
    for (let image = 0; image < items; image++) {
      listed += i32(of("offsets"), image * (rows + 1) + rows) - i32(of("offsets"), image * (rows + 1));
    }
    const masks = of("periods") ? of("steps") + motifs : of("steps");
    return { adds: 0, fetched: 0, divisions: 0, bytes: items * (2 * words * masks + 4 * rows) + ENTRY * listed };
  },

  transpose({ items, of, i32 }) {
    const neurons = (items / of("tiles")) * of("channels");
    let listed = 0;
    for (let neuron = 0; neuron < neurons; neuron++) listed += i32(of("counts"), neuron);
    return { adds: 0, fetched: 0, divisions: 0, bytes: 2 * items * of("rows") + 4 * neurons + ENTRY * listed };
  },
};
