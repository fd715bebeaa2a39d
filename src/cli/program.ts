/** The `bispike` command as a function of its arguments. A command is loaded when it is called, so that help comes at once. */
import { Command, CommanderError, Option } from "commander";
import { BispikeError } from "../errors.ts";
import { packageVersion } from "../node/version.ts";
import { outputPath, splitOverrides } from "./arguments.ts";
import { loadPlugins } from "./plugins.ts";
import { endQuietlyWithoutReader, reportError } from "./process.ts";

/** Makes a command; `overrides` are the dotted options of the command line, which `splitOverrides` took out. */
type MakeCommand = (overrides: readonly string[]) => Command;

/** The commands: what help says of each, and how it is loaded. */
const COMMANDS: Readonly<Record<string, readonly [summary: string, load: () => Promise<MakeCommand>]>> = {
  train: [
    "train a pair of networks from an experiment file",
    async () => (await import("./commands/train.ts")).trainCommand,
  ],
  compare: [
    "train an experiment in several variants and seeds, and tabulate the results",
    async () => (await import("./commands/compare.ts")).compareCommand,
  ],
  sweep: [
    "plan many runs, train them on one machine or many, and tabulate them",
    async () => (await import("./commands/sweep.ts")).sweepCommand,
  ],
  eval: ["measure a trained pair on a part of its data", async () => (await import("./commands/eval.ts")).evalCommand],
  recall: ["draw what a trained pair recalls", async () => (await import("./commands/recall.ts")).recallCommand],
  reconstruct: [
    "reconstruct images with a trained autoencoder",
    async () => (await import("./commands/reconstruct.ts")).reconstructCommand,
  ],
  sample: [
    "draw images that were never shown, from latent spikes",
    async () => (await import("./commands/sample.ts")).sampleCommand,
  ],
  predict: ["say what is in a picture", async () => (await import("./commands/predict.ts")).predictCommand],
  generate: ["write text that follows a prompt", async () => (await import("./commands/generate.ts")).generateCommand],
  forecast: [
    "predict the targets of a series, as CSV and picture",
    async () => (await import("./commands/forecast.ts")).forecastCommand,
  ],
  inspect: [
    "say what a checkpoint, run folder or data set holds",
    async () => (await import("./commands/inspect.ts")).inspectCommand,
  ],
  plot: [
    "draw a run's learning curves, spikes and recalled images",
    async () => (await import("./commands/plot.ts")).plotCommand,
  ],
  join: [
    "join the parts of a training over several processes",
    async () => (await import("./commands/join.ts")).joinCommand,
  ],
  export: [
    "write a trained model in a format other tools read",
    async () => (await import("./commands/export.ts")).exportCommand,
  ],
  lab: [
    "watch two networks teach each other, in a browser",
    async () => (await import("./commands/lab.ts")).labCommand,
  ],
  demo: [
    "train on MNIST in under a minute and look at the result",
    async () => (await import("./commands/demo.ts")).demoCommand,
  ],
  settings: [
    "list all settings of an experiment",
    async () => (await import("./commands/settings.ts")).settingsCommand,
  ],
};

/** Commands that use no model, and so no plugin. */
const WITHOUT_PLUGINS: ReadonlySet<string> = new Set(["lab", "demo", "settings"]);

/** Options whose value is written to. */
const WRITTEN: ReadonlySet<string> = new Set(["--out", "--plot"]);

/**
 * The command with all its commands, unparsed; documented commands are checked with it.
 *
 * @param names commands to load; of the others there are name and summary alone. Default: all
 */
export async function program(overrides: readonly string[], names = Object.keys(COMMANDS)): Promise<Command> {
  const root = new Command("bispike")
    .configureHelp({ subcommandTerm: (command) => command.name() })
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
  root.hook("preAction", (_, command) => loadPlugins(command.opts<{ plugin?: readonly string[] }>().plugin ?? []));
  for (const [name, [summary, load]] of Object.entries(COMMANDS)) {
    const command = names.includes(name) ? (await load())(overrides) : new Command(name);
    root.addCommand(command.summary(summary));
    for (const one of command.commands.length > 0 ? command.commands : [command])
      if (!WITHOUT_PLUGINS.has(name)) one.addOption(pluginOption());
  }
  for (const command of [root, ...root.commands, ...root.commands.flatMap(({ commands }) => commands)]) {
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
    const root = await program(overrides, [(name === "help" ? others[0] : name) ?? ""]);
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
    if (trains && error instanceof CommanderError) await hintAtKey(error);
  }
}

/** Names the keys that an unknown option is the last part of: `--train.epochs` for `--epochs`. */
async function hintAtKey({ code, message }: CommanderError): Promise<void> {
  // A guess of the parser's own is nearer than another one would be.
  const name = /unknown option '--([\w-]+)[^']*'$/.exec(message)?.[1];
  if (code !== "commander.unknownOption" || name === undefined) return;
  const { knownKeys } = await import("../training/any-config.ts");
  const keys = knownKeys().filter((key) => key.endsWith(`.${name}`));
  if (keys.length > 0)
    process.stderr.write(
      `(Did you mean ${keys
        .slice(0, 4)
        .map((key) => `--${key}`)
        .join(" or ")}?)\n`,
    );
}
