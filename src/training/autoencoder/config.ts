/**
 * The configuration of an autoencoder experiment, told from others by `task: autoencode`: what its fields mean, their defaults, and how a raw
 * object becomes a checked one. Unknown keys are errors; nothing is coerced. Runs in the browser too.
 */
import { type FrequencyOptions, frequencyDefaults } from "../../losses/bands.ts";
import type { StageLossName } from "../../losses/stage-loss.ts";
import { type DataConfig, defaults as imageDefaults, type TrainConfig } from "../config.ts";
import { checkConfig } from "../config-check.ts";
import { applyOverrides, keysToldBy } from "../config-overrides.ts";
import { copyRaw, joinName, lastName, type RawSection, sectionOf, withDefaults } from "../config-raw.ts";
import { impossible } from "./config-rules.ts";
import { type AUTOENCODE, autoencoderSchema, type REAL_RULES, type SPIKING_RULES } from "./config-schema.ts";

/** Two autoencoders of the same stages, from an image over the latent stage to the image. */
export interface AutoencoderNetworkConfig {
  /** Fully connected stages, or 3x3 convolutions of stride 2 down to the latent and, mirrored, upsampling with 3x3 convolutions back. Default cnn. */
  readonly kind: "mlp" | "cnn";
  /** Neurons (mlp, default [256]) or channels (cnn, default [16, 32, 64]) of the stages between image and latent, which come again, mirrored, behind it. */
  readonly hidden: readonly number[];
  /** Neurons of the latent stage, which is flat. Default 64. */
  readonly latent: number;
  /** T, time steps for which an image is shown. Default 8. */
  readonly steps: number;
  /** Normalise the drive over batch and time (cnn: and space). Default true. */
  readonly norm: boolean;
  /** Membrane time constant, in time steps, at least 1. Default 2. */
  readonly tau: number;
  /** Membrane potential at which a neuron fires. Default 0.6 in both networks. */
  readonly threshold: { readonly perception: number; readonly recall: number };
}

export type AutoencoderRuleName = (typeof SPIKING_RULES)[number] | (typeof REAL_RULES)[number];

/** How the stages' losses are split by spatial frequency (of a flat stage: by frequency along its neurons). Defaults: `frequencyDefaults`, but lowLambda 0.01 and highLambda 0.03. */
export interface FrequencyConfig extends FrequencyOptions {
  /** Default true; false compares features as they are, by `rule.lambda`. */
  readonly on: boolean;
}

/**
 * The learning rule and the options of all of them, so that one experiment can be run under each by `--rule.name`; a rule passes over the others'.
 *
 *     bsd             Bidirectional Spike-Based Distillation: two networks, each stage a loss of its own
 *     backprop        surrogate gradients through the same spiking net, perception alone
 *     real-backprop   backprop through a net of real-valued neurons of the same stages
 */
export interface AutoencoderRuleConfig {
  /** Default bsd. */
  readonly name: AutoencoderRuleName;
  /** bsd: what the two networks align: firing rates, mean drives or membrane potentials. Default rate. */
  readonly features: "rate" | "drive" | "membrane";
  /** bsd: subtract each neuron's own mean before the loss. Default true. */
  readonly centred: boolean;
  /** bsd: alignment loss of the hidden stages; an image's features against its own (pairs) and the other images' of the batch. reco, infonce, mse, or one that was registered. Default reco. */
  readonly loss: StageLossName;
  /** ReCo without the split by frequency: weight of the negatives. Default 0.06. */
  readonly lambda: number;
  /** InfoNCE: softmax temperature of the cosines. Default 0.1. */
  readonly temperature: number;
  /** Weight of each hidden stage's alignment loss. Default 1. */
  readonly weight: number;
  /** Weight of stage 1's loss, the squared error of recall's redrawn image. Default 1. */
  readonly stimulusWeight: number;
  /** Weight of the last stage's loss, the squared error of perception's. Default 1. */
  readonly topWeight: number;
  /**
   * bsd: learning rate of the stages through which a network sees, before its latent, as a multiple of the others'. What draws learns to predict what sees; where both learn alike, what
   * sees becomes easy to predict by losing what it saw. 0 leaves them random. Default 0.1.
   */
  readonly seeing: number;
  /** bsd: weight of a loss by which each stage that sees redraws the stage below it by a read-out of its own; beyond the paper. Needs `features: rate`; the read-outs learn at the full rate whatever `seeing` is. Default 0: the method as published. */
  readonly redraw: number;
  /** Pull on neurons that fire above `rate` (spikes a time step, default 0.1), with this weight (default 0 = off). */
  readonly homeostasis: { readonly weight: number; readonly rate: number };
  /** bsd: the split of the hidden stages' losses by spatial frequency; on by default. */
  readonly frequency: FrequencyConfig;
}

