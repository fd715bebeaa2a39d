/** `bispike compare`: the options; the work is in `run/compare.ts`. */
import { Command, InvalidArgumentError } from "commander";
import { MOST_SEEDS } from "../comparison/limits.ts";
import { wholeNumber } from "./parse.ts";
import { runAction } from "./report.ts";

interface CompareOptions {
  readonly name?: string;
  readonly seeds?: number | readonly number[];
  readonly baseline?: readonly string[];
  readonly out?: string;
  readonly jobs?: number;
  readonly dryRun?: true;
  readonly reportOnly?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** @param overrides dotted options of the command line, which `splitOverrides` took out */
export function compareCommand(overrides: readonly string[] = []): Command {
  return new Command("compare")
    .summary("train an experiment in several variants and seeds, and tabulate the results")
    .description(
      "Trains an experiment once for every combination of values and every seed, as many runs at once as there are cores, and writes tables (Markdown, CSV, JSON) and a picture: " +
        "mean and sample deviation over the seeds, cost, and paired tests against a baseline. Any key with a list of values is varied: --rule.name=[bsd,backprop]; " +
        "a key whose value is a list itself takes a list of lists: --network.hidden=[[512],[256]]. The file's section compare may hold the same: axes, seeds, baseline (--compare.seeds=1 changes it); with judge: held-out no run looks at its test part, for tuning; and there, an axis named variant varies several keys together: " +
        "{ axes: { variant: [{ rule.name: bsd, train.learningRate: 0.006 }, { rule.name: dll, train.learningRate: 0.003 }] } }. " +
        "With measure: { robustness: true } there, each trained run's accuracy on corrupted images is measured and compared too; with { probes: true }, what each of its stages knows of the classes. " +
        "The same command goes on after a kill or Ctrl-C: finished runs are kept, begun ones are resumed, failed ones are tried again; values and seeds may be added.",
    )
    .argument("[file]", "the experiment's YAML file (not needed with --report-only)")
    .option(
      "--seeds <seeds>",
      "how many seeds (3 for 1, 2, 3), or which: 1,5,9 (default: the file's, else 3)",
      readSeeds,
    )
    .option(
      "--baseline <key=value>",
      "a value the others are held against, or variant=name; may be repeated (default: the file's, else rule.name=bsd where it is varied, else the first values)",
      (setting: string, before: readonly string[] = []) => [...before, setting],
    )
    .option("--out <dir>", "folder of the comparison; new, empty, or an earlier one's (default: compare/<name>)")
    .option("--name <name>", "the experiment's name, in place of the file's")
    .option(
      "--jobs <n>",
      "runs at once, one thread each (default: one a core). The figures do not depend on it",
      wholeNumber(1, 256),
    )
    .option("--dry-run", "list the runs and how far they are, and do nothing")
    .option("--report-only <dir>", "make the report of this folder anew from the runs that have finished")
    .option("--json", "print one JSON object a line: plan, start, progress, warning, done, failed, stopped, report")
    .option("--quiet", "print only warnings, failures and the tables")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike compare experiments/alice.yaml --rule.name=[bsd,backprop,dll] --seeds 5
  $ bispike compare experiments/mnist-mlp.yaml --network.threshold.perception=[0.4,0.6,0.8] --train.epochs=3
  $ bispike compare experiments/mnist-mlp.yaml --network.hidden=[[512],[512,256]] --baseline network.hidden=[512]
  $ bispike compare experiments/mnist-mlp.yaml --train.learningRate=[0.001,0.003] --compare.judge=held-out
  $ bispike compare --report-only compare/alice`,
    )
    .action(
      runAction(async (file: string | undefined, { name, ...options }: CompareOptions) => {
        const own = name === undefined ? [] : [`--name=${JSON.stringify(name)}`];
        const { compareRun } = await import("./run/compare.ts");
        await compareRun({ ...options, ...(file === undefined ? {} : { file }), overrides: [...overrides, ...own] });
      }),
    );
}

/** "3" is a count; "1,5,9" and "[7]" are seeds. */
export function readSeeds(text: string): number | number[] {
  const list = /^\[?\s*(\d{1,16}(\s*,\s*\d{1,16})*)\s*\]?$/.exec(text)?.[1]?.split(",").map(Number);
  const isCount = /^\d+$/.test(text);
  const count = isCount ? list?.[0] : list?.length;
  if (!list || !count || count > MOST_SEEDS || !list.every(Number.isSafeInteger))
    throw new InvalidArgumentError(
      `Expected a number of seeds from 1 to ${MOST_SEEDS}, such as 3, or seeds, such as 1,5,9.`,
    );
  return isCount ? count : list;
}
