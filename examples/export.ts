/**
 * Trains a small pair and writes it for other programs: perception as ONNX, weights as safetensors in PyTorch's layout.
 *
 *   $ node export.ts OUT [IMAGES]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createExperiment, resolveConfig, Team, trainExperiment } from "bispike";
import { encodeWeights } from "bispike/formats";
import { loadDataset } from "bispike/node";
import { perceptionOnnx } from "bispike/onnx";

const [out = "exported", path, ...overrides] = process.argv.slice(2);
const config = resolveConfig(
  { data: path ? { path } : { name: "mnist" }, network: { hidden: [128] }, train: { epochs: 1 } },
  overrides,
);
const team = await Team.create();
const experiment = createExperiment(team, config, await loadDataset(config.data));
await trainExperiment(experiment);
const { model } = experiment;
const { bytes, inputs, outputs } = perceptionOnnx(model);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "perception.onnx"), bytes);
writeFileSync(join(out, "weights.safetensors"), encodeWeights(model.slots(false)));
console.log(JSON.stringify({ inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) }));
await team.close();
