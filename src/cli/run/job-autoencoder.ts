/** Training autoencoders, from their configuration to their summary. */
import { withoutTest } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";
import { imagesContent } from "../../node/content.ts";
import { createTeam } from "../../node/open.ts";
import type { AutoencoderConfig } from "../../training/autoencoder/config.ts";
import { createAutoencoderExperiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import { finishAutoencoderRun } from "./autoencoder-summary.ts";
import type { Job } from "./job.ts";
import { assertHeldOut, warnUnverified } from "./job-data.ts";
import type { Reporter } from "./reporter.ts";

export async function withAutoencoder<T>(
  config: AutoencoderConfig,
  judge: Judge,
  reporter: Reporter,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  const loaded = await loadDataset(config.data);
  const dataset = judge === "test" ? loaded : withoutTest(loaded);
  warnUnverified(dataset.name, dataset.provenance, reporter);
  const team = await createTeam(config.train.threads);
  try {
    const experiment = createAutoencoderExperiment(team, config, dataset);
    const { task, trainIndices, validationIndices } = experiment;
    assertHeldOut(judge, validationIndices.length);
    const counts = {
      task: config.task,
      rule: config.rule.name,
      images: trainIndices.length,
      heldOut: validationIndices.length,
      latent: config.network.latent,
    };
    const content = imagesContent(dataset);
    const { provenance } = dataset;
    const finish: Job["finish"] = (folder, result, pause) =>
      finishAutoencoderRun(experiment, folder, result, pause, judge);
    const slots: Job["slots"] = () => experiment.model.learner.slots(false);
    return await use({ config, judge, slots, task, threads: team.threads, provenance, content, counts, finish });
  } finally {
    await team.close();
  }
}
