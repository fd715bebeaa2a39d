/** A small experiment that is observed at every step, to be stepped by hand. */
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment, type Experiment } from "../../src/training/experiment.ts";
import type { Observation } from "../../src/training/observer.ts";
import { smallDigits } from "./small-digits.ts";

export const RATES = { perception: 0.02, recall: 0.02 };

/**
 * Makes one, uses it and takes it down.
 *
 * @param raw sections of a configuration
 */
export async function withObserved<T>(raw: object, use: (experiment: Experiment) => T): Promise<T> {
  const config = resolveConfig({ data: { path: "bars" }, observe: { every: 1, images: 8 }, ...raw });
  const team = await Team.create({ threads: 1, spawn: spawnThread, maximumPages: 1024 });
  try {
    return use(createExperiment(team, config, smallDigits({ classes: 3, train: 60, test: 6 })));
  } finally {
    await team.close();
  }
}

/** One step from a batch of its own, and what was observed of it. */
export function observedStep({ task, trainIndices }: Experiment, counter: number, count = 12): Observation {
  task.step(trainIndices, (counter * count) % (trainIndices.length - count), count, counter, RATES);
  if (!task.observation) throw new Error("this step was to be observed");
  return task.observation;
}

/** Angles of stages 2..L. */
export const degreesOf = ({ gradients }: Observation) => gradients.map(({ degrees }) => degrees ?? Number.NaN);
