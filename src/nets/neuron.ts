/**
 * Leaky integrate-and-fire neurons (the convention of SpikingJelly's LIFNode, as the method's authors use it):
 *
 *   H[t] = V[t-1] + (X[t] - V[t-1]) / tau     charge
 *   S[t] = 1 if H[t] >= threshold, else 0     fire
 *   V[t] = H[t] (1 - S[t])                    hard reset to 0, constant to the gradient
 *
 * Surrogate gradient (ATan): dS/dH = (alpha / 2) / (1 + (pi/2 alpha (H - threshold))^2). State starts at 0 for every sample.
 */

/**
 * Constants of leaky integrate-and-fire neurons (the convention of SpikingJelly's LIFNode). For drive X, membrane potential V and spikes S, from V = 0 for every sample:
 *
 *     H[t] = V[t-1] + (X[t] - V[t-1]) / tau     charge
 *     S[t] = 1 if H[t] >= threshold, else 0     fire
 *     V[t] = H[t] (1 - S[t])                    hard reset to 0, constant to the gradient
 *
 * The surrogate gradient (ATan) is dS/dH = (alpha / 2) / (1 + (pi/2 alpha (H - threshold))^2).
 */
export interface NeuronParameters {
  /** Membrane time constant in steps, >= 1. Default 2. */
  readonly tau: number;
  /** Firing threshold in units of the drive. Default 0.6, best in the paper's own study. */
  readonly threshold: number;
  /** Sharpness of the surrogate gradient. Default 2. */
  readonly alpha: number;
}

/** Defaults of the neurons' constants: tau 2 steps, threshold 0.6, alpha 2. */
export const neuronDefaults: NeuronParameters = { tau: 2, threshold: 0.6, alpha: 2 };

/**
 * Threshold of the concept's neurons. Their drive is a trained logit, several times larger than a normalised drive: at 0.6 they fire at every
 * step for several classes at once, and deciding by their spikes cost 1.9 points on validation Fashion-MNIST (87.3 against 89.2 % by the mean drive); at 2, none
 * (experiments/concept-threshold.mjs).
 */
export const CONCEPT_THRESHOLD = 2;

/** What the alignment compares: the time mean of spikes, of the (normalised) drive, or of the membrane H. */
export type Feature = "rate" | "drive" | "membrane";

/** The kernels' number of a feature; 0 is none. */
export const FEATURE_CODES: Readonly<Record<Feature, number>> = { rate: 1, drive: 2, membrane: 3 };

/** See `Pooling`. */
export const POOLINGS = ["mean", "energy"] as const;

/**
 * What of a cell's firing rates is its feature where features are pooled: their mean, or the root of their mean square, their energy, to which a neuron that fires much adds more
 * than several that fire little. Drives and membranes are signed: their mean always.
 */
export type Pooling = (typeof POOLINGS)[number];

/** The kernels' number of a cell's energy. */
export const ENERGY_CODE = 4;
