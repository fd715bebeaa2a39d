/**
 * New images from an autoencoder's latent: how a class's images make it fire, and new spikes drawn from that, each neuron and step on its own, or as they fire together; between two images; and of a
 * class's mean.
 *
 *   p_c[t][n] = mean over the images of class c of s[t][n]        s'[t][n] ~ Bernoulli(p_c[t][n])
 */
import { cosineOfPi, exponential, logarithm } from "../engine/elementary.ts";
import { RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import { assertRows } from "../nets/shape.ts";

/**
 * Counts of latent spikes by class.
 *
 * @example
 * const statistics = new LatentStatistics(10, latent.neurons, latent.steps);
 * statistics.add(latent.encode(images, "recall"), labels);
 * const drawn = drawSpikes(statistics.probabilities(3), 8, 1, "class 3");
 */
export class LatentStatistics {
  readonly classes: number;
  readonly neurons: number;
  readonly steps: number;
  /** Images of each class so far. */
  readonly images: Float64Array;
  /** [class][step][neuron]. */
  readonly #counts: Float64Array;

  constructor(classes: number, neurons: number, steps: number) {
    this.classes = classes;
    this.neurons = neurons;
    this.steps = steps;
    this.images = new Float64Array(classes);
    this.#counts = new Float64Array(classes * steps * neurons);
  }

  /**
   * Takes images' spikes in.
   *
   * @param spikes 0 or 1, [image][step][neuron]
   * @param labels the images' classes
   * @throws BispikeError "usage" for a label that is no class, "shape" for other than so many images' spikes; nothing is taken in then
   */
  add(spikes: Uint8Array, labels: ArrayLike<number>): void {
    const size = this.steps * this.neurons;
    if (spikes.length !== labels.length * size)
      throw new BispikeError(
        "shape",
        `LatentStatistics.add: expected ${labels.length} x ${size} spikes, got ${spikes.length}`,
      );
    for (let image = 0; image < labels.length; image++)
      assertRows(`LatentStatistics.add: label ${image}`, labels[image]!, this.classes - 1);
    for (let image = 0; image < labels.length; image++) {
      const label = labels[image]!;
      this.images[label]!++;
      for (let i = 0, from = image * size, to = label * size; i < size; i++) this.#counts[to + i]! += spikes[from + i]!;
    }
  }

  /**
   * Share of a class's images in which a neuron fires at a step, [step][neuron].
   *
   * @throws BispikeError "data" when no image of the class was seen
   */
  probabilities(label: number): Float64Array {
    const images = this.images[label] ?? 0;
    if (images === 0) throw new BispikeError("data", `class ${label}: there is no image to take latent spikes from`);
    const size = this.steps * this.neurons;
    return this.#counts.slice(label * size, (label + 1) * size).map((count) => count / images);
  }
}

/**
 * Draws latent spikes, each neuron and step on its own: s[t][n] ~ Bernoulli(p[t][n]). The same probabilities, seed and purpose give the same spikes; more samples begin with the fewer ones.
 *
 * @param probabilities [step][neuron]
 * @param purpose names the draw among those of a seed
 * @param seed integer from 0 to 2^53 - 1
 * @returns 0 or 1, [sample][step][neuron]
 * @example
 * latent.decode(drawSpikes(statistics.probabilities(3), 8, 1, "class 3"), 8, "recall");
 */
export function drawSpikes(probabilities: Float64Array, samples: number, seed: number, purpose: string): Uint8Array {
  const spikes = new Uint8Array(samples * probabilities.length);
  for (let sample = 0, at = 0; sample < samples; sample++) {
    const stream = new RandomStream(seed, `latent/${purpose}`, sample);
    for (const probability of probabilities) spikes[at++] = stream.uniform() < probability ? 1 : 0;
  }
  return spikes;
}

// Spike trains for given firing rates. A neuron that fires k times in T steps does so as evenly as can be:
//
//   k = round(T r)        s[t] = floor((t + 1) k / T) - floor(t k / T),   t = 0 .. T - 1
//
// Where k divides T that is the train of a leaky neuron under a constant drive: it charges first and fires at the end of each period.

/**
 * Spike trains for given firing rates, as evenly spaced as can be: a neuron of rate r fires k = round(T r) times, at the steps t where floor((t + 1) k / T) > floor(t k / T).
 *
 * @param rates [row][neuron], spikes a step: 0 to 1
 * @returns 0 or 1, [row][step][neuron], as `LatentAccess.decode` takes them
 * @throws BispikeError "usage" for a rate that is none, or rates that do not fill whole rows
 * @example
 * evenTrains([0.5, 1], 2, 4); // steps 0 1, 1 1, 0 1, 1 1
 */
export function evenTrains(rates: ArrayLike<number>, neurons: number, steps: number): Uint8Array {
  const rows = rates.length / neurons;
  if (!Number.isInteger(rows))
    throw new BispikeError("usage", `spike trains: expected rates for ${neurons} neurons a row, got ${rates.length}`);
  const spikes = new Uint8Array(rows * steps * neurons);
  for (let i = 0; i < rates.length; i++) {
    const rate = rates[i]!;
    if (!(rate >= 0 && rate <= 1))
      throw new BispikeError("usage", `spike trains: expected firing rates from 0 to 1, got ${rate}`);
    const at = Math.floor(i / neurons) * steps * neurons + (i % neurons);
    fillTrain(spikes, at, neurons, steps, Math.round(rate * steps));
  }
  return spikes;
}

/** Sets the evenly spaced spikes of one neuron, whose steps lie `stride` apart from `at`. */
export function fillTrain(spikes: Uint8Array, at: number, stride: number, steps: number, count: number): void {
  for (let t = 0, place = at; t < steps; t++, place += stride)
    if (Math.floor(((t + 1) * count) / steps) > Math.floor((t * count) / steps)) spikes[place] = 1;
}

/**
 * Firing rates over time: [row][neuron] of spikes [row][step][neuron].
 *
 * @example
 * ratesOf(Uint8Array.of(0, 1, 1, 1, 0, 1, 1, 1), 2, 4); // 0.5, 1
 */
export function ratesOf(spikes: Uint8Array, neurons: number, steps: number): Float64Array {
  const rows = spikes.length / (neurons * steps);
  const rates = new Float64Array(rows * neurons);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let t = 0; t < steps; t++) for (let n = 0; n < neurons; n++) rates[row * neurons + n]! += spikes[at++]!;
  }
  return rates.map((count) => count / steps);
}

