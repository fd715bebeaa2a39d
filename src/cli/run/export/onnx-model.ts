/** The work of `bispike export --format onnx`: which graph, and its interface in words. */
import { BispikeError } from "../../../errors.ts";
import type { Port } from "../../../export/onnx/graph.ts";
import { perceptionOnnx } from "../../../export/onnx/model.ts";
import type { OnnxExport, OnnxExportOptions } from "../../../export/onnx/options.ts";
import { recallOnnx } from "../../../export/onnx/recall.ts";
import { spikingModel } from "../../../network/model.ts";
import { buildRun, openAnyCheckpoint } from "../../../node/open.ts";
import { packageVersion } from "../../../node/version.ts";
import { assertRecall } from "../../../training/read-checkpoint.ts";
import type { Exported, ExportRequest } from "./format.ts";

const NOT_WRITTEN = { sequence: "recurrent nets of sequences", autoencode: "autoencoders" } as const;

/** As commander gives them. */
interface Given {
  readonly network?: "perception" | "recall";
  readonly mode?: "unrolled" | "step";
  readonly spikes?: boolean;
  readonly concept?: "class" | "code";
}

export async function exportOnnx({ run, options, threads }: ExportRequest): Promise<Exported> {
  const { network = "perception", mode = "unrolled", spikes = false, concept }: Given = options;
  if (concept !== undefined && network !== "recall")
    throw new BispikeError("usage", "--concept says what recall starts from; it goes with --network recall");
  const { file, checkpoint } = openAnyCheckpoint(run);
  if (!("classMeans" in checkpoint))
    throw new BispikeError(
      "usage",
      `${file}: --format onnx writes networks of image classes; ${NOT_WRITTEN[checkpoint.problem]} are not written yet`,
    );
  if (network === "recall") assertRecall(checkpoint, file, "--network recall");
  const { model, team } = await buildRun({ file, checkpoint }, threads);
  try {
    const { classMeans, config, position } = checkpoint;
    const metadata = {
      "run.name": config.name,
      "run.rule": config.rule.name,
      "run.seed": String(config.train.seed),
      "run.step": String(position.step),
    };
    const common: OnnxExportOptions = { mode, spikes, version: packageVersion(), metadata };
    const made =
      network === "perception"
        ? perceptionOnnx(model, common)
        : recallOnnx(spikingModel(model, "--network recall"), { ...common, classMeans, concept: concept ?? "class" });
    return { bytes: made.bytes, lines: linesOf(made), facts: factsOf(made, { network, mode, checkpoint: file }) };
  } finally {
    await team.close();
  }
}

function linesOf({ inputs, outputs, states }: OnnxExport): string[] {
  const next = new Set(Object.values(states));
  const describe = (port: Port) => `  ${port.name}  ${port.element} [${port.dimensions.join(", ")}]  ${port.about}`;
  const state = Object.keys(states).length > 0 ? ["State, an output NAME.next for each input NAME:"] : [];
  return [
    "Inputs (N images at once, any number):",
    ...inputs.filter(({ name }) => !(name in states)).map(describe),
    "Outputs:",
    ...outputs.filter(({ name }) => !next.has(name)).map(describe),
    ...state,
    ...inputs.filter(({ name }) => name in states).map(describe),
  ];
}

function factsOf(
  { inputs, outputs, states }: OnnxExport,
  about: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const ports = (list: readonly Port[]) =>
    list.map(({ name, element, dimensions, about: text }) => ({ name, type: element, shape: dimensions, about: text }));
  return { ...about, inputs: ports(inputs), outputs: ports(outputs), states };
}
