// @ts-check
/**
 * Is this checkout faster than another? Training steps and inference of the benchmark's nets, trained as there, in turns with another built checkout's: on a machine whose clock wanders by a
 * tenth, two runs one after the other say nothing.
 *
 *   git worktree add ../before COMMIT && (cd ../before && npm ci && npm run build)
 *   node bench/builds.mjs ../before [--threads 1,2] [--rounds 9] [--nets MLP,CNN] [--cifar DIR]          (after npm run build)
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { netsOf } from "./nets.mjs";
import { integerUpTo, threadCounts } from "./settings.mjs";
import { median } from "./statistics.mjs";
import { figure, table } from "./table.mjs";

const known = [...new Set(netsOf(false).map(({ family }) => family))];
const command = new Command("node bench/builds.mjs")
  .argument("<before>", "folder of the other checkout, built", builtCheckout)
  .option("--threads <counts>", "thread counts, separated by commas", threadCounts, [1, 2])
  .option("--rounds <n>", "turns", integerUpTo(1000), 9)
  .option("--nets <families>", `of ${known.join(", ")}, separated by commas`, familyNames, ["MLP", "CNN"])
  .option("--cifar <folder>", "CIFAR-10 (binary version) for the large net; else grey images are given colour")
  .parse();
const [other = ""] = command.processedArgs;
const { threads: threadCounted, rounds, nets: families, cifar } = command.opts();
const here = builtCheckout(fileURLToPath(new URL("..", import.meta.url)));
const nets = netsOf(false).filter(({ family }) => families.includes(family));

/** @param {string} folder */
function builtCheckout(folder) {
  if (["dist/index.js", "bench/trainee.mjs"].every((file) => existsSync(resolve(folder, file)))) return folder;
  throw new InvalidArgumentError(`expected a checkout of bispike that was built (npm run build), got "${folder}".`);
}

/** @param {string} text */
function familyNames(text) {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`expected some of ${known.join(", ")}, separated by commas, got "${unknown}".`);
}

/**
 * A checkout's own net in training.
 *
 * @param {string} folder
 * @param {import("./nets.mjs").Net} net
 * @param {number} threads
 */
async function start(folder, net, threads) {
  const file = (/** @type {string} */ name) => pathToFileURL(resolve(folder, "bench", name)).href;
  /** @type {typeof import("./batches.mjs")} */
  const { ImageSource } = await import(file("batches.mjs"));
  /** @type {typeof import("./trainee.mjs")} */
  const { startTrainee } = await import(file("trainee.mjs"));
  const source = new ImageSource(cifar);
  const trainee = await startTrainee(net, await source.batches(net), threads);
  return { trainee, source, steps: /** @type {number[]} */ ([]), decisions: /** @type {number[]} */ ([]) };
}

const rows = [];
for (const net of nets) {
  for (const threads of threadCounted) {
    const both = [await start(other, net, threads), await start(here, net, threads)];
    for (let round = 0; round < rounds; round++) {
      // The first step of a turn finds caches that another net has filled.
      for (const { trainee, steps } of both) steps.push(median(trainee.train(net.effort.turn + 1).slice(1)));
      for (const { trainee, decisions } of both) decisions.push(median(trainee.infer(net.effort.turn + 1).slice(1)));
    }
    for (const what of /** @type {const} */ (["steps", "decisions"])) {
      const [before = [], now = []] = both.map((each) => each[what]);
      const ratios = before.map((ms, round) => ms / (now[round] ?? Number.NaN)).sort((a, b) => a - b);
      const range = `${figure(ratios[0])}–${figure(ratios.at(-1))}`;
      const name = what === "steps" ? "a training step" : "deciding a batch";
      rows.push([
        net.title,
        String(threads),
        name,
        figure(median(before)),
        figure(median(now)),
        `${figure(median(ratios))}× (${range})`,
      ]);
    }
    for (const { trainee, source } of both) {
      await trainee.team.close();
      await source.close();
    }
    console.error(`${net.title}, ${threads} threads`);
  }
}
console.log(table(["net", "threads", "what", "before, ms", "now, ms", "before / now (by round)"], rows));
