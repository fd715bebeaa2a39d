// @ts-check
/**
 * How long until there is something: `bispike --help`, and the demo's training up to the end of its first step (MNIST loaded, kernels compiled, threads started). Whole processes, from their start.
 *
 *   node bench/startup.mjs [--runs 11]          (after npm run build)
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { integerUpTo } from "./settings.mjs";
import { median } from "./statistics.mjs";
import { table } from "./table.mjs";

const { runs } = new Command("node bench/startup.mjs")
  .option("--runs <n>", "runs of each", integerUpTo(1000), 11)
  .parse()
  .opts();
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const demo = fileURLToPath(new URL("../experiments/demo.yaml", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bispike-startup-"));

try {
  /** @type {number[]} */
  const help = [];
  /** @type {number[]} */
  const step = [];
  for (let run = 0; run < runs; run++) {
    help.push(await secondsTo(["--help"], /Usage/));
    // As many images as one step takes, so that the first line of progress is the first step's.
    const few = ["--data.limit=128", "--data.validation=0", "--train.epochs=1"];
    step.push(
      await secondsTo(
        ["train", demo, ...few, "--json", "--out", join(folder, String(run))],
        /"event":"step","step":1,/,
      ),
    );
  }
  /** @type {(what: string, seconds: number[], target: string) => string[]} */
  const row = (what, seconds, target) => {
    const figures = [median(seconds), Math.min(...seconds), Math.max(...seconds)];
    return [what, ...figures.map((x) => x.toFixed(2)), target];
  };
  const head = ["from start to", "seconds, median", "least", "most", "target"];
  console.log(table(head, [row("help", help, "< 0.2"), row("the end of the demo's first step", step, "< 1.5")]));
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Seconds from a process's start until it prints a line, after which it is waited for.
 *
 * @param {readonly string[]} args
 * @param {RegExp} line
 * @returns {Promise<number>}
 */
async function secondsTo(args, line) {
  const began = performance.now();
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let seconds = Number.NaN;
  for await (const printed of createInterface({ input: child.stdout })) {
    if (Number.isNaN(seconds) && line.test(printed)) seconds = (performance.now() - began) / 1000;
  }
  await ended;
  if (Number.isNaN(seconds)) throw new Error(`bispike ${args.join(" ")} printed no line like ${line}`);
  return seconds;
}
