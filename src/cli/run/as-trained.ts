/** Whether a run's config.yaml is what its checkpoint was trained with: a hand may have changed it since. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BispikeError } from "../../errors.ts";
import { CHECKPOINT_FILES, openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import type { AnyConfig } from "../../training/any-config.ts";
import { modelConfig } from "../../training/checkpoint.ts";
import { hindrances, inWords } from "../../training/same-training.ts";

/**
 * @param path the run's folder
 * @param config as its config.yaml has it
 * @param remedy what to do about it, beside putting it back
 * @param trained the checkpoint's configuration. Default: that of the best checkpoint, else the last; nothing is asked where there is none
 * @throws BispikeError "checkpoint" that names the keys that were changed
 */
export function assertAsTrained(path: string, config: AnyConfig, remedy: string, trained = trainedConfig(path)): void {
  const edited = trained ? hindrances(trained, modelConfig(config)) : [];
  if (edited.length > 0)
    throw new BispikeError(
      "checkpoint",
      `${path}: ${RUN_FILES.config} is not what the checkpoint was trained with: ${inWords(edited)}; put it back${remedy}`,
    );
}

/** How to train with other settings than a run's, which keeps its folder. */
export function anew(path: string): string {
  return `train anew in another folder: bispike train ${join(path, RUN_FILES.config)}, and --init ${path} to begin with this run's weights`;
}

function trainedConfig(path: string): AnyConfig | undefined {
  const kept = Object.values(CHECKPOINT_FILES).some((file) => existsSync(join(path, file)));
  return kept ? openAnyCheckpoint(path).checkpoint.config : undefined;
}
