/** Training on images, from its configuration to its summary. */
import { withoutTest } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";
import { imagesContent } from "../../node/content.ts";
import { createTeam } from "../../node/open.ts";
import type { ExperimentConfig } from "../../training/config.ts";
import { createExperiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import type { Job } from "./job.ts";
import { assertHeldOut, warnUnverified } from "./job-data.ts";
import type { Reporter } from "./reporter.ts";
import { finishRun } from "./summary.ts";

export async function withImages<T>(
  config: ExperimentConfig,
  judge: Judge,
  reporter: Reporter,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  const loaded = await loadDataset(config.data);
  const dataset = judge === "test" ? loaded : withoutTest(loaded);
  warnUnverified(dataset.name, dataset.provenance, reporter);
  const team = await createTeam(config.train.threads);
  try {
    const experiment = createExperiment(team, config, dataset);
    const { task, trainIndices, validationIndices } = experiment;
    assertHeldOut(judge, validationIndices.length);
    const counts = { images: trainIndices.length, heldOut: validationIndices.length, classes: dataset.classes };
    const content = imagesContent(dataset);
    const { provenance } = dataset;
    const finish: Job["finish"] = (folder, result, pause) => finishRun(experiment, folder, result, pause, judge);
    const slots: Job["slots"] = () => experiment.model.slots(false);
    return await use({ config, judge, slots, task, threads: team.threads, provenance, content, counts, finish });
  } finally {
    await team.close();
  }
}
