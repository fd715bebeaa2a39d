/** Training autoencoders, from their configuration to their summary. */
import { loadDataset } from "../../data/load.ts";
import { createTeam } from "../../node/open.ts";
import type { AutoencoderConfig } from "../../training/autoencoder/config.ts";
import { createAutoencoderExperiment } from "../../training/autoencoder/experiment.ts";
import { finishAutoencoderRun } from "./autoencoder-summary.ts";
import { type Job, warnUnverified } from "./job.ts";
import type { Reporter } from "./reporter.ts";

export async function withAutoencoder<T>(
  config: AutoencoderConfig,
  reporter: Reporter,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  const dataset = await loadDataset(config.data);
  warnUnverified(dataset.name, dataset.provenance, reporter);
  const team = await createTeam(config.train.threads);
  try {
    const experiment = createAutoencoderExperiment(team, config, dataset);
    const { task, trainIndices, heldOutIndices } = experiment;
    const counts = {
      task: config.task,
      rule: config.rule.name,
      images: trainIndices.length,
      heldOut: heldOutIndices.length,
      latent: config.network.latent,
    };
    const { provenance } = dataset;
    const finish: Job["finish"] = (folder, result, pause) => finishAutoencoderRun(experiment, folder, result, pause);
    return await use({ config, task, threads: team.threads, provenance, counts, finish });
  } finally {
    await team.close();
  }
}
