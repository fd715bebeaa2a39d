/** SSIM with its window as a plane, and the 2-D DFT as a double sum: the measures of reconstructed images as they are defined, float64. */

/** One plane, [height][width]. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly at: (y: number, x: number) => number;
}

/** Channel `channel` of image `image` of rows [image][height][width][channel]. */
export function planeOf(
  rows: ArrayLike<number>,
  { height, width, channels }: { height: number; width: number; channels: number },
  image: number,
  channel: number,
): Plane {
  return { height, width, at: (y, x) => rows[((image * height + y) * width + x) * channels + channel]! };
}

/** Mean over all places of a `side` x `side` Gaussian window (sigma 1.5) of the index, with K1 0.01 and K2 0.03; two passes over each window. */
export function ssim(a: Plane, b: Plane, side: number): number {
  const weight = (y: number, x: number) =>
    Math.exp(-((y - (side - 1) / 2) ** 2 + (x - (side - 1) / 2) ** 2) / (2 * 1.5 ** 2));
  const cells = Array.from({ length: side * side }, (_, k) => [Math.floor(k / side), k % side] as const);
  const total = cells.reduce((sum, [y, x]) => sum + weight(y, x), 0);
  let sum = 0;
  let places = 0;
  for (let top = 0; top + side <= a.height; top++) {
    for (let left = 0; left + side <= a.width; left++) {
      const mean = (value: (y: number, x: number) => number) =>
        cells.reduce((m, [y, x]) => m + (weight(y, x) / total) * value(top + y, left + x), 0);
      const [ma, mb] = [mean(a.at), mean(b.at)];
      const va = mean((y, x) => (a.at(y, x) - ma) ** 2);
      const vb = mean((y, x) => (b.at(y, x) - mb) ** 2);
      const vab = mean((y, x) => (a.at(y, x) - ma) * (b.at(y, x) - mb));
      sum += ((2 * ma * mb + 0.0001) * (2 * vab + 0.0009)) / ((ma ** 2 + mb ** 2 + 0.0001) * (va + vb + 0.0009));
      places++;
    }
  }
  return sum / places;
}

/** Sum of |D|^2 over the frequencies that `low` takes (cycles a pixel in -1/2..1/2), D the orthonormal DFT of a - b. */
export function bandPower(a: Plane, b: Plane, low: (fy: number, fx: number) => boolean): number {
  const { height, width } = a;
  const wrapped = (k: number, n: number) => (2 * k > n ? k - n : k) / n;
  let sum = 0;
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      if (!low(wrapped(v, height), wrapped(u, width))) continue;
      let [re, im] = [0, 0];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const angle = 2 * Math.PI * ((v * y) / height + (u * x) / width);
          re += (a.at(y, x) - b.at(y, x)) * Math.cos(angle);
          im -= (a.at(y, x) - b.at(y, x)) * Math.sin(angle);
        }
      }
      sum += (re ** 2 + im ** 2) / (height * width);
    }
  }
  return sum;
}
