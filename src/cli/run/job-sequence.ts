/** Training on a text or series, from its configuration to its summary. */
import { loadSequence } from "../../data/sequence/load.ts";
import { sequenceContent } from "../../node/content.ts";
import { createTeam } from "../../node/open.ts";
import { createSequenceExperiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import type { SequenceConfig } from "../../training/sequence/config.ts";
import { sequenceRequest } from "../../training/sequence/request.ts";
import type { Job } from "./job.ts";
import { assertHeldOut, warnUnverified } from "./job-data.ts";
import type { Reporter } from "./reporter.ts";
import { finishSequenceRun } from "./sequence-summary.ts";

export async function withSequence<T>(
  config: SequenceConfig,
  judge: Judge,
  reporter: Reporter,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  const sequence = await loadSequence(sequenceRequest(config));
  const { about, windows } = sequence;
  warnUnverified(about.name, about.provenance, reporter);
  if (about.kind === "series") warnOfSeries(about.constant, about.standardise, reporter);
  const team = await createTeam(config.train.threads);
  try {
    const experiment = createSequenceExperiment(team, config, sequence);
    const { heldOut, test } = about.parts;
    assertHeldOut(judge, windows.heldOut.length);
    const counts = {
      task: config.task,
      rule: config.rule.name,
      windows: windows.train.length,
      window: about.window,
      heldOut: heldOut.to - heldOut.from,
      test: test.to - test.from,
      ...(about.kind === "text"
        ? { characters: about.alphabet.length }
        : { inputs: about.inputs.length, targets: about.targets.length }),
    };
    const content = sequenceContent(sequence.set);
    const { provenance } = about;
    const finish: Job["finish"] = (folder, result, pause) =>
      finishSequenceRun(experiment, folder, result, pause, judge);
    const slots: Job["slots"] = () => experiment.learner.slots(false);
    return await use({
      config,
      judge,
      slots,
      task: experiment.task,
      threads: team.threads,
      provenance,
      content,
      counts,
      finish,
    });
  } finally {
    await team.close();
  }
}

function warnOfSeries(constant: readonly string[], standardise: "train" | "all", reporter: Reporter): void {
  if (constant.length > 0)
    reporter.warning(`constant in the rows trained on, so of no use there: column ${constant.join(", ")}`);
  if (standardise === "all")
    reporter.warning(
      "data.standardise all: means and deviations are the whole series', so the test part leaks into training",
    );
}
