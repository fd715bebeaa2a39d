// @ts-check
/** What the benchmark was asked to do. Knows nothing of the library, so that `--help` works before the build. */
import { Command, InvalidArgumentError } from "commander";

/**
 * @typedef {object} Settings
 * @property {readonly string[]} sections what to measure, in order
 * @property {readonly number[]} threads thread counts, each measured on its own
 * @property {number | undefined} repeat runs of a kernel, timed steps of a net, rounds against the peers; each section's own default where absent
 * @property {boolean} quick a short run that shows that everything works; its figures mean little
 * @property {string} python the interpreter that has PyTorch
 * @property {boolean} torch whether it has it; set by the run
 * @property {boolean} peersWanted the peers were asked for by name, so their absence is an error
 * @property {string | undefined} cifar folder of CIFAR-10's binary files, for the large net
 * @property {string | undefined} json file of the results
 * @property {boolean} resume go on with what the file lacks
 * @property {boolean} write put the tables and pictures into RESULTS.md and docs/ at the end
 */

/** In the order they are measured. */
export const SECTIONS = [
  "kernels",
  "steps",
  "timeline",
  "peers",
  "inference",
  "memory",
  "growth",
  "yardstick",
  "sequences",
];

/**
 * @param {number} most
 * @returns {(text: string) => number}
 */
export function integerUpTo(most) {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`expected an integer from 1 to ${most}, got "${text}".`);
    }
    return value;
  };
}

/**
 * @param {string} text
 * @returns {number[]}
 */
export function threadCounts(text) {
  return [...new Set(text.split(",").map(integerUpTo(256)))];
}

/**
 * @param {string} text
 * @returns {string[]} in the order of `SECTIONS`
 */
function sectionNames(text) {
  const wanted = text.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !SECTIONS.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`expected some of ${SECTIONS.join(", ")}, separated by commas, got "${unknown}".`);
  }
  return SECTIONS.filter((name) => wanted.includes(name));
}

/**
 * Reads the command line; prints a usage error and ends the process (code 1) where it is wrong.
 *
 * @param {readonly string[]} argv as `process.argv`
 * @returns {Settings}
 */
export function readSettings(argv) {
  const command = new Command("npm run bench --")
    .description(
      "Measures kernels, whole training steps, inference, memory, growth and sequences, and the same in PyTorch.",
    )
    .option("--only <sections>", `sections, separated by commas: ${SECTIONS.join(", ")}`, sectionNames)
    .option("--threads <counts>", "thread counts, separated by commas", threadCounts, [1, 2])
    .option("--repeat <n>", "runs of a kernel, timed steps of a net, rounds against the peers", integerUpTo(100_000))
    .option("--quick", "a few short runs: shows that it works, measures little", false)
    .option("--python <path>", "interpreter that has PyTorch", "/usr/bin/python3")
    .option("--cifar <folder>", "CIFAR-10 (binary version) for the large net; else grey images are given colour")
    .option("--json <file>", "also write the results to a file, after each measurement")
    .option("--resume", "go on with what the results file lacks", false)
    .option("--write", "put tables and pictures into RESULTS.md and docs/", false)
    .allowExcessArguments(false)
    .parse(argv);
  const options = command.opts();
  if (options.resume && options.json === undefined)
    command.error("error: --resume needs --json FILE, the file to go on with");
  return {
    sections: options.only ?? SECTIONS,
    threads: options.threads,
    repeat: options.repeat,
    quick: options.quick,
    python: options.python,
    torch: false,
    peersWanted: options.only?.includes("peers") ?? false,
    cifar: options.cifar,
    json: options.json,
    resume: options.resume,
    write: options.write,
  };
}
