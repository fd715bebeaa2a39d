/** Networks as ONNX graphs; loaded when the first is asked for. */
import { version } from "../../../package.json";
import { perceptionOnnx, recallOnnx } from "../../../src/formats/onnx.ts";

import { classMeans, type Experiment, spikingModel } from "../../../src/index.ts";
import type { ExportedNetwork } from "./protocol-keep.ts";

/**
 * The file `bispike export --format onnx` writes of the same training.
 *
 * @param step optimiser steps done, for the file's header
 * @throws BispikeError "usage" for recall where there is perception alone
 */
export function onnxOf(experiment: Experiment, network: ExportedNetwork, step: number): Uint8Array {
  const { model, config, dataset, trainIndices } = experiment;
  const metadata = {
    "run.name": config.name,
    "run.rule": config.rule.name,
    "run.seed": String(config.train.seed),
    "run.step": String(step),
  };
  if (network === "perception") return perceptionOnnx(model, { version, metadata }).bytes;
  const means = classMeans(dataset.train, trainIndices, dataset.shape, dataset.classes);
  return recallOnnx(spikingModel(model, "recall as ONNX"), { version, metadata, classMeans: means }).bytes;
}
