/** The command line that trains what is on screen. */
import type { ExperimentConfig } from "../../../src/training/config.ts";
import { changes } from "./pairs.ts";

/** What stands for a folder on the person's own disk: a page never learns where a dropped file came from. */
const FOLDER = "PATH/TO/";

/** Text that YAML reads as text, and shells as one word. */
const PLAIN_TEXT = /^[A-Za-z_/][\w./-]*$/;
/** Words that YAML takes for something else. */
const TAKEN = /^(true|false|null|y|n|yes|no|on|off)$/i;
/** Arguments no shell changes: no blanks, brackets (patterns in zsh) or the like. */
const PLAIN_ARGUMENT = /^[\w@%+=:,./-]+$/;

/**
 * `npx bispike train` with the overrides that make a configuration of nothing.
 *
 * @param own whether its data are files the page was given, whose folder the person has to fill in
 * @example
 * commandOf(checkedConfig({ data: { name: "mnist" }, network: { hidden: [64] } }));
 * // npx bispike train --data.name=mnist '--network.hidden=[64]' --rule.name=bsd
 */
export function commandOf(config: ExperimentConfig, own = false): string {
  const overrides = changes(config).map(([key, value]) => {
    if (Array.isArray(value)) return `--${key}=[${value.join(",")}]`;
    // The option --name takes its text as it is.
    if (typeof value !== "string" || key === "name") return `--${key}=${value}`;
    return `--${key}=${yamlText(own && key === "data.path" ? FOLDER + value : value)}`;
  });
  return ["npx bispike train", ...overrides.map(shellWord)].join(" ");
}

function yamlText(text: string): string {
  return PLAIN_TEXT.test(text) && !TAKEN.test(text) ? text : JSON.stringify(text);
}

/** A word that POSIX shells, and zsh, hand on as it is. */
function shellWord(argument: string): string {
  return PLAIN_ARGUMENT.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
