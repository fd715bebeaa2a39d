/** Which experiments can be trained in parts: told before a part reads the file as one on images, and finds every key of a sequence's unknown. */
import { BispikeError } from "../../errors.ts";
import { readAnyExperiment } from "../../training/config-file.ts";

/**
 * @param option that asked for parts
 * @throws BispikeError "usage" for an experiment on anything but images with their classes
 */
export function assertFitsParts(option: string, file: string, overrides: readonly string[]): void {
  const config = readAnyExperiment(file, overrides);
  if ("task" in config)
    throw new BispikeError(
      "usage",
      `${option}: expected an experiment on images and their classes by rule bsd, got task ${config.task} (${file}); train it without ${option}, in one process`,
    );
}
