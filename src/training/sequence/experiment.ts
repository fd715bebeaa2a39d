/** A sequence experiment made ready: net and rule built for a loaded text or series. What the trainer and every command start from. */
import { requireArguments } from "../../arguments.ts";
import type { Sequence } from "../../data/sequence/assemble.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import type { SequenceLearner } from "../../learning/sequence/learner.ts";
import type { SequenceConfig } from "./config.ts";
import { createSequenceLearner } from "./learners.ts";
import { TASK_OF_DATA } from "./request.ts";
import { SequenceTask } from "./task.ts";

export interface SequenceExperimentParts {
  readonly config: SequenceConfig;
  readonly learner: SequenceLearner;
  readonly sequence: Sequence;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** A sequence experiment, ready to be trained. */
export interface SequenceExperiment extends SequenceExperimentParts {
  /** The experiment as the training loop sees it. */
  readonly task: SequenceTask;
}

/**
 * Builds net and rule.
 *
 * @param sequence as `loadSequence` or `assembleSequence` gives it for `sequenceRequest(config)`
 * @throws BispikeError "config" for a sequence made for another task or window, "data" for one without a window to train on, "usage" for arguments of other kinds
 * @example
 * const config = resolveSequenceConfig({ task: "next-character", data: { text: "alice" } });
 * const experiment = createSequenceExperiment(team, config, await loadSequence(sequenceRequest(config)));
 * await train(experiment);
 */
export function createSequenceExperiment(team: Team, config: SequenceConfig, sequence: Sequence): SequenceExperiment {
  const where = "createSequenceExperiment";
  requireArguments(where, { team });
  requireArguments(where, { sequence });
  const { about, windows } = sequence;
  const [task, window] = [TASK_OF_DATA[config.task], config.data.window];
  if (about.task !== task || about.window !== window)
    throw new BispikeError(
      "config",
      `${about.name}: expected a sequence for task ${task} in windows of ${window}, got one for ${about.task} in windows of ${about.window}; make it by sequenceRequest(config)`,
    );
  if (windows.train.length === 0)
    throw new BispikeError("data", `${about.name}: expected a window to train on, got none`);
  const learner = createSequenceLearner(team, config, about);
  const { epochs, batch } = config.train;
  const stepsPerEpoch = Math.ceil(windows.train.length / batch);
  const parts = { config, learner, sequence, stepsPerEpoch, totalSteps: stepsPerEpoch * epochs };
  return { ...parts, task: new SequenceTask(parts) };
}
