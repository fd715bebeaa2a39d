// @ts-check
/**
 * Colour images made of grey ones, where no CIFAR-10 is at hand: 32 x 32 pixels of three channels, each
 *
 *   0.7 grey(x - dx, y - dy) + ramp(x, y)
 *
 * with a shift of its own (0, 0), (2, 1), (-1, 2) and a brightness that rises by 70 of 255 from left to right, from top to bottom, and
 * along the diagonal. So the channels differ and no background is constant, as in photographs: what a first layer saves on digits it
 * does not save here. Shapes and labels stay those of the grey images.
 */

/** @typedef {import("../dist/data/dataset.js").Dataset} Dataset */

const SIDE = 32;
const CONTRAST = 0.7;
const RISE = 70;
/** [dx, dy, share of x in the ramp, share of y] of each channel. */
const CHANNELS = /** @type {const} */ ([
  [0, 0, 1, 0],
  [2, 1, 0, 1],
  [-1, 2, 0.5, 0.5],
]);

/**
 * @param {Dataset} grey of one channel, at most 32 x 32
 * @param {number} count training images to make; the first of the set
 * @returns {Dataset} without a test part
 */
export function coloured(grey, count) {
  const { shape, train } = grey;
  const images = new Uint8Array(count * SIDE * SIDE * CHANNELS.length);
  const top = (SIDE - shape.height) >> 1;
  const left = (SIDE - shape.width) >> 1;
  let at = 0;
  for (let image = 0; image < count; image++) {
    const start = image * shape.height * shape.width;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        for (const [dx, dy, across, down] of CHANNELS) {
          const row = y - dy - top;
          const column = x - dx - left;
          const inside = row >= 0 && row < shape.height && column >= 0 && column < shape.width;
          const value = inside ? (train.images[start + row * shape.width + column] ?? 0) : 0;
          images[at++] = Math.round(CONTRAST * value + (RISE * (across * x + down * y)) / (SIDE - 1));
        }
      }
    }
  }
  return {
    ...grey,
    name: `${grey.name} in three channels`,
    shape: { height: SIDE, width: SIDE, channels: CHANNELS.length },
    train: { images, labels: train.labels.subarray(0, count), count },
    test: { images: new Uint8Array(0), labels: new Uint16Array(0), count: 0 },
  };
}
