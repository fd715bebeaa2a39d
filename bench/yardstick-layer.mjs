// @ts-check
/** Our side of the yardstick: the library's own synapses, neurons and optimiser, one layer of each. */
import {
  AdamW,
  flat,
  initialise,
  Layer,
  LinearSynapses,
  neuronDefaults,
  Population,
  RandomStream,
  spawnThread,
  Team,
} from "./library.mjs";

/**
 * What both sides are given. No norm: the field's yardstick has none, so the threshold is one at which neurons with fresh weights fire
 * at some 5 to 10 %.
 */
export const YARDSTICK = { batch: 16, steps: 500, theta: 0.12, tau: 2 };

const SEED = 1;
/** Small: the weights are to move, and firing rates to stay. */
const LEARNING_RATE = 1e-5;

export class YardstickLayer {
  team;
  #input;
  #layer;
  #optimiser;
  /** dL/d(firing rate) [image][neuron]: a fixed random one, so that the update is real and the same every step. */
  #gradient;

  /**
   * @param {number} n
   * @param {number} rate of the input's spikes
   * @param {number} threads
   */
  static async create(n, rate, threads) {
    return new YardstickLayer(await Team.create({ threads, spawn: spawnThread }), n, rate);
  }

  /**
   * @param {Team} team
   * @param {number} n
   * @param {number} rate
   */
  constructor(team, n, rate) {
    const { batch, steps, theta, tau } = YARDSTICK;
    this.team = team;
    this.#input = new Population(team, flat(n), steps, batch, "linear");
    const stream = new RandomStream(SEED, "bench yardstick");
    // From spike to spike by geometric gaps: a draw a neuron and step would take longer than what is measured.
    const skip = () => 1 + Math.floor(Math.log(1 - stream.uniform()) / Math.log(1 - rate));
    for (let at = skip() - 1; at < batch * steps * n; at += skip()) {
      const row = Math.floor(at / n);
      this.#input.set(Math.floor(row / steps), row % steps, 0, at % n, true);
    }
    this.#layer = new Layer(team, {
      name: "yardstick",
      synapses: new LinearSynapses(team, this.#input, flat(n), true),
      maxImages: batch,
      steps,
      neurons: { ...neuronDefaults, tau, threshold: theta, norm: false, reader: "none", pool: 0 },
    });
    initialise(this.#layer, SEED);
    this.#optimiser = new AdamW(team, { weightDecay: 0.01, clip: 0, clipScope: "stage" }, [this.#layer.group]);
    this.#gradient = team.arena.f32(batch * this.#layer.featureWidth);
    stream.fillUniform(this.#gradient.view, -1 / batch, 1 / batch);
  }

  /**
   * Takes steps.
   *
   * @param {number} count
   * @returns {number[]} milliseconds of each
   */
  run(count) {
    return Array.from({ length: count }, () => {
      const start = performance.now();
      this.#step();
      return performance.now() - start;
    });
  }

  /** Forward, backward, update. */
  #step() {
    const { batch } = YARDSTICK;
    this.#input.list(batch, true);
    this.#layer.forward(batch, { train: true, feature: "rate" });
    this.#optimiser.begin();
    this.#layer.backward(batch, "rate", this.#gradient.at);
    this.#optimiser.update(this.#layer.group, LEARNING_RATE);
    this.#optimiser.finish();
  }

  /** Firing rate of the neurons in the newest step. */
  outputRate() {
    const rates = this.#layer.rates();
    return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  }

  async close() {
    await this.team.close();
  }
}
