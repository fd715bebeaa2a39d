/**
 * Trains one part of a pair beside the others. Nothing but spikes goes from part to part: recall's down, once a step, and perception's up.
 *
 * How far a part may run ahead is `depth`, k. A segment is the steps from one save to the next. At step m of a segment that began at step s a part takes the recall spikes that the part
 * above it gave at step max(s, m - k), so they were made by weights Theta above the cut that have min(k, m - s) updates less than in one process. All else is the
 * newest: perception's spikes, and both networks' weights within the part.
 *
 *   k = 0   the same weights and moments, bit for bit, as in one process; parts take turns
 *   k > 0   parts work at the same time. The result depends on k, the cuts and the segments, and on nothing else: not on who is faster
 */
import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import { describeStages } from "../nets/pair.ts";
import type { SpikeCrossing } from "../rules/bsd.ts";
import type { StepReport } from "../rules/rule.ts";
import type { ExperimentConfig } from "../training/config.ts";
import { learningRate } from "../training/trainer.ts";
import { configSum, dataSum, type SpikeCoding } from "./frames.ts";
import { agree, type Neighbours } from "./join.ts";
import { END, Link, type Traffic } from "./link.ts";
import { type Part, PartTrainee } from "./part.ts";
import type { PartFile } from "./part-file.ts";

/** A step's own figures. */
export interface PartStep {
  /** Steps done, from 1. */
  readonly step: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  readonly totalSteps: number;
  /** Perception's. */
  readonly learningRate: number;
  /** Losses and rates of the part's stages; 0 for others. */
  readonly report: StepReport;
  /** Milliseconds so far that the part waited for others' spikes. */
  readonly waited: number;
}

/** What the loop of a part is told. */
export interface PartOptions extends PartTiming {
  /** How spikes are sent; events are shorter, bits faster. Default bits. */
  readonly coding?: SpikeCoding;
  /** Version of the software; parts of another are refused, as they may not compute the same. */
  readonly software: string;
  /** Steps it has checkpoints of, beside the start. Default none. */
  readonly saved?: readonly number[];
  /** Reads the checkpoint of one of them. */
  readonly load?: (step: number) => PartFile;
  /** Hears at which step training begins. */
  readonly onStart?: (step: number) => void;
  /** Hears of every step of this part. */
  readonly onStep?: (step: PartStep) => void;
  /** An epoch's means over its images, of the part's stages. */
  readonly onEpoch?: (epoch: { readonly epoch: number; readonly step: number } & PartTrainee["epoch"]) => void;
  /** A checkpoint to keep. Those that all parts save at the same step are `regular`. */
  readonly onSave?: (step: number, bytes: Uint8Array, regular: boolean) => void;
  /** Checked before every step: true has all parts stop at the same step and save. */
  readonly stopped?: () => boolean;
  /** Lets other work of the thread go on, as sockets'; awaited between stages. */
  readonly pause?: () => Promise<void>;
}

/** How a part's training ended. */
export interface PartResult {
  /** Whether all steps were done; false when some part stopped. */
  readonly finished: boolean;
  /** Optimiser steps done. */
  readonly step: number;
  /** Spikes that crossed to and from each neighbour. */
  readonly traffic: Readonly<Partial<Record<"above" | "below", { sent: Traffic; received: Traffic }>>>;
}

/**
 * Trains to the end, or until some part stops; a part whose neighbour is gone keeps where it stands and throws.
 *
 * @throws BispikeError "platform" when a neighbour is gone, "usage" when it is not the part it should be, "training" when a part's losses or its neighbour's are no longer finite
 * @example
 * const [up, down] = channelPair(limits);
 * await Promise.all([trainPart(lower, { above: up }, options), trainPart(upper, { below: down }, options)]);
 */
export async function trainPart(part: Part, neighbours: Neighbours, options: PartOptions): Promise<PartResult> {
  try {
    return await new PartRun(part, options).run(neighbours);
  } catch (error) {
    await Promise.all([neighbours.above?.close(), neighbours.below?.close()]);
    throw error;
  }
}

class PartRun {
  readonly #part: Part;
  readonly #trainee: PartTrainee;
  readonly #options: PartOptions;
  readonly #depth: number;
  readonly #saveEvery: number;
  #above: Link | undefined;
  #below: Link | undefined;
  #step = 0;
  /** Of the segment under way. */
  #first = 0;
  #asked = false;

