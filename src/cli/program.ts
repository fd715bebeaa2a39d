/** The `bispike` command as a function of its arguments. Commands load their work only when they run, so that help comes at once. */
import { Command, CommanderError, Option } from "commander";
import { BispikeError } from "../errors.ts";
import { packageVersion } from "../node/version.ts";
import { compareCommand } from "./compare.ts";
import { demoCommand } from "./demo.ts";
import { evalCommand } from "./eval.ts";
import { exportCommand } from "./export.ts";
import { forecastCommand } from "./forecast.ts";
import { generateCommand } from "./generate.ts";
import { inspectCommand } from "./inspect.ts";
import { joinCommand } from "./join.ts";
import { labCommand } from "./lab.ts";
import { splitOverrides } from "./overrides.ts";
import { outputPath } from "./parse.ts";
import { plotCommand } from "./plot.ts";
import { loadPlugins } from "./plugins.ts";
import { predictCommand } from "./predict.ts";
import { recallCommand } from "./recall.ts";
import { reconstructCommand } from "./reconstruct.ts";
import { endQuietlyWithoutReader, reportError } from "./report.ts";
import { sampleCommand } from "./sample.ts";
import { settingsCommand } from "./settings.ts";
import { sweepCommand } from "./sweep.ts";
import { trainCommand } from "./train.ts";

/** Options whose value is written to. */
const WRITTEN: ReadonlySet<string> = new Set(["--out", "--plot"]);

/** The command with all its commands, unparsed; documented commands are checked with it. */
export function program(overrides: readonly string[]): Command {
  const root = new Command("bispike")
    .description(
      "Trains pairs of spiking networks, perception (stimulus to concept) and recall (concept to stimulus), that teach each other stage by stage: " +
        "Bidirectional Spike-Based Distillation.",
    )
    .version(packageVersion())
    .addHelpText(
      "after",
      `
Start with:
  $ bispike demo
  $ bispike train experiments/mnist-mlp.yaml
  $ bispike help train
  $ bispike help settings`,
    );
  const usingModels = [
    trainCommand(overrides),
    compareCommand(overrides),
    sweepCommand(overrides),
    evalCommand(),
    recallCommand(),
    reconstructCommand(),
    sampleCommand(),
    predictCommand(),
    generateCommand(),
    forecastCommand(),
    inspectCommand(),
    plotCommand(),
    joinCommand(),
    exportCommand(),
  ];
  for (const command of usingModels.flatMap((one) => (one.commands.length > 0 ? one.commands : [one])))
    command.addOption(pluginOption());
  root.hook("preAction", (_, command) => loadPlugins(command.opts<{ plugin?: readonly string[] }>().plugin ?? []));
  const commands = [...usingModels, labCommand(), demoCommand(), settingsCommand()];
  for (const command of commands) root.addCommand(command);
  for (const command of [root, ...commands, ...commands.flatMap(({ commands: own }) => own)]) {
    command
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "bispike: ")) });
    for (const option of command.options) if (WRITTEN.has(option.long ?? "")) option.argParser(outputPath);
  }
  return root;
}

/** `help a b` as `a b --help`; a name that is unknown is left last, for the parser to complain of. */
function helpArguments(root: Command, names: readonly string[]): string[] {
  let command = root;
  for (const [at, name] of names.entries()) {
    if (command.commands.length === 0)
      throw new BispikeError(
        "usage",
        `unknown command '${name}': ${command.name()} has none; see bispike help ${command.name()}`,
      );
    const next = command.commands.find((one) => one.name() === name);
    if (!next) return names.slice(0, at + 1);
    command = next;
  }
  return [...names, "--help"];
}

function pluginOption(): Option {
  const collect = (file: string, before: readonly string[] = []) => [...before, file];
  return new Option(
    "--plugin <file>",
    "load an ES module that registers stage losses or rules first; may be repeated",
  ).argParser(collect);
}

/**
 * Runs a command to its end. What went wrong is on stderr and in `process.exitCode`, as a shell sees it.
 *
 * @param args what follows `bispike`
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  endQuietlyWithoutReader();
  const [name, ...others] = args;
  // Only training has a configuration to override; elsewhere a dotted option is an option.
  const trains = name === "train" || name === "compare" || (name === "sweep" && others[0] === "plan");
  try {
    const { rest, overrides } = trains ? splitOverrides(others) : { rest: others, overrides: [] };
    const root = program(overrides);
    const asked =
      name === undefined
        ? []
        : name !== "help"
          ? [name, ...rest]
          : others.join(" ") === "settings"
            ? ["settings"]
            : helpArguments(root, others);
    await root.parseAsync(asked, { from: "user" });
  } catch (error) {
    process.exitCode = reportError(error);
    if (trains && error instanceof CommanderError) (await import("./run/key-hint.ts")).hintAtKey(error);
  }
}
