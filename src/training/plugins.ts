/**
 * Which registered names a configuration uses. A checkpoint keeps them with the plugin each came from, so that who opens it without is told what is missing; what the plugin does is
 * in its own file alone.
 */
import { BispikeError } from "../errors.ts";
import { stageLosses } from "../losses/stage-loss.ts";
import { HOW_TO_LOAD, type Registry } from "../registry.ts";
import { registeredRules } from "./registered-rules.ts";

/** A name that a configuration gives and this library alone does not know. */
export interface PluginUse {
  readonly key: "rule.name" | "rule.loss";
  readonly name: string;
  /** File name of the plugin that registered it; none where a program did. */
  readonly plugin?: string;
}

const kinds = { "rule.name": registeredRules, "rule.loss": stageLosses } as const satisfies Record<
  PluginUse["key"],
  Registry<unknown>
>;

/** What of section `rule` was registered, `rule.name` first. Only image experiments have registered rules. */
export function pluginsUsed(config: object): PluginUse[] {
  const { task, rule = {} } = config as { task?: string; rule?: { name?: string; loss?: string } };
  const given = { "rule.name": task === undefined ? rule.name : undefined, "rule.loss": rule.loss };
  return (["rule.name", "rule.loss"] as const).flatMap((key) => {
    const name = given[key];
    if (name === undefined || !kinds[key].has(name)) return [];
    const plugin = kinds[key].pluginOf(name);
    return [plugin === undefined ? { key, name } : { key, name, plugin }];
  });
}

/**
 * @param recorded what a checkpoint holds, not trusted
 * @throws BispikeError "checkpoint" that names what is not registered and the plugin it came from
 */
export function assertRegistered(recorded: unknown): void {
  const fault = () => new BispikeError("checkpoint", "metadata plugins: expected a list of key, name and plugin");
  if (!Array.isArray(recorded)) throw fault();
  for (const use of recorded as readonly Partial<PluginUse>[]) {
    const { key, name, plugin } = use ?? {};
    const plain = [name, plugin ?? ""].every(
      (text) => typeof text === "string" && text.length <= 255 && !/\p{Cc}/u.test(text),
    );
    if (key === undefined || !Object.hasOwn(kinds, key) || !plain) throw fault();
    const registry: Registry<unknown> = kinds[key];
    if (registry.has(name!)) continue;
    const [from, how] =
      plugin === undefined
        ? ["a program registered", HOW_TO_LOAD]
        : [`plugin ${plugin} registers`, `give it: --plugin ${plugin}`];
    throw new BispikeError(
      "checkpoint",
      `needs the ${registry.what} ${name}, which ${from} and which is not loaded; ${how}`,
    );
  }
}
