/** An autoencoder's checkpoint or run folder: what was trained on what, how far, and the networks' stages. */
import { describeShape as describeImage } from "../../data/dataset.ts";
import { autoencoderFrame, autoencoderShapes } from "../../network/autoencoder/shapes.ts";
import { describeShape, flat, type Shape, sizeOf } from "../../network/shape.ts";
import type { OpenedCheckpoint } from "../../node/open.ts";
import type { AutoencoderConfig } from "../../training/autoencoder/config.ts";
import type { AnyCheckpoint, AutoencoderCheckpoint } from "../../training/checkpoint.ts";
import { alignTable, printable } from "../table.ts";
import type { Findings } from "./inspect.ts";
import { besideCheckpoint, describePosition, parameterCount, parametersOf } from "./inspect-run.ts";
import { describeTensors, tensorTable } from "./inspect-tensors.ts";
import { figure } from "./lines-sequence.ts";
import { counted } from "./words.ts";

/** Everything there is to say of a checkpoint; of a run's best one (else its last) when `path` is a folder. */
export function inspectAutoencoder(
  path: string,
  { file, checkpoint }: OpenedCheckpoint<AutoencoderCheckpoint>,
): Findings {
  const { config, data, position, tensors, version } = checkpoint;
  const { last, summary } = besideCheckpoint(path, file);
  const stages = describeStages(checkpoint);
  const parameters = { perception: parametersOf("perception.", tensors), recall: parametersOf("recall.", tensors) };
  const rows = stages.map(({ stage, role, shape, perception, recall }) => [
    stage.toString(),
    role,
    describeShape(shape),
    parameterCount(perception),
    parameterCount(recall),
  ]);
  return {
    json: {
      ...{ kind: "autoencoder checkpoint", file, version, config, data, position, last, summary },
      ...{ parameters, stages, tensors: describeTensors(tensors) },
    },
    text: [
      `${printable(file)}: bispike checkpoint of an autoencoder, version ${version}`,
      alignTable(overview(checkpoint, last), "ll"),
      alignTable(
        [
          ["stage", "", "shape", "perception", "recall"],
          ...rows,
          ["", "", "parameters", parameterCount(parameters.perception), parameterCount(parameters.recall)],
        ],
        "rllrr",
      ),
      tensorTable(tensors),
    ].join("\n\n"),
  };
}

function overview({ config, data, position }: AutoencoderCheckpoint, last: AnyCheckpoint["position"] | null) {
  const { train, network } = config;
  const { mean, std } = data.statistics;
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(", ");
  const best = position.best ?? (last?.best && "score" in last.best ? last.best : null);
  const spiking = config.rule.name !== "backprop-ann";
  const neurons = spiking
    ? `${network.steps} steps, tau ${network.tau}, threshold ${network.threshold.perception}, recall ${network.threshold.recall}`
    : "real-valued";
  return [
    ["name", config.name],
    [
      "data",
      `${printable(data.name)}: ${describeImage(data.shape)}, ${data.classNames.length} classes, mean ${numbers(mean)}, std ${numbers(std)}`,
    ],
    ["network", `${network.kind}, latent ${network.latent}, norm ${network.norm ? "on" : "off"}, ${neurons}`],
    ["rule", describeRule(config)],
    [
      "training",
      `seed ${train.seed}, ${counted(train.epochs, "epoch")}, batch ${train.batch}, learning rate ${train.learningRate} (${train.schedule}), weight decay ${train.weightDecay}`,
    ],
    ["position", describePosition(position)],
    ...(last ? [["last saved", describePosition(last)]] : []),
    ...(best ? [["best", `MSE ${figure(-best.score)} on the held-out images, after epoch ${best.epoch}`]] : []),
  ];
}

function describeRule({ rule }: AutoencoderConfig): string {
  if (rule.name !== "bsd") return rule.name;
  const { frequency } = rule;
  const lambda = frequency.on ? `${frequency.lowLambda} to ${frequency.highLambda}` : `${rule.lambda}`;
  const described = new Map([
    ["reco", `reco (lambda ${lambda})`],
    ["infonce", `infonce (temperature ${rule.temperature})`],
  ]);
  const bands = frequency.on
    ? `, bands ${frequency.bands} about ${frequency.split} cycles a pixel`
    : ", no split by frequency";
  return `bsd: ${described.get(rule.loss) ?? rule.loss}, ${rule.centred ? "centred " : ""}${rule.features}${bands}`;
}

interface StageSummary {
  readonly stage: number;
  readonly role: "image" | "hidden" | "latent";
  readonly shape: Shape;
  /** Parameters that drive this stage in each network: perception's from below, recall's from above. */
  readonly perception: number;
  readonly recall: number;
}

function describeStages({ config, data, tensors }: AutoencoderCheckpoint): StageSummary[] {
  const { network } = config;
  const frame = autoencoderFrame(network, data.shape);
  const image = network.kind === "mlp" ? flat(sizeOf(frame)) : frame;
  const shapes = [image, ...autoencoderShapes(network, frame), image];
  const latent = network.hidden.length + 1;
  return shapes.map((shape, k) => ({
    stage: k + 1,
    role: k === 0 || k === shapes.length - 1 ? "image" : k === latent ? "latent" : "hidden",
    shape,
    perception: parametersOf(`perception.stage${k + 1}.`, tensors),
    recall: parametersOf(`recall.stage${k + 1}.`, tensors),
  }));
}
