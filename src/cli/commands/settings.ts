/** `bispike help settings`, and `bispike settings`: all settings of an experiment in words, from their tables. docs/settings.md is made here, too. */
import { Command } from "commander";
import {
  chosenOf,
  isGroup,
  keysOf,
  type Option,
  optionsOf,
  PROBLEMS,
  type Problem,
  type Section,
  type Table,
} from "../../training/options.ts";
import { SETTINGS } from "../../training/settings/settings.ts";
import { print, runAction } from "../process.ts";
import { alignTable } from "../report/tables.ts";

export function settingsCommand(): Command {
  return new Command("settings")
    .description("Lists every setting of an experiment: its key, default, values, rules and meaning.")
    .action(runAction(() => print(settingsText())));
}

/** What of an option is told. */
interface Row {
  readonly key: string;
  readonly values: string;
  readonly usual: string;
  readonly problems: string;
  readonly rules: string;
  readonly says: string;
}

/** Sections by their name; settings that are in none first. */
function sections(): readonly { readonly name: string; readonly says: string; readonly rows: readonly Row[] }[] {
  const rows = Array.from(optionsOf(SETTINGS), ([key, option]) => rowOf(key, option));
  const alone = rows.filter(({ key }) => !key.includes("."));
  const named = Object.entries(SETTINGS).flatMap(([name, entry]) =>
    isGroup(entry) ? [{ name, says: entry.says, rows: rows.filter(({ key }) => key.startsWith(`${name}.`)) }] : [],
  );
  return [{ name: "", says: "Settings of no section.", rows: alone }, ...named];
}

function rowOf(key: string, option: Option): Row {
  const problems = PROBLEMS.filter((problem) => keysOf(SETTINGS, problem).includes(key));
  const chosen = (problem: Problem) => chosenOf(SETTINGS, {}, problem).at(key);
  return {
    key,
    values: shared(problems, (problem) => wordsOf(option, problem)),
    usual: key === "name" ? "made of data, net and rule" : shared(problems, (problem) => shown(chosen(problem))),
    problems: problems.length === PROBLEMS.length ? "all" : problems.join(", "),
    rules: option.rules === undefined ? "all" : option.rules.join(", "),
    says: sentenceOf(option),
  };
}

/** One text where all problems agree, else each one's. */
function shared(problems: readonly Problem[], of: (problem: Problem) => string): string {
  const texts = problems.map(of);
  if (texts.every((text) => text === texts[0])) return texts[0] ?? "";
  return problems.map((problem, at) => `${problem}: ${texts[at]}`).join("; ");
}

function wordsOf(option: Option, problem: Problem): string {
  const choices = option.choices?.(problem);
  return choices ? choices.join(", ") : option.expected(problem);
}

function shown(value: unknown): string {
  if (value === undefined) return "none";
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}

const sentenceOf = ({ says, unit }: Option): string => (unit === undefined ? says : `${says} In ${unit}.`);

/** All settings for a terminal, of the sections named, or all. */
export function settingsText(): string {
  const parts = sections().map(({ name, says, rows }) => {
    const table = rows.flatMap(({ key, values, usual, problems, rules, says: sentence }) => {
      const told = [...(problems === "all" ? [] : [problems]), ...(rules === "all" ? [] : [`rules ${rules}`])];
      return [
        `  --${key}=VALUE  (default: ${usual})`,
        `      ${sentence}`,
        `      ${values}`,
        ...told.map((text) => `      of ${text}`),
      ];
    });
    return [name === "" ? says : `${name}: ${says}`, ...table].join("\n");
  });
  return [
    "Every setting of an experiment, as an override of its default; in a YAML file the parts of a key are nested.",
    ...parts,
    renames(),
  ].join("\n\n");
}

/** Settings and sections with their dotted keys. */
function* entriesOf(table: Table, prefix = ""): Generator<readonly [key: string, entry: Option | Section]> {
  for (const [key, entry] of Object.entries(table)) {
    yield [prefix + key, entry];
    if (isGroup(entry)) yield* entriesOf(entry.fields, `${prefix}${key}.`);
  }
}

/** What settings were called in version 1. */
function renames(): string {
  const rows = renamesOf().map(([old, now]) => [old, now]);
  return `Names of version 1:\n${alignTable([["was", "is"], ...rows], "ll")}`;
}

function renamesOf(): readonly (readonly [old: string, now: string])[] {
  return Array.from(optionsOf(SETTINGS)).flatMap(([key, { was, wasNamed }]) => [
    ...was.map((old) => [old, key] as const),
    ...Object.entries(wasNamed).map(([old, now]) => [`${key}=${old}`, `${key}=${now}`] as const),
  ]);
}

/** The page docs/settings.md. */
export function settingsPage(): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  const parts = sections().map(({ name, says, rows }) =>
    [
      `## ${name === "" ? "Of no section" : name}`,
      "",
      says,
      "",
      row(["setting", "values", "default", "problems", "rules", "meaning"]),
      "|---|---|---|---|---|---|",
      ...rows.map(({ key, values, usual, problems, rules, says: sentence }) =>
        row([`\`${key}\``, values, usual, problems, rules, sentence]),
      ),
    ].join("\n"),
  );
  const notes = Array.from(entriesOf(SETTINGS)).flatMap(([key, { notIn }]) =>
    Object.entries(notIn).map(([problem, why]) => row([`\`${key}\``, problem, why])),
  );
  return `${[
    "# Settings",
    "Made from the tables in `src/training/settings/` by `npm run docs:settings`; do not edit.",
    "A setting stands in an experiment's YAML file, its key's parts nested, or on the command line with `--` before the key and `=value` behind it. A setting of another rule is passed over; one that has no meaning for the problem is an error.",
    ...parts,
    "## Why a setting has no meaning for a problem",
    [row(["setting", "problem", "reason"]), "|---|---|---|", ...notes].join("\n"),
    "## Names of version 1",
    "In files and on the command line they are errors that name the new one; checkpoints and run folders are read by either.",
    [row(["was", "is"]), "|---|---|", ...renamesOf().map(([old, now]) => row([`\`${old}\``, `\`${now}\``]))].join("\n"),
  ].join("\n\n")}\n`;
}
