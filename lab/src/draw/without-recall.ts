/** Why a run has no recall network to ask. */
import type { About } from "../worker/protocol.ts";

/**
 * @example
 * withoutRecall({ config: resolveConfig({ rule: { name: "backprop" } }), spikes: true }); // "Rule backprop trains perception alone: ..."
 */
export function withoutRecall({ config, spikes }: Pick<About, "config" | "spikes">): string {
  const { name, codes } = config.rule;
  const rule = `Rule ${name}${name === "bsd" && codes === "random" ? " with random codes in recall’s place" : ""}`;
  // Some of those have a second net (bsd-ann, ccl), but none that draws from spikes.
  if (!spikes) return `${rule} trains a non-spiking net: there is no spiking recall network to draw anything.`;
  return `${rule} trains perception alone: there is no recall network to draw anything.`;
}
