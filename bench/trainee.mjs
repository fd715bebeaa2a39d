// @ts-check
/** A pair of networks in training: `train(k)` takes k steps and says how long each took, `infer(k)` the same for decisions. */
import { Bsd, decide, exportState, importState, NetworkPair, perceive, spawnThread, Team } from "./library.mjs";
import { RECIPE } from "./nets.mjs";

/** @typedef {import("../dist/rules/rule.js").StepReport} StepReport */
/** @typedef {import("./nets.mjs").Net} Net */
/** @typedef {import("./batches.mjs").Batches} Batches */

/**
 * @typedef {object} State of a pair in training
 * @property {ReturnType<typeof exportState>} tensors
 * @property {number} steps taken
 */

/**
 * A pair in training on a team. The caller closes the team.
 */
export class Trainee {
  /** @type {Team} */
  team;
  #pair;
  #rule;
  /** @type {Batches} */
  #batches;
  #done = 0;
  /** @type {StepReport | undefined} */
  #newest;

  /**
   * @param {Team} team
   * @param {Net} net
   * @param {Batches} batches of the net's batch size
   */
  constructor(team, net, batches) {
    this.team = team;
    this.#batches = batches;
    this.#pair = pairOf(team, net);
    this.#rule = new Bsd(
      this.#pair,
      {
        features: "rate",
        centred: true,
        rivals: RECIPE.rivals,
        loss: RECIPE.loss,
        lambda: 0,
        temperature: RECIPE.temperature,
        weight: 1,
        stimulusWeight: 1,
        top: "cross-entropy",
        homeostasis: net.homeostasis,
      },
      { weightDecay: RECIPE.weightDecay, clip: RECIPE.clip, clipScope: "stage" },
    );
  }

  /**
   * Takes training steps as a trainer sees them: the batch is put in place, then learnt.
   *
   * @param {number} count
   * @returns {number[]} milliseconds of each
   */
  train(count) {
    return Array.from({ length: count }, () => {
      const start = performance.now();
      const labels = this.#load(this.#done);
      const rates = { perception: RECIPE.learningRate, recall: RECIPE.learningRate };
      this.#newest = this.#rule.step({ labels, counter: this.#done++ }, rates);
      return performance.now() - start;
    });
  }

  /**
   * Decides batches: put in place, perceived, and each image's class taken from the concept's spikes.
   *
   * @param {number} count
   * @returns {number[]} milliseconds of each
   */
  infer(count) {
    return Array.from({ length: count }, (_, batch) => {
      const start = performance.now();
      const { length } = this.#load(batch);
      perceive(this.#pair, length);
      decide(this.#pair, length);
      return performance.now() - start;
    });
  }

  /** Firing rates and losses of the newest training step. */
  report() {
    if (!this.#newest) throw new Error("no step was taken");
    return this.#newest;
  }

  /** @returns {State} */
  save() {
    return { tensors: exportState(this.#pair, { optimiser: true }), steps: this.#done };
  }

  /** @param {State} state */
  restore({ tensors, steps }) {
    importState(this.#pair, tensors, { optimiser: true });
    this.#rule.optimiser.steps = steps;
    this.#done = steps;
  }

  /**
   * @param {number} number of the batch, counted over the whole training
   * @returns {Uint16Array} its labels
   */
  #load(number) {
    const { width, stimuli, labels, count } = this.#batches;
    const { stimulus, stimulusWidth, options } = this.#pair;
    const first = (number % count) * options.maxImages;
    for (let image = 0; image < options.maxImages; image++) {
      const from = (first + image) * width;
      stimulus.view.set(stimuli.subarray(from, from + width), image * stimulusWidth);
    }
    return labels.subarray(first, first + options.maxImages);
  }
}

/**
 * @param {Team} team
 * @param {Net} net
 */
function pairOf(team, net) {
  return new NetworkPair(team, {
    kind: net.kind,
    hidden: net.hidden,
    steps: net.steps,
    norm: true,
    tau: RECIPE.tau,
    threshold: { perception: net.threshold, recall: net.threshold },
    stimulus: "direct",
    target: "one-hot",
    targetSize: 0,
    image: { height: net.side, width: net.side, channels: net.channels },
    classes: RECIPE.classes,
    maxImages: net.batch,
    maxRecalls: RECIPE.classes,
    seed: 1,
    // As training does where each layer clips its own gradients.
    keepGradients: false,
  });
}

/** States after pre-training, by what was trained: the bytes are the same for any number of threads, so it is done once, with all of them. */
/** @type {Map<string, any>} */
const pretrained = new Map();

/**
 * A trainee that was trained for `pretrain` steps, ready to go on. The caller closes its team.
 *
 * @template {{ train(count: number): unknown, save(): unknown, restore(state: any): void }} T
 * @param {string} what names net, rule and data
 * @param {number} pretrain
 * @param {number} threads
 * @param {(team: Team) => T} make
 * @returns {Promise<T>}
 */
export async function startPretrained(what, pretrain, threads, make) {
  const key = `${what}, ${pretrain} steps`;
  const team = await Team.create({ threads, spawn: spawnThread });
  try {
    const trainee = make(team);
    const state = pretrained.get(key);
    if (state) {
      trainee.restore(state);
    } else {
      trainee.train(pretrain);
      pretrained.set(key, trainee.save());
    }
    // Every reported figure belongs to a step of this team, and its first one, on cold memory, is not timed.
    trainee.train(1);
    return trainee;
  } catch (error) {
    await team.close();
    throw error;
  }
}

/**
 * A pair trained for the net's `pretrain` steps.
 *
 * @param {Net} net
 * @param {Batches} batches
 * @param {number} threads
 * @returns {Promise<Trainee>}
 */
export function startTrainee(net, batches, threads) {
  const what = `${net.title}, ${batches.dataset}`;
  return startPretrained(what, net.effort.pretrain, threads, (team) => new Trainee(team, net, batches));
}
