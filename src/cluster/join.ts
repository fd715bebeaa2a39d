/**
 * How parts agree before they train: each tells the part below what it is and the steps that it and all above it can go on from; the lowest chooses the latest common
 * one and says so upwards.
 */
import { BispikeError } from "../errors.ts";
import type { Tensor } from "../formats/safetensors.ts";
import { describeStages } from "../nets/pair.ts";
import type { Slot, Stateful } from "../nets/parameters.ts";
import { encodeCheckpoint, type Position } from "../training/checkpoint.ts";
import {
  type Channel,
  checkNeighbour,
  configSum,
  decodeHello,
  encodeHello,
  type Frame,
  type Hello,
  whose,
} from "./frames.ts";
import { describeFailure, failureFrame } from "./link.ts";
import type { PartFile } from "./part-file.ts";

/** Ways to the parts above and below; the lowest and the highest have one, a whole pair none. */
export interface Neighbours {
  readonly above?: Channel;
  readonly below?: Channel;
}

export interface Agreement {
  /** Step all parts go on from; 0 is the start. */
  readonly start: number;
  /** The neighbours in words. */
  readonly above: string;
  readonly below: string;
}

/**
 * A part that does not agree tells its neighbours why, which otherwise would only see a closed connection.
 *
 * @param ours `steps` are those this part can go on from
 * @throws BispikeError "usage" when a neighbour is not the part that is expected, "checkpoint" when there is no common step, "data" for what is no hello,
 *   "training" with a neighbour's own reason, "platform" when it is gone without one
 */
export async function agree(ours: Hello, neighbours: Neighbours): Promise<Agreement> {
  try {
    return await exchange(ours, neighbours);
  } catch (error) {
    const frame = failureFrame(error instanceof BispikeError ? error.message : "a fault of its own");
    await Promise.all([neighbours.above?.send(frame), neighbours.below?.send(frame)]);
    throw error;
  }
}

async function exchange(ours: Hello, { above, below }: Neighbours): Promise<Agreement> {
  const names = { above: "", below: "" };
  let { steps } = ours;
  if (above) {
    const hello = await read(above, ours, "above");
    names.above = `the part above (${whose(hello)})`;
    const common = steps.filter((step) => hello.steps.includes(step));
    if (common.length === 0) {
      throw new BispikeError(
        "checkpoint",
        `stages ${describeStages(ours.stages)} can go on from step ${steps.join(", ")}, those above from ${hello.steps.join(", ")}: there is no common step`,
      );
    }
    steps = common;
  }
  let start = Math.max(...steps);
  if (below) {
    await below.send(encodeHello({ ...ours, steps }));
    const hello = await read(below, ours, "below");
    names.below = `the part below (${whose(hello)})`;
    start = hello.steps[0]!;
    if (!steps.includes(start))
      throw new BispikeError("data", `${names.below} chose step ${start}, which was not offered (${steps.join(", ")})`);
  }
  await above?.send(encodeHello({ ...ours, steps: [start] }));
  return { start, ...names };
}

async function read(channel: Channel, ours: Hello, where: "above" | "below"): Promise<Hello> {
  try {
    const hello = decodeHello(await first(channel));
    checkNeighbour(ours, hello, where);
    return hello;
  } catch (error) {
    if (error instanceof BispikeError && error.code !== "usage")
      throw new BispikeError(error.code, `the part ${where} stages ${describeStages(ours.stages)}: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

/** The first frame of a neighbour that did not give up before it. */
async function first(channel: Channel): Promise<Frame> {
  let frame: Frame;
  try {
    frame = await channel.receive();
  } catch (error) {
    if (error instanceof BispikeError && error.code === "platform")
      throw new BispikeError("platform", `${error.message}; its own output says why`, { cause: error });
    throw error;
  }
  if (frame.kind === "failure") throw new BispikeError("training", describeFailure(frame));
  return frame;
}

// Puts the parts of a training together again: the weights and the optimiser's state that a training in one process has at that step.

/**
 * Bytes of the whole checkpoint, with moments. The same as `train` in one process writes where nothing is held out; else but for the best accuracy on validation images, which parts do not measure.
 *
 * @param parts of the same step, in any order
 * @throws BispikeError "checkpoint" when stages are missing or twice there, or the parts are of different steps or experiments
 * @example
 * writeFileSync("joined.safetensors", joinParts([lower, upper]));
 */
export function joinParts(parts: readonly PartFile[]): Uint8Array {
  const ordered = parts.toSorted((a, b) => a.position.stages.first - b.position.stages.first);
  const [lowest] = ordered;
  if (!lowest) throw new BispikeError("checkpoint", "expected parts of a pair, got none");
  assertOneTraining(ordered, lowest);
  const { config, data, classMeans } = lowest;
  if (!classMeans)
    throw new BispikeError("checkpoint", "expected the mean image of each class in the part with stage 1");
  const about = { problem: "classify" as const, config, data, position: joinPositions(ordered), classMeans };
  return encodeCheckpoint(whole(ordered), about, { optimiser: true });
}

function assertOneTraining(parts: readonly PartFile[], { config, position: { step, stages } }: PartFile): void {
  let next = 1;
  for (const { config: other, position } of parts) {
    const found = describeStages(position.stages);
    if (configSum(other) !== configSum(config) || position.stages.of !== stages.of)
      throw new BispikeError(
        "checkpoint",
        `stages ${found} are of another experiment than stages ${describeStages(stages)}`,
      );
    if (position.step !== step)
      throw new BispikeError(
        "checkpoint",
        `expected parts of one step: stages ${describeStages(stages)} are at step ${step}, stages ${found} at step ${position.step}`,
      );
    if (position.stages.first !== next)
      throw new BispikeError("checkpoint", `expected a part that begins with stage ${next}, got stages ${found}`);
    next = position.stages.last + 1;
  }
  if (next !== stages.of + 1)
    throw new BispikeError(
      "checkpoint",
      `stages ${next} to ${stages.of} are missing: expected the parts of all stages`,
    );
}

/** All tensors in a pair's order: perception's from the stimulus up, then recall's. */
function whole(parts: readonly PartFile[]): Stateful {
  const tensors = parts.flatMap((part) => [...part.tensors]);
  const of = (network: string) => tensors.filter(([name]) => new RegExp(`(^|\\.)${network}\\.stage`).test(name));
  const slots = [...of("perception"), ...of("recall")].map(slotOf);
  return { slots: () => slots };
}

function slotOf([name, { shape, data }]: [string, Tensor]): Slot {
  return { name, shape, read: () => data as Float32Array, write: (values) => (data as Float32Array).set(values) };
}

/** The sums as one process adds them up: stage by stage, then batch by batch. */
function joinPositions(parts: readonly PartFile[]): Position {
  const { config, position } = parts[0]!;
  const { step, epoch, batch } = position;
  // Only an epoch's last batch may be smaller, and after that there are no sums.
  const { batch: size } = config.train;
  let loss = 0;
  for (let k = 0; k < batch; k++) {
    const losses = parts.flatMap((part) => part.position.losses[k]!);
    loss += losses.reduce((sum, value) => sum + value, 0) * size;
  }
  const correct = parts.reduce((sum, part) => sum + part.position.correct, 0);
  const dead = parts.flatMap((part) => part.position.dead);
  return { step, epoch, batch, sums: { loss, correct, images: batch * size, dead: dead }, best: null };
}
