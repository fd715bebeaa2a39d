// @ts-check
/** A recurrent net in training: `train(k)` takes k steps and says how long each took, `infer(k)` the same for elements of a stream. */
import { SequenceBackprop, SequenceBsd, SequencePair, SequenceStream, Team } from "../library.mjs";
import { startPretrained } from "../trainee.mjs";
import { SEQUENCE_RECIPE } from "./nets.mjs";

/** @typedef {import("./nets.mjs").SequenceNet} SequenceNet */
/** @typedef {import("./data.mjs").SequenceData} SequenceData */
/** @typedef {import("../../dist/data/sequence/task.js").SequenceSet} SequenceSet */
/** @typedef {import("../../dist/rules/rule.js").SequenceStepReport} SequenceStepReport */
/** @typedef {"bsd" | "bptt"} SequenceRule */
/** @typedef {{ readonly tensors: readonly Float32Array[], readonly steps: number }} State */

/** A net in training on a team. The caller closes the team. */
export class SequenceTrainee {
  /** @type {Team} */
  team;
  #learner;
  #data;
  #rows;
  #next = 0;
  /** @type {SequenceStream | undefined} */
  #stream;
  #element = 0;
  /** @type {SequenceStepReport | undefined} */
  #newest;

  /**
   * @param {Team} team
   * @param {SequenceNet} net
   * @param {SequenceRule} rule
   * @param {SequenceData} data
   */
  constructor(team, net, rule, data) {
    this.team = team;
    this.#data = data;
    this.#rows = net.rows;
    this.#learner = createLearner(team, net, rule, data.set);
  }

  /**
   * Takes training steps as a trainer sees them: the windows are put in place, then learnt.
   *
   * @param {number} count
   * @returns {number[]} milliseconds of each
   */
  train(count) {
    const { set, starts } = this.#data;
    return Array.from({ length: count }, () => {
      const start = performance.now();
      const from = (this.#next++ * this.#rows) % starts.length;
      this.#learner.load(set, starts, from, this.#rows);
      this.#newest = this.#learner.step(SEQUENCE_RATES);
      return performance.now() - start;
    });
  }

  /**
   * Perceives elements one after the other, from where it left off.
   *
   * @param {number} count
   * @returns {number[]} milliseconds of each
   */
  infer(count) {
    if (!(this.#learner instanceof SequenceBsd)) throw new Error("streams are of nets that learn by BSD");
    this.#stream ??= new SequenceStream(this.#learner);
    const stream = this.#stream;
    const { inputs, parts } = this.#data.set;
    return Array.from({ length: count }, () => {
      const element = elementAt(inputs, this.#element++ % parts.train.to);
      const start = performance.now();
      stream.perceive(element);
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
    return { tensors: [...this.#learner.slots(true)].map((slot) => slot.read()), steps: this.#learner.optimiser.steps };
  }

  /** @param {State} state */
  restore({ tensors, steps }) {
    for (const [index, slot] of [...this.#learner.slots(true)].entries()) {
      slot.write(tensors[index] ?? new Float32Array(0));
    }
    this.#learner.optimiser.steps = steps;
    this.#next = steps;
  }
}

export const SEQUENCE_RATES = {
  perception: SEQUENCE_RECIPE.learningRate,
  recall: SEQUENCE_RECIPE.learningRate,
};

/**
 * Position n's input.
 *
 * @param {SequenceSet["inputs"]} elements
 * @param {number} n
 */
export function elementAt(elements, n) {
  const { width } = elements;
  return elements.kind === "symbols"
    ? (elements.symbols[n] ?? 0)
    : elements.values.subarray(n * width, (n + 1) * width);
}

/**
 * @param {Team} team
 * @param {SequenceNet} net
 * @param {SequenceRule} rule
 * @param {SequenceSet} set
 */
export function createLearner(team, net, rule, set) {
  const r = SEQUENCE_RECIPE;
  const pair = new SequencePair(team, {
    hidden: [net.hidden],
    steps: r.steps,
    norm: true,
    tau: r.tau,
    threshold: { perception: r.threshold, recall: r.threshold },
    recurrentRecall: true,
    population: r.population,
    inputs: { kind: set.inputs.kind, width: set.inputs.width },
    targets: { kind: set.targets.kind, width: set.targets.width },
    window: net.window,
    maxRows: net.rows,
    seed: 1,
    perceptionOnly: rule === "bptt",
  });
  const optimiser = /** @type {const} */ ({ weightDecay: r.weightDecay, clip: r.clip, clipScope: "stage" });
  if (rule === "bptt") return new SequenceBackprop(pair, optimiser);
  return new SequenceBsd(
    pair,
    {
      centred: true,
      loss: "infonce",
      rivals: r.rivals,
      block: r.block,
      temperature: r.temperature,
      lambda: 0,
      weight: 1,
      stimulusWeight: 1,
      homeostasis: { weight: 0, rate: 0 },
    },
    optimiser,
  );
}

/**
 * A net trained for its `pretrain` steps.
 *
 * @param {SequenceNet} net
 * @param {SequenceRule} rule
 * @param {SequenceData} data
 * @param {number} threads
 * @returns {Promise<SequenceTrainee>}
 */
export function startSequenceTrainee(net, rule, data, threads) {
  const make = (/** @type {Team} */ team) => new SequenceTrainee(team, net, rule, data);
  return startPretrained(`${net.title}, ${rule}`, net.effort.pretrain, threads, make);
}
