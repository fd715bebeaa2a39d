/**
 * How parts agree before they train: each tells the part below what it is and the steps that it and all above it can go on from; the lowest chooses the latest common
 * one and says so upwards.
 */
import { BispikeError } from "../errors.ts";
import { describeStages } from "../nets/pair.ts";
import type { Channel } from "./channel.ts";
import type { Frame } from "./frame.ts";
import { checkNeighbour, decodeHello, encodeHello, type Hello, whose } from "./hello.ts";
import { describeFailure, failureFrame } from "./link.ts";

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