  constructor(part: Part, options: PartOptions) {
    this.#part = part;
    this.#options = options;
    const { depth, saveEvery } = checkTiming(part.config, options);
    this.#depth = depth;
    this.#saveEvery = saveEvery;
    this.#trainee = new PartTrainee(part);
  }

  async run(neighbours: Neighbours): Promise<PartResult> {
    const { above, below } = neighbours;
    const { rule, range, config, model, dataset } = this.#part;
    const { software, saved = [], coding = "bits", load, onStart } = this.#options;
    if ((above !== undefined) !== range.last < rule.pair.stages || (below !== undefined) !== range.first > 1)
      throw new BispikeError(
        "usage",
        `stages ${describeStages(range)}: expected a channel to each neighbour, and no other`,
      );
    const sums = { config: configSum(config), data: dataSum(model.data, dataset) };
    const stages = { stages: { ...range }, of: rule.pair.stages };
    const timing = { depth: this.#depth, saveEvery: this.#saveEvery };
    const steps = [...new Set([0, ...saved])];
    const agreed = await agree({ software, ...stages, ...sums, ...timing, steps }, neighbours);
    if (agreed.start > 0) {
      if (!load) throw new BispikeError("usage", "expected a way to load the checkpoint of a step");
      this.#trainee.restore(load(agreed.start));
    }
    this.#step = agreed.start;
    this.#first = agreed.start;
    if (above) this.#above = new Link(above, agreed.above, coding);
    if (below) this.#below = new Link(below, agreed.below, coding);
    onStart?.(agreed.start);
    try {
      const finished = await this.#train();
      // Lower parts wait for upper ones: a connection is closed when nothing is under way on it.
      await this.#below?.end(this.#step);
      await this.#above?.settle();
      await this.#below?.settle();
      return { finished, step: this.#step, traffic: this.#traffic() };
    } catch (error) {
      await this.#giveUp(error);
      throw error;
    }
  }

  async #train(): Promise<boolean> {
    const { trainIndices, stepsPerEpoch, totalSteps, config } = this.#part;
    const { seed } = config.train;
    while (this.#step < totalSteps) {
      const epoch = Math.floor(this.#step / stepsPerEpoch);
      const shuffled = permutation(seed, "shuffle", epoch, trainIndices.length);
      const order = Int32Array.from(shuffled, (i) => trainIndices[i]!);
      while (this.#step < (epoch + 1) * stepsPerEpoch) {
        if (!(await this.#mayGoOn()) || !(await this.#takeStep(order, epoch))) {
          await this.#above?.end(this.#step);
          this.#save(false);
          return false;
        }
        if (this.#step === this.#endOfSegment(this.#first)) {
          if (this.#step % stepsPerEpoch === 0) {
            this.#options.onEpoch?.({ epoch: epoch + 1, step: this.#step, ...this.#trainee.epoch });
            this.#trainee.clear();
          }
          this.#save(true);
          this.#first = this.#step;
        }
      }
    }
    await this.#above?.end(this.#step);
    return true;
  }

  /** Step after the last of the segment that has this one: a multiple of `saveEvery`, or an epoch's end. */
  #endOfSegment(step: number): number {
    const { stepsPerEpoch } = this.#part;
    const next = (unit: number) => (Math.floor(step / unit) + 1) * unit;
    return Math.min(next(this.#saveEvery), next(stepsPerEpoch));
  }

  /** A wish to stop goes down; the lowest part ends the training. */
  async #mayGoOn(): Promise<boolean> {
    const wish = this.#options.stopped?.() || this.#above?.stopping;
    if (!wish) return true;
    if (!this.#below) return false;
    if (!this.#asked) await this.#below.stop(this.#step);
    this.#asked = true;
    return true;
  }

  /** One step; false where the part below ends the training before it. */
  async #takeStep(order: Int32Array, epoch: number): Promise<boolean> {
    const { config, totalSteps, stepsPerEpoch } = this.#part;
    const trainee = this.#trainee;
    const step = this.#step;
    const rate = learningRate(config.train, step, totalSteps);
    const rates = { perception: rate, recall: rate * config.train.recallLearningRate };
    const { from, count } = trainee.batchAt(step % stepsPerEpoch);
    const undo = trainee.remember(step);
    const course = trainee.course(order, from, count, step, rates);
    for (;;) {
      const { done, value } = course.next();
      if (done) {
        trainee.add(value);
        this.#step++;
        const waited = (this.#above?.waited ?? 0) + (this.#below?.waited ?? 0);
        this.#options.onStep?.({
          step: step + 1,
          epoch: epoch + 1,
          totalSteps,
          learningRate: rate,
          report: value,
          waited,
        });
        return true;
      }
      if (value.do === "pause") await this.#options.pause?.();
      else if (value.do === "give") await this.#give(value);
      else {
        // Nothing is learned before the last spikes are taken, so a step that gets none can be taken back.
        try {
          if ((await this.#take(value)) !== END) continue;
        } catch (error) {
          undo();
          throw error;
        }
        undo();
        return false;
      }
    }
  }

  async #give(crossing: SpikeCrossing): Promise<void> {
    const step = this.#step;
    if (crossing.network === "perception") return this.#above!.give(crossing, step);
    // The part below takes this at step + depth, or never; the segment's first at once.
    if (step === this.#first || step + this.#depth < this.#endOfSegment(this.#first))
      await this.#below!.give(crossing, step);
  }

  /** Between the first steps of a segment the spikes taken at its beginning stay. */
  async #take(crossing: SpikeCrossing): Promise<typeof END | undefined> {
    const step = this.#step;
    if (crossing.network === "perception") return this.#below!.take(crossing, step);
    const source = Math.max(this.#first, step - this.#depth);
    if (step > this.#first && source === this.#first) return undefined;
    return this.#above!.take(crossing, source);
  }

  #save(regular: boolean): void {
    const { stepsPerEpoch } = this.#part;
    const step = this.#step;
    const place = { step, epoch: Math.floor(step / stepsPerEpoch), batch: step % stepsPerEpoch };
    this.#options.onSave?.(step, this.#trainee.encode(place), regular);
  }

  /** Tells the others, and keeps where the part stands if one of them is the reason: then it stands at the end of a step. */
  async #giveUp(error: unknown): Promise<void> {
    const others = this.#above?.failed || this.#below?.failed;
    const reason = error instanceof BispikeError ? error.message : "a fault of its own";
    await Promise.all([this.#above?.fail(reason), this.#below?.fail(reason)]);
    if (others) this.#save(false);
  }

  #traffic(): PartResult["traffic"] {
    const of = (link: Link | undefined) => link && { sent: link.sent, received: link.received };
    const [above, below] = [of(this.#above), of(this.#below)];
    return { ...(above ? { above } : {}), ...(below ? { below } : {}) };
  }
}

// How parts of a pair keep time: the same for all parts, and for a training as long as it lives.

/** How parts of a training keep step. */
export interface PartTiming {
  /** Steps a part may be ahead of the one above it. Default 0: the same bytes as one process. */
  readonly depth?: number;
  /** Steps from save to save, beside the end of each epoch. Default 200. */
  readonly saveEvery?: number;
}

export const timingDefaults = { depth: 0, saveEvery: 200 } as const satisfies Required<PartTiming>;

const MOST_STEPS = 65536;

/**
 * Fills in the defaults.
 *
 * @throws BispikeError "usage" for numbers out of range, "config" for a depth that the experiment does not allow
 */
export function checkTiming({ network, rule }: ExperimentConfig, given: PartTiming): Required<PartTiming> {
  const { depth = timingDefaults.depth, saveEvery = timingDefaults.saveEvery } = given;
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least && value <= MOST_STEPS;
  if (!whole(depth, 0)) throw new BispikeError("usage", `depth: expected a whole number from 0, got ${depth}`);
  // Then two parts' newest saves are never more than one apart, and two are kept.
  const least = depth + network.hidden.length + 2;
  if (!whole(saveEvery, least)) {
    throw new BispikeError(
      "usage",
      `saveEvery: expected at least depth + stages = ${least} steps, so that all parts keep a common one, got ${saveEvery}`,
    );
  }
  if (depth > 0 && rule.rivals !== "prototypes") {
    throw new BispikeError(
      "config",
      `rule.rivals: expected prototypes with a depth over 0 (their recall is the same for every batch), got ${rule.rivals}`,
    );
  }
  return { depth, saveEvery };
}
