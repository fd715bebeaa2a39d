// @ts-check
/** What the benchmark was asked to do. Knows nothing of the library, so that `--help` works before the build. */
import { Command, InvalidArgumentError, Option } from "commander";

/** @typedef {"kernels" | "steps" | "peers"} Section */

/**
 * @typedef {object} Settings
 * @property {readonly Section[]} sections what to measure, in order
 * @property {readonly number[]} threads thread counts, each measured on its own
 * @property {number | undefined} repeat runs of a kernel, timed steps of a net, rounds against the peers; each section's own default where absent
 * @property {boolean} quick a short run that shows that everything works; its figures mean little
 * @property {string} python the interpreter that has PyTorch
 * @property {boolean} peersWanted the peers were asked for by name, so their absence is an error
 * @property {string | undefined} json file of the results
 */

/** @type {readonly Section[]} */
const SECTIONS = ["kernels", "steps", "peers"];

/**
 * @param {number} most
 * @returns {(text: string) => number}
 */
function integerUpTo(most) {
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
function threadCounts(text) {
  return [...new Set(text.split(",").map(integerUpTo(256)))];
}

/**
 * Reads the command line; prints a usage error and ends the process (code 1) where it is wrong.
 *
 * @param {readonly string[]} argv as `process.argv`
 * @returns {Settings}
 */
export function readSettings(argv) {
  const options = new Command("npm run bench --")
    .description("Measures kernels, whole training steps, and the same steps in PyTorch.")
    .addOption(new Option("--only <section>", "measure one section").choices(SECTIONS))
    .option("--threads <counts>", "thread counts, separated by commas", threadCounts, [1, 2])
    .option("--repeat <n>", "runs of a kernel, timed steps of a net, rounds against the peers", integerUpTo(100_000))
    .option("--quick", "a few short runs: shows that it works, measures little", false)
    .option("--python <path>", "interpreter that has PyTorch", "/usr/bin/python3")
    .option("--json <file>", "also write the results to a file")
    .allowExcessArguments(false)
    .parse(argv)
    .opts();
  return {
    sections: options.only ? [options.only] : SECTIONS,
    threads: options.threads,
    repeat: options.repeat,
    quick: options.quick,
    python: options.python,
    peersWanted: options.only === "peers",
    json: options.json,
  };
}
