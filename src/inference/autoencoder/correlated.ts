/**
 * New latent spikes that keep how a class's neurons fire together: a Gaussian copula over spike counts.
 *
 *   k[n]   spikes of neuron n in T steps, over the class's images: distribution F_n, correlations R
 *   z ~ N(0, R),   k'[n] = smallest k with F_n(k) >= Phi(z[n])
 *
 * Each neuron's counts are distributed as the class's are; their correlations are a little weaker than R, since counts are coarse. The spikes of a count
 * are spaced evenly (`trains.ts`).
 */
import { cosineOfPi, exponential, logarithm } from "../../engine/elementary.ts";
import { RandomStream } from "../../engine/random.ts";
import { BispikeError } from "../../errors.ts";
import { fillTrain } from "./trains.ts";

/** Correlations of more neurons are hundreds of MB, and take long to draw from. */
const MOST_NEURONS = 2048;

/**
 * Counts of latent spikes over one class's images: how often each neuron fires, and how these counts are correlated.
 *
 * @example
 * const statistics = new CountStatistics(latent.neurons, latent.steps);
 * const size = latent.steps * latent.neurons;
 * const spikes = latent.encode(count, "recall"); // of images of one class
 * for (let k = 0; k < count; k++) statistics.add(spikes.subarray(k * size, (k + 1) * size));
 * latent.decode(drawCorrelated(statistics, 8, 1, "class 3"), 8, "recall");
 */
export class CountStatistics {
  readonly neurons: number;
  /** T. */
  readonly steps: number;
  /** Images so far. */
  images = 0;
  /** [neuron][count 0 .. T]. */
  readonly #histogram: Float64Array;
  readonly #sums: Float64Array;
  /** [neuron][neuron], the lower triangle. */
  readonly #products: Float64Array;

  /** @throws BispikeError "usage" for more than 2048 neurons */
  constructor(neurons: number, steps: number) {
    if (neurons > MOST_NEURONS)
      throw new BispikeError(
        "usage",
        `correlated latent spikes: expected a latent of at most ${MOST_NEURONS} neurons, got ${neurons}`,
      );
    this.neurons = neurons;
    this.steps = steps;
    this.#histogram = new Float64Array(neurons * (steps + 1));
    this.#sums = new Float64Array(neurons);
    this.#products = new Float64Array(neurons * neurons);
  }

  /**
   * Takes an image's spike counts in.
   *
   * @param spikes of one image, 0 or 1, [step][neuron]
   */
  add(spikes: Uint8Array): void {
    const { neurons, steps } = this;
    const counts = new Float64Array(neurons);
    for (let t = 0, at = 0; t < steps; t++) for (let n = 0; n < neurons; n++) counts[n]! += spikes[at++]!;
    this.images++;
    for (let n = 0; n < neurons; n++) {
      const count = counts[n]!;
      this.#histogram[n * (steps + 1) + count]!++;
      this.#sums[n]! += count;
      if (count > 0) for (let m = 0; m <= n; m++) this.#products[n * neurons + m]! += count * counts[m]!;
    }
  }

  /** F_n(k): share of images in which a neuron fires at most k times, [neuron][count 0 .. T]. */
  distribution(): Float64Array {
    const { steps, images } = this;
    const shares = new Float64Array(this.#histogram.length);
    let sum = 0;
    for (let i = 0; i < shares.length; i++) {
      sum = (i % (steps + 1) === 0 ? 0 : sum) + this.#histogram[i]!;
      shares[i] = sum / images;
    }
    return shares;
  }

  /** R, [neuron][neuron]; a neuron whose count never changes is correlated with itself alone. */
  correlations(): Float64Array {
    const { neurons, images } = this;
    const covariance = (n: number, m: number) =>
      this.#products[Math.max(n, m) * neurons + Math.min(n, m)]! * images - this.#sums[n]! * this.#sums[m]!;
    const variances = Float64Array.from({ length: neurons }, (_, n) => covariance(n, n));
    return Float64Array.from({ length: neurons * neurons }, (_, i) => {
      const [n, m] = [Math.floor(i / neurons), i % neurons];
      if (n === m) return 1;
      const scale = Math.sqrt(variances[n]! * variances[m]!);
      return scale > 0 ? covariance(n, m) / scale : 0;
    });
  }
}

/**
 * Draws latent spikes that keep how a class's neurons fire together, by a Gaussian copula over their spike counts.
 * Spikes of new samples of the class. The same statistics, seed and purpose give the same spikes; more samples begin with the fewer ones.
 *
 * @param seed integer from 0 to 2^53 - 1
 * @param purpose names the draw among those of a seed
 * @returns 0 or 1, [sample][step][neuron]
 * @throws BispikeError "data" for a class without images
 * @example
 * latent.decode(drawCorrelated(statistics, 8, 1, "class 3"), 8, "recall");
 */
export function drawCorrelated(
  statistics: CountStatistics,
  samples: number,
  seed: number,
  purpose: string,
): Uint8Array {
  const { neurons, steps, images } = statistics;
  if (images === 0) throw new BispikeError("data", `${purpose}: there is no image to take latent spikes from`);
  const shares = statistics.distribution();
  const root = triangularRoot(statistics.correlations(), neurons);
  const spikes = new Uint8Array(samples * steps * neurons);
  const normals = new Float64Array(neurons);
  for (let sample = 0; sample < samples; sample++) {
    const stream = new RandomStream(seed, `correlated latent/${purpose}`, sample);
    for (let n = 0; n < neurons; n++) normals[n] = normal(stream);
    for (let n = 0; n < neurons; n++) {
      let z = 0;
      for (let m = 0; m <= n; m++) z += root[n * neurons + m]! * normals[m]!;
      const share = normalShare(z);
      let count = 0;
      while (count < steps && shares[n * (steps + 1) + count]! < share) count++;
      fillTrain(spikes, sample * steps * neurons + n, neurons, steps, count);
    }
  }
  return spikes;
}

/** Lower triangular A with A A^T = R (Cholesky), [row][column]; a column without a rest is 0: others determine that neuron. */
export function triangularRoot(matrix: Float64Array, n: number): Float64Array {
  const root = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let rest = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= root[i * n + k]! * root[j * n + k]!;
      const pivot = root[j * n + j]!;
      if (i === j) root[i * n + i] = rest > 1e-9 ? Math.sqrt(rest) : 0;
      else root[i * n + j] = pivot > 0 ? rest / pivot : 0;
    }
  }
  return root;
}

/** A standard normal number (Box and Muller). */
function normal(stream: RandomStream): number {
  const [radius, turn] = [1 - stream.uniform(), stream.uniform()];
  return Math.sqrt(-2 * logarithm(radius)) * cosineOfPi(turn);
}

/** Phi(x), the share of a normal distribution below x, to 7.5e-8 (Abramowitz and Stegun 26.2.17). */
export function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (exponential((-x * x) / 2) * sum) / Math.sqrt(2 * Math.PI);
  return x >= 0 ? 1 - tail : tail;
}
