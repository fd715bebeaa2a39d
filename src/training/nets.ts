/** Nets as a program asks for them: what `train` builds for the data it is given. Options are those of the configuration's section `network`, with the same defaults. */
import type { ProblemName } from "../problems/problem.ts";
import type { AutoencoderNetworkConfig, NetworkConfig, SequenceNetworkConfig } from "./config.ts";

/** A net to be built, of the kind that problem `P` takes. */
export interface NetChoice<P extends ProblemName = ProblemName> {
  readonly problem: P;
  /** What made it, for messages. */
  readonly made: string;
  /** The section `network` of the configuration, without its defaults. */
  readonly section: object;
}

/** Any part of an options object, thresholds and other parts of it included. */
export type Partly<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Partly<T[K]> : T[K];
};

/** Options of nets that name the class of an image. */
export type ImageNetOptions = Partly<Omit<NetworkConfig, "kind" | "hidden">>;

/** Options of recurrent nets. */
export type RecurrentOptions = Partly<Omit<SequenceNetworkConfig, "hidden">>;

/** Options of autoencoders. */
export type AutoencoderNetOptions = Partly<Omit<AutoencoderNetworkConfig, "hidden">>;

/**
 * Fully connected stages, image → class.
 *
 * @param hidden neurons of each hidden stage, from the image up. Default [1024, 512, 256]
 * @param options such as `steps` (T, default 4), `norm` (default true) and `threshold`; see `NetworkConfig`
 * @example
 * await train({ data: await images("mnist"), net: mlp([512, 256], { steps: 6 }) });
 */
export function mlp(hidden?: readonly number[], options: ImageNetOptions = {}): NetChoice<"classify"> {
  return { problem: "classify", made: "mlp", section: sectionOf({ kind: "mlp", hidden }, options) };
}

/**
 * Stages of 3x3 convolutions, image → class.
 *
 * @param channels of each stage, from the image up. Default [32, 64, 128]
 * @param options as of `mlp`
 * @example
 * await train({ data: await images("fashion-mnist"), net: cnn([32, 64, 128]) });
 */
export function cnn(channels?: readonly number[], options: ImageNetOptions = {}): NetChoice<"classify"> {
  return { problem: "classify", made: "cnn", section: sectionOf({ kind: "cnn", hidden: channels }, options) };
}

/**
 * Recurrent stages, for texts and series.
 *
 * @param hidden neurons of each stage. Default [324]
 * @param options such as `steps` (default 4) and `population`, the neurons that stand for a value; see `SequenceNetworkConfig`
 * @example
 * await train({ data: await text("alice"), net: recurrent([324]) });
 */
export function recurrent(hidden?: readonly number[], options: RecurrentOptions = {}): NetChoice<"sequence"> {
  return { problem: "sequence", made: "recurrent", section: sectionOf({ hidden }, options) };
}

/**
 * Two autoencoders that share an image; images given to a net like this are reconstructed, not named.
 *
 * @param hidden channels (or neurons, with `kind: "mlp"`) of the stages between image and latent. Default [16, 32, 64], [256] for an mlp
 * @param options such as `kind` (default cnn), `latent` (neurons of the latent, default 64) and `steps` (default 8); see `AutoencoderNetworkConfig`
 * @example
 * await train({ data: await images("mnist"), net: autoencoder([16, 32], { latent: 32 }) });
 */
export function autoencoder(hidden?: readonly number[], options: AutoencoderNetOptions = {}): NetChoice<"autoencode"> {
  return { problem: "autoencode", made: "autoencoder", section: sectionOf({ hidden }, options) };
}

/** Joins options, without those that are undefined. */
export function sectionOf(...parts: readonly object[]): object {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)).filter(([, value]) => value !== undefined));
}
