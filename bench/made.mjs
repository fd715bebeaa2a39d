// @ts-check
/** Small data made from a seed: pictures of ten classes, a text, rows of values. They have structure, so that nets learn on them and firing rates are not those of noise. */

/** @typedef {import("../dist/engine/random.js").RandomStream} RandomStream */

const CLASSES = 10;
/** Blobs in the picture of a class. */
const BLOBS = 5;
const WORDS = 400;

/**
 * Pictures of ten classes in turn. A class is the sum of a few Gaussian blobs, each of another colour; a picture is its class in another brightness, with noise.
 *
 * @param {RandomStream} random
 * @param {{ readonly side: number, readonly channels: number }} size
 * @param {number} count
 * @returns {import("../dist/data/dataset.js").DatasetArrays}
 */
export function madeImages(random, { side, channels }, count) {
  const shape = { height: side, width: side, channels };
  const size = side * side * channels;
  const classes = Array.from({ length: CLASSES }, () => blobs(random, side, channels));
  const images = new Uint8Array(count * size);
  const labels = Uint16Array.from({ length: count }, (_, image) => image % CLASSES);
  const noise = new Float32Array(size);
  for (const [image, label] of labels.entries()) {
    const brightness = 0.6 + 0.4 * random.uniform();
    random.fillUniform(noise, 0, 50);
    for (let i = 0; i < size; i++) {
      images[image * size + i] = Math.min(255, 255 * brightness * (classes[label]?.[i] ?? 0) + (noise[i] ?? 0));
    }
  }
  return { name: "made images", shape, train: { images, labels } };
}

/**
 * @param {RandomStream} random
 * @param {number} side
 * @param {number} channels
 * @returns {Float32Array} [row][column][channel], about 0..1
 */
function blobs(random, side, channels) {
  const picture = new Float32Array(side * side * channels);
  for (let blob = 0; blob < BLOBS; blob++) {
    const [y, x] = [side * random.uniform(), side * random.uniform()];
    const spread = side * (0.05 + 0.1 * random.uniform());
    const colour = Array.from({ length: channels }, () => (channels === 1 ? 1 : random.uniform()));
    for (let i = 0; i < picture.length; i++) {
      const pixel = Math.floor(i / channels);
      const distance = Math.hypot(Math.floor(pixel / side) - y, (pixel % side) - x) / spread;
      picture[i] = (picture[i] ?? 0) + (colour[i % channels] ?? 0) * Math.exp(-0.5 * distance ** 2);
    }
  }
  return picture;
}

/**
 * Text of made words, a few of them frequent, as in natural text. Its alphabet has 54 characters.
 *
 * @param {RandomStream} random
 * @param {number} length characters
 */
export function madeText(random, length) {
  const letters = "etaoinshrdlucmwfgypbvkjxqzETAOINSHRDLUCMWFGYPBVKJXQZ";
  const skewed = (/** @type {number} */ n) => Math.floor(n * random.uniform() ** 2);
  // The first words have a letter each, so that the alphabet does not depend on chance.
  const words = Array.from({ length: WORDS }, (_, word) => {
    const rest = Array.from({ length: 1 + random.below(7) }, () => letters[skewed(26)]);
    return `${letters[word] ?? letters[skewed(26)]}${rest.join("")}`;
  });
  let text = `${words.join(" ")}.`;
  while (text.length < length) text += ` ${words[skewed(WORDS)]}${random.below(12) === 0 ? "." : ""}`;
  return text.slice(0, length);
}

/**
 * Rows of a multivariate autoregressive series,
 *
 *   x_c[t] = 0.7 x_c[t - 1] + 0.25 x_(c + 1)[t - 1] + e_c[t],   e uniform in -1..1
 *
 * so that every column says something of its neighbours, as those of real series do.
 *
 * @param {RandomStream} random
 * @param {number} width columns
 * @param {number} length rows
 * @returns {Float32Array} [row][column]
 */
export function madeRows(random, width, length) {
  const values = new Float32Array(length * width);
  random.fillUniform(values, -1, 1);
  for (let at = width; at < values.length; at++) {
    const column = at % width;
    const before = at - width;
    const neighbour = before - column + ((column + 1) % width);
    values[at] = (values[at] ?? 0) + 0.7 * (values[before] ?? 0) + 0.25 * (values[neighbour] ?? 0);
  }
  return values;
}
