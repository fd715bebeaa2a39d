/**
 * How a class's images make the latent fire, and new spikes drawn from that, each neuron and step on its own:
 *
 *   p_c[t][n] = mean over the images of class c of s[t][n]        s'[t][n] ~ Bernoulli(p_c[t][n])
 */
import { RandomStream } from "../../engine/random.ts";
import { BispikeError } from "../../errors.ts";
import { assertRows } from "../../nets/shape.ts";

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
