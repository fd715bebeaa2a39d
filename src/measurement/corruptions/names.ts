/** Names of what robustness is measured against. Light: the command line's `--help` loads this. */

/** Corruptions of images. */
export const IMAGE_CORRUPTIONS = ["noise", "blur", "contrast", "shift", "occlusion"] as const;
/** The corruptions of images. */
export type ImageCorruptionName = (typeof IMAGE_CORRUPTIONS)[number];

/** These, and noise on the weights. */
export const CORRUPTIONS = [...IMAGE_CORRUPTIONS, "weights"] as const;
/** Every corruption, of images and of weights. */
export type CorruptionName = (typeof CORRUPTIONS)[number];

/** From mild to severe. */
export const SEVERITIES = [1, 2, 3, 4, 5] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Draws of the noise on the weights at each severity, unless told otherwise. */
export const DEFAULT_DRAWS = 3;