/** A checked configuration with every default filled in. */
export interface AutoencoderConfig {
  /** Names the run folder. Default `<data set>-autoencoder-<rule>`. */
  readonly name: string;
  readonly task: typeof AUTOENCODE;
  readonly data: DataConfig;
  readonly network: AutoencoderNetworkConfig;
  readonly rule: AutoencoderRuleConfig;
  /** As for image experiments; `epochs` 10 by default. */
  readonly train: TrainConfig;
}

/** Every default but the name; `hidden` is that of a cnn. */
export const autoencoderDefaults = {
  data: { heldOut: imageDefaults.data.heldOut, limit: imageDefaults.data.limit },
  network: {
    kind: "cnn",
    hidden: [16, 32, 64],
    latent: 64,
    steps: 8,
    norm: true,
    tau: 2,
    threshold: { perception: 0.6, recall: 0.6 },
  },
  rule: {
    name: "bsd",
    features: "rate",
    centred: true,
    loss: "reco",
    lambda: 0.06,
    temperature: 0.1,
    weight: 1,
    stimulusWeight: 1,
    topWeight: 1,
    seeing: 0.1,
    redraw: 0,
    homeostasis: { weight: 0, rate: 0.1 },
    frequency: { on: true, ...frequencyDefaults, lowLambda: 0.01, highLambda: 0.03 },
  },
  train: { ...imageDefaults.train, epochs: 10 },
} as const satisfies Omit<AutoencoderConfig, "name" | "task">;

/** Default hidden stages of an mlp, in place of `autoencoderDefaults.network.hidden`. */
const defaultNeurons: readonly number[] = [256];

/**
 * Check a raw configuration of an autoencoder experiment, apply overrides and fill in the defaults.
 *
 * @param raw an object shaped like `AutoencoderConfig` with any field but `task` and the data set left out
 * @param overrides strings `--section.key=value`, as for `resolveConfig`
 * @param source where `raw` came from, put in front of every error message
 * @throws BispikeError "config", "usage": as `resolveConfig`
 * @example
 * const config = resolveAutoencoderConfig({ task: "autoencode", data: { name: "mnist" } }, ["--rule.frequency.on=false"]);
 * config.name; // "mnist-autoencoder-bsd"
 */
export function resolveAutoencoderConfig(
  raw: unknown,
  overrides: readonly string[] = [],
  source?: string,
): AutoencoderConfig {
  return completeAutoencoderConfig(
    applyOverrides(copyRaw(raw, source), overrides, source),
    source,
    keysToldBy(overrides),
  );
}

/** Fills in an autoencoder experiment's defaults and checks it; overrides have been applied, and `told` are the keys they set. */
export function completeAutoencoderConfig(
  given: RawSection,
  source?: string,
  told: readonly string[] = [],
): AutoencoderConfig {
  const { network } = autoencoderDefaults;
  const hidden = sectionOf(given, "network").kind === "mlp" ? defaultNeurons : network.hidden;
  const filled = withDefaults(given, { ...autoencoderDefaults, network: { ...network, hidden } });
  const { name, path } = sectionOf(filled, "data");
  const dataset = typeof name === "string" ? name : lastName(path);
  filled.name ??= joinName(dataset, "autoencoder", String(sectionOf(filled, "rule").name));
  return checkConfig({ schema: autoencoderSchema, impossible }, filled, source, told);
}