// New latent spikes that keep how a class's neurons fire together: a Gaussian copula over spike counts.
//
//   k[n]   spikes of neuron n in T steps, over the class's images: distribution F_n, correlations R
//   z ~ N(0, R),   k'[n] = smallest k with F_n(k) >= Phi(z[n])
//
// Each neuron's counts are distributed as the class's are; their correlations are a little weaker than R, since counts are coarse. The spikes of a count
// are spaced evenly.

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

// Between two images: firing rates of the latent on a straight line from the one's to the other's,
//
//   r_f = (1 - a) r_0 + a r_1,   a = f / (F - 1),   f = 0 .. F - 1
//
// which `evenTrains` turns into spikes that a network can draw.

/**
 * Firing rates on a straight line from one image's to another's: r_f = (1 - a) r_0 + a r_1, a = f / (F - 1). `evenTrains` turns them into spikes.
 *
 * @param from rates of the first image, [neuron]
 * @param to rates of the second
 * @param frames F, both ends included: at least 2
 * @returns rates [frame][neuron]
 * @throws BispikeError "usage" for fewer frames, or ends of different widths
 * @example
 * interpolateRates([0, 1], [1, 1], 3); // 0 1, 0.5 1, 1 1
 */
export function interpolateRates(from: ArrayLike<number>, to: ArrayLike<number>, frames: number): Float64Array {
  if (!(Number.isInteger(frames) && frames >= 2))
    throw new BispikeError("usage", `interpolation: expected at least 2 frames, got ${frames}`);
  if (from.length !== to.length)
    throw new BispikeError(
      "usage",
      `interpolation: expected ends of one width, got ${from.length} and ${to.length} neurons`,
    );
  const neurons = from.length;
  return Float64Array.from({ length: frames * neurons }, (_, i) => {
    const share = Math.floor(i / neurons) / (frames - 1);
    return (1 - share) * from[i % neurons]! + share * to[i % neurons]!;
  });
}

// A class's prototype in the latent: the mean firing rate of each neuron over the class's images and the time steps,
//
//   r_c[n] = 1/T sum over t of p_c[t][n],        p_c as in `statistics.ts`
//
// which `evenTrains` turns into spikes that a network can draw.

/**
 * Prototypes of classes in the latent: each neuron's mean firing rate over the class's images and the steps. `evenTrains` turns them into spikes.
 *
 * @param labels classes, in the order of the rows
 * @returns rates [row][neuron], 0 to 1
 * @throws BispikeError "data" for a class without images
 * @example
 * const spikes = evenTrains(prototypeRates(statistics, [3, 8]), latent.neurons, latent.steps);
 * const pictures = model.pixels(latent.decode(spikes, 2, "recall"), 2);
 */
export function prototypeRates(statistics: LatentStatistics, labels: readonly number[]): Float64Array {
  const { neurons, steps } = statistics;
  const rates = new Float64Array(labels.length * neurons);
  for (const [row, label] of labels.entries()) {
    const probabilities = statistics.probabilities(label);
    for (let i = 0; i < probabilities.length; i++) rates[row * neurons + (i % neurons)]! += probabilities[i]! / steps;
  }
  // Rounding may lift a mean of ones above one.
  return rates.map((rate) => Math.min(1, rate));
}
