/** Learning rules that others register: what one says of itself, and the list that `rule.name` is looked up in. Images on spiking pairs; other experiments have the rules of this library. */
import type { NetworkPair } from "../nets/pair.ts";
import { Registry, refuse } from "../registry.ts";
import type { OptimiserOptions } from "../rules/optimiser.ts";
import type { Rule } from "../rules/rule.ts";
import type { RuleConfig } from "./config.ts";
import { imageRules } from "./rule-names.ts";

/** What a rule is told. */
export interface RuleSettings {
  /** The section `rule` of the configuration, of which it uses what it has use for. */
  readonly rule: RuleConfig;
  readonly optimiser: OptimiserOptions;
}

/** A learning rule for images on a spiking pair. */
export interface RuleDefinition {
  /** Which networks its pair is to have. */
  readonly networks: "both" | "perception";
  /** Whether it reads the drives of all stages again after the pass, as backprop does; takes memory. */
  readonly keepDrives: boolean;
  /** The rule on a pair that was made so. */
  readonly create: (pair: NetworkPair, settings: RuleSettings) => Rule;
}

/** @internal */
export const registeredRules: Registry<RuleDefinition> = new Registry("rule", imageRules);

/**
 * Gives a learning rule a name, which `rule.name` of image experiments may then be.
 *
 * @param name 1 to 60 small letters, digits and '-', beginning with a letter
 * @throws BispikeError "usage" for a name that is taken or is none, or a definition that lacks something
 * @example
 * registerRule("read-out-only", {
 *   networks: "both",
 *   keepDrives: false,
 *   create: (pair, { rule, optimiser }) => new Bsd(pair, { ...rule, freeze: "both" }, optimiser),
 * });
 * resolveConfig({ data: { name: "mnist" }, rule: { name: "read-out-only" } });
 */
export function registerRule(name: string, definition: RuleDefinition): void {
  const what = `rule ${name}`;
  const { networks, keepDrives, create } = definition ?? {};
  if (!["both", "perception"].includes(networks) || typeof keepDrives !== "boolean" || typeof create !== "function")
    refuse(what, "networks (both or perception), keepDrives and create");
  registeredRules.add(name, {
    ...{ networks, keepDrives },
    create: (pair, settings) => {
      const rule = definition.create(pair, settings);
      const whole = typeof rule?.step === "function" && typeof rule.slots === "function" && rule.optimiser;
      return whole ? rule : refuse(what, "step, slots and optimiser from its create");
    },
  });
}
