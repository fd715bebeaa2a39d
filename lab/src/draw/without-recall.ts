/** Why a run has no recall network to ask. */
import type { About } from "../worker/protocol.ts";

/**
 * @example
 * withoutRecall({ config: resolveConfig({ rule: { name: "backprop" } }), spikes: true }); // "Rule backprop trains perception alone: ..."
 */
export function withoutRecall({ config, spikes }: Pick<About, "config" | "spikes">): string {
  const { name, codes } = config.rule;
  const rule = `Rule ${name}${name === "bsd" && codes === "random" ? " with random codes in recall’s place" : ""}`;
  const trains = spikes ? "perception alone" : "a net of real numbers, without spikes";
  return `${rule} trains ${trains}: there is no recall network to draw anything.`;
}
