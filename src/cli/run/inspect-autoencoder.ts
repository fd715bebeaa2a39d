/** What there is to say of an autoencoder's checkpoint. */
import { describeShape } from "../../data/dataset.ts";
import { flat, sizeOf } from "../../network/shape.ts";
import { autoencoderFrame, autoencoderShapes } from "../../network/specs.ts";
import type { AutoencoderConfig } from "../../training/autoencoder/config.ts";
import type { AutoencoderCheckpoint } from "../../training/checkpoint.ts";
import { printable } from "../table.ts";
import type { Description, StageSummary } from "./inspect-checkpoint.ts";
import { figure } from "./words.ts";

export function describeAutoencoder(checkpoint: AutoencoderCheckpoint): Description {
  const { config, data } = checkpoint;
  const { network } = config;
  const { mean, std } = data.statistics;
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(", ");
  const spiking = config.rule.name !== "backprop-ann";
  const neurons = spiking
    ? `${network.steps} steps, tau ${network.tau}, threshold ${network.threshold.perception}, recall ${network.threshold.recall}`
    : "real-valued";
  const about = [
    [
      "data",
      `${printable(data.name)}: ${describeShape(data.shape)}, ${data.classNames.length} classes, mean ${numbers(mean)}, std ${numbers(std)}`,
    ],
    ["network", `${network.kind}, latent ${network.latent}, norm ${network.norm ? "on" : "off"}, ${neurons}`],
    ["rule", describeRule(config)],
  ];
  return {
    of: " of an autoencoder",
    kind: "autoencoder checkpoint",
    about,
    best: ({ score }) => `MSE ${figure(-score)} on the held-out images`,
    networks: ["perception", "recall"],
    stages: describeStages(checkpoint),
  };
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

function describeStages({ config, data }: AutoencoderCheckpoint): StageSummary[] {
  const { network } = config;
  const frame = autoencoderFrame(network, data.shape);
  const image = network.kind === "mlp" ? flat(sizeOf(frame)) : frame;
  const shapes = [image, ...autoencoderShapes(network, frame), image];
  const latent = network.hidden.length + 1;
  return shapes.map((shape, k) => ({
    role: k === 0 || k === shapes.length - 1 ? "image" : k === latent ? "latent" : "hidden",
    shape,
  }));
}
