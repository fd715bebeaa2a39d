/** What README, RESULTS and the other documents promise a reader who types: their commands are ones the program takes, their links and the experiments they name are there. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it, test } from "vitest";
import { splitOverrides } from "../../src/cli/arguments.ts";
import { FORMATS } from "../../src/cli/commands/export.ts";
import { program } from "../../src/cli/program.ts";
import { readSearch } from "../../src/cluster/sweep.ts";
import { criteriaTable } from "../../src/rules/criteria.ts";
import { knownKeys } from "../../src/training/any-config.ts";
import { readAnyExperiment, readRawExperiment } from "../../src/training/config-file.ts";
import { commandsOf, documents, optionsOf, root, textOf } from "../support/documented.ts";

/** The anchor a heading gets on a page of the repository. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

const leaves = (command: Command): Command[] =>
  command.commands.length > 0 ? command.commands.flatMap(leaves) : [command];

/** Parses as the program does; commands that have an experiment's file resolve it, all others do nothing. */
async function take(words: readonly string[]): Promise<void> {
  const [name, ...others] = words;
  const configured = name === "train" || name === "compare" || (name === "sweep" && others[0] === "plan");
  const { rest, overrides } = configured ? splitOverrides(others) : { rest: others, overrides: [] };
  const parser = await program(overrides);
  for (const leaf of leaves(parser)) leaf.action(() => {});
  await parser.parseAsync([name!, ...rest], { from: "user" });
  const file = rest.find((word) => word.endsWith(".yaml"));
  if (file === undefined || !configured) return;
  const path = join(root, file);
  if (name !== "train") readSearch(readRawExperiment(path), file, { overrides });
  else {
    const task = /--task[ =]([a-z-]+)/.exec(rest.join(" "))?.[1];
    readAnyExperiment(path, [...(task ? [`--task=${task}`] : []), ...overrides]);
  }
}

/** Every command, unparsed. */
const allCommands = async () => leaves(await program([]));

const KEYS = new Set(knownKeys());
/** Of the commands, and of the programs in bench/ and experiments/, which documents name too. */
const OPTIONS = new Set([
  ...(await allCommands()).flatMap(({ options }) => options.map(({ long }) => long)),
  ...["--help", "--rules", "--write", "--cifar"],
]);

describe.each(documents)("%s", (document) => {
  const text = textOf(document);

  it("links to what is there", () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const local = targets.filter((one) => !/^https?:/.test(one));
    if (document === "README.md") expect(local.length).toBeGreaterThan(3);
    for (const target of local) {
      const [file, anchor] = target.split("#");
      const path = file ? join(dirname(document), file) : document;
      expect(existsSync(join(root, path)), target).toBe(true);
      if (anchor) expect(anchorsOf(textOf(path)), target).toContain(anchor);
    }
  });

  it("names experiments, programs and pictures that are there", () => {
    const named = [
      ...text.matchAll(/\b(?:experiments|examples|bench|docs|scripts)\/[\w./-]+\.(?:yaml|mjs|py|svg|png)\b/g),
    ];
    for (const [path] of named) expect(existsSync(join(root, path)), path).toBe(true);
  });

  it("names options that there are", () => {
    for (const option of optionsOf(text)) {
      const name = option.slice(2);
      expect(name.includes(".") ? KEYS.has(name) || name.startsWith("compare.") : OPTIONS.has(option), option).toBe(
        true,
      );
    }
  });

  const commands = commandsOf(document, text);
  if (commands.length > 0)
    test.each(commands)("$where", async ({ words }) => {
      await take(words);
    });
});

test("help's examples are taken, too", async () => {
  const shown = (await allCommands()).map((command) => {
    let help = "";
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    return help;
  });
  const lines = shown.flatMap((help) => help.split("\n").filter((line) => line.includes("$ bispike")));
  const commands = commandsOf("help", `\`\`\`sh\n${lines.join("\n")}\n\`\`\``);
  expect(commands.length).toBeGreaterThan(30);
  for (const { words, where } of commands) await expect(take(words), where).resolves.toBeUndefined();
});

test("README's exports, typed one after another, write a file each, and none of the project's", () => {
  const exports = commandsOf("README.md", textOf("README.md")).filter(({ words }) => words[0] === "export");
  const files = exports.map(({ words }) => {
    const named = (option: string) => words[words.indexOf(`--${option}`) + 1 || words.length];
    const format = FORMATS.find(({ name }) => name === named("format"))!;
    const given = ["network", "contents"].flatMap((option) => (named(option) ? [[option, named(option)]] : []));
    return named("out") ?? format.file(Object.fromEntries(given));
  });
  expect(files.length).toBeGreaterThan(7);
  expect(new Set(files).size, files.join()).toBe(files.length);
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(false);
});

test("RESULTS has the table of criteria that is declared", () => {
  expect(textOf("RESULTS.md")).toContain(`${criteriaTable()}\n`);
});

/** Experiments whose data a person gives on the command line. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  "experiments/shakespeare.yaml": ["--data.text=tinyshakespeare.txt"],
  "experiments/etth1.yaml": ["--data.series=ETTh1.csv"],
  "experiments/exchange-rate.yaml": ["--data.series=exchange_rate.txt.gz"],
  "experiments/los-speed.yaml": ["--data.series=los_speed.csv"],
};

describe("every experiment's file", () => {
  const files = readdirSync(join(root, "experiments"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => `experiments/${name}`);

  test.each(files)("%s is one", (file) => {
    const raw = readRawExperiment(join(root, file)) as Record<string, unknown>;
    if (raw.compare || raw.sweep) readSearch(raw, file);
    else readAnyExperiment(join(root, file), WANTED[file] ?? []);
  });
});
