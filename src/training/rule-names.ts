/** Names of the learning rules for images. */

/** Learning rules for images on spiking nets. */
export const spikingRules = [
  "bsd",
  "backprop",
  "feedback-alignment",
  "direct-feedback-alignment",
  "local-losses",
  "r-stdp",
] as const;
export type SpikingRuleName = (typeof spikingRules)[number];

/** Learning rules for images on non-spiking nets. */
export const annRules = ["backprop-ann", "dll", "predictive-coding", "ccl", "bsd-ann"] as const;
export type AnnRuleName = (typeof annRules)[number];

/** Learning rules for images. */
export const imageRules = [...spikingRules, ...annRules] as const;
export type ImageRuleName = SpikingRuleName | AnnRuleName;

/** Learning rules for sequences: two on the spiking net, three on the non-spiking net. */
export const sequenceRules = ["bsd", "backprop", "backprop-ann", "predictive-coding", "dll"] as const;
/** Learning rules for autoencoders: two on the spiking net, one on the non-spiking net. */
export const autoencoderRules = ["bsd", "backprop", "backprop-ann"] as const;

/** One of this library's rules, or a registered name. */
export type AnyRuleName = ImageRuleName | (string & {});

/** Whether a rule trains a non-spiking net. */
export function isAnnRule(rule: AnyRuleName): rule is AnnRuleName {
  return (annRules as readonly string[]).includes(rule);
}

/** Whether a rule is one of this library's on spiking nets. */
export function isSpikingRule(rule: AnyRuleName): rule is SpikingRuleName {
  return (spikingRules as readonly string[]).includes(rule);
}
