// @ts-check
/**
 * A pair cut between stages over two processes: what crosses the cut, and how fast it trains.
 *
 *   node bench/distributed.mjs [--steps 150] [--repeat 3] [--only bits|speed] [--net mlp|cnn] [--data mnist]
 *
 * Bits are counted after some training, so that firing rates are a trained net's; they do not depend on the machine. Times are of whole trainings by the command itself, one thread a process, over TCP
 * on loopback, and say little on a machine that does something else: the load is printed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encodeEvents, packSpikes } from "../dist/cluster/spikes.js";
import { spikingModel } from "../dist/nets/model.js";
import { resolveConfig } from "../dist/training/config.js";
import { createExperiment } from "../dist/training/experiment.js";
import { trainExperiment } from "../dist/training/trainer.js";
import { loadDataset, Team } from "./library.mjs";
import { figure, table } from "./table.mjs";

/** @typedef {import("../dist/nets/population.js").Population} Population */

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "150" },
    repeat: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    net: { type: "string", default: "" },
    data: { type: "string", default: "mnist" },
  },
});
const STEPS = Number(values.steps);
const BATCH = 128;
const CLASSES = 10;
const DEPTH = 2;

const NETS = [
  {
    title: "MLP 784-512-512-256-10",
    network: { kind: "mlp", hidden: [512, 512, 256], threshold: { perception: 1, recall: 1 } },
    rule: {},
    cuts: [2, 3],
  },
  {
    title: "CNN 32-64-128, 32x32x1",
    network: { kind: "cnn", hidden: [32, 64, 128] },
    rule: { homeostasis: { weight: 10, rate: 0.15 } },
    cuts: [2, 3],
  },
];

/** @param {(typeof NETS)[number]} net */
const rawOf = (net) => ({
  name: "cut",
  data: { name: values.data, validation: 0, limit: BATCH * STEPS },
  network: net.network,
  rule: net.rule,
  train: { epochs: 1, batch: BATCH, threads: 1 },
});

/** Bits a unit and step of independent units that fire at this rate. @param {number} p */
const entropyOf = (p) => (p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p)));

/**
 * Bits of a population's spikes in its newest pass, a row and step.
 *
 * @param {Population} spikes
 * @param {number} rows
 */
function bitsOf(spikes, rows) {
  const { shape, steps } = spikes;
  const units = shape.height * shape.width * shape.channels;
  const bits = packSpikes(spikes, rows);
  const trains = new Map();
  let fired = 0;
  for (let row = 0; row < rows; row++) {
    for (let pixel = 0; pixel < shape.height * shape.width; pixel++) {
      for (let channel = 0; channel < shape.channels; channel++) {
        let pattern = 0;
        for (let t = 0; t < steps; t++) if (spikes.fired(row, t, pixel, channel)) pattern |= 1 << t;
        trains.set(pattern, (trains.get(pattern) ?? 0) + 1);
        for (let rest = pattern; rest; rest &= rest - 1) fired++;
      }
    }
  }
  const all = rows * units;
  const rate = fired / (all * steps);
  const ofTrains = [...trains.values()].reduce((sum, count) => sum - (count / all) * Math.log2(count / all), 0);
  const coded = (encodeEvents(bits) ?? bits).length * 8;
  const raw = units * steps;
  return { units, steps, rate, raw, coded: coded / rows, independent: raw * entropyOf(rate), trains: units * ofTrains };
}

/** What crosses each cut, of a pair after STEPS steps. @param {(typeof NETS)[number]} net */
async function crossing(net) {
  const config = resolveConfig(rawOf(net));
  const team = await Team.create();
  try {
    const experiment = createExperiment(team, config, await loadDataset(config.data));
    await trainExperiment(experiment, {});
    const { pair } = spikingModel(experiment.model, "this benchmark");
    const weights = pair.perception.reduce(
      (sum, { synapses }) =>
        sum + Object.keys(synapses.blocks).reduce((n, b) => n + synapses.plainShape(b).reduce((x, y) => x * y, 1), 0),
      0,
    );
    return {
      weights,
      rows: [...pair.hiddenStages()].map(({ stage, perception, recall }) => ({
        stage,
        up: bitsOf(/** @type {Population} */ (perception.output), BATCH),
        down: bitsOf(/** @type {Population} */ (recall.output), CLASSES),
      })),
    };
  } finally {
    await team.close();
  }
}

/**
 * Runs one part to its end.
 *
 * @param {string} folder
 * @param {readonly string[]} args
 * @param {(address: string) => void} [onListening]
 * @returns {Promise<{ seconds: number, step: number, waitedSeconds: number }>}
 */
function part(folder, args, onListening) {
  const child = spawn(process.execPath, [MAIN, "train", "net.yaml", "--json", "--save-every", "60000", ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    /** @type {{ seconds: number, step: number, waitedSeconds: number } | undefined} */
    let done;
    createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) })
      .on("line", (line) => {
        const event = JSON.parse(line);
        if (event.event === "listening") onListening?.(event.address);
        if (event.event === "done") done = event;
      })
      .on("close", () => (done ? resolve(done) : reject(new Error(`${args.join(" ")} did not end`))));
  });
}

/**
 * @param {string} folder
 * @param {number} cut
 * @param {readonly string[]} options
 * @param {string} out
 */
async function twoParts(folder, cut, options, out) {
  /** @type {Promise<{ seconds: number, step: number, waitedSeconds: number }> | undefined} */
  let upper;
  const lower = part(
    folder,
    ["--stages", `1-${cut}`, "--listen", "127.0.0.1:0", "--out", out, ...options],
    (address) => {
      upper = part(folder, ["--stages", `${cut + 1}-5`, "--connect", address, "--out", out, ...options]);
    },
  );
  const ends = [await lower, await /** @type {NonNullable<typeof upper>} */ (upper)];
  const seconds = Math.max(...ends.map((end) => end.seconds));
  return { seconds, waits: ends.map((end) => end.waitedSeconds / end.seconds) };
}

/** @param {readonly number[]} list */
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
const load = () =>
  loadavg()
    .map((x) => x.toFixed(1))
    .join(" ");

/** @param {(typeof NETS)[number]} net */
async function speeds(net) {
  const folder = mkdtempSync(join(tmpdir(), "bispike-cut-"));
  try {
    writeFileSync(join(folder, "net.yaml"), JSON.stringify(rawOf(net)));
    /** @type {Map<string, { seconds: number[], waits: number[][] }>} */
    const taken = new Map();
    const add = (/** @type {string} */ name, /** @type {number} */ seconds, /** @type {number[]} */ waits) => {
      const found = taken.get(name) ?? { seconds: [], waits: [] };
      found.seconds.push(seconds);
      found.waits.push(waits);
      taken.set(name, found);
    };
    for (let n = 0; n < Number(values.repeat); n++) {
      add("one process", (await part(folder, ["--stages", "1-5", "--out", `one-${n}`])).seconds, []);
      for (const cut of net.cuts) {
        for (const depth of [0, DEPTH]) {
          const { seconds, waits } = await twoParts(
            folder,
            cut,
            ["--depth", String(depth)],
            `cut-${cut}-${depth}-${n}`,
          );
          add(`cut after stage ${cut}, ${depth === 0 ? "in step" : `depth ${depth}`}`, seconds, waits);
        }
      }
    }
    const one = median(taken.get("one process")?.seconds ?? []);
    return [...taken].map(([name, { seconds, waits }]) => {
      const typical = median(seconds);
      const wait = [0, 1].map((k) => (waits[0]?.length ? percent(median(waits.map((each) => each[k] ?? 0))) : ""));
      return [
        name,
        figure((1000 * typical) / STEPS),
        figure(STEPS / typical),
        `${(one / typical).toFixed(2)}x`,
        wait.filter(Boolean).join(", "),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(
  `${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}, load ${load()}; ${STEPS} steps of batch ${BATCH}, T 4, ${values.data}\n`,
);
for (const net of NETS) {
  if (values.net && net.network.kind !== values.net) continue;
  if (values.only !== "speed") {
    const { weights, rows } = await crossing(net);
    console.log(`## ${net.title}: bits an image and training step over a cut after each stage\n`);
    console.log(
      table(
        [
          "cut after",
          "rates up, down",
          "masks up",
          "+ down",
          "events up",
          "entropy of units",
          "of 4-step trains",
          "KiB a step, masks",
          "events",
          "backprop, same cut",
          "gradients of all weights",
        ],
        rows.map(({ stage, up, down }) => {
          const share = (/** @type {number} */ bits) => (bits * CLASSES) / BATCH;
          const kib = (/** @type {number} */ bits) => ((bits * BATCH) / 8 / 1024).toFixed(1);
          return [
            `stage ${stage}, ${up.units} units`,
            `${up.rate.toFixed(3)}, ${down.rate.toFixed(3)}`,
            up.raw.toFixed(0),
            share(down.raw).toFixed(0),
            up.coded.toFixed(0),
            up.independent.toFixed(0),
            up.trains.toFixed(0),
            kib(up.raw + share(down.raw)),
            kib(up.coded + share(down.coded)),
            // Spikes up as bits, the gradient of every spike down as float32.
            kib(up.raw + 32 * up.raw),
            ((2 * 4 * weights) / 1024).toFixed(0),
          ];
        }),
      ),
    );
    console.log("");
  }
  if (values.only !== "bits") {
    console.log(`## ${net.title}: pace, load ${load()} before\n`);
    console.log(
      table(["", "ms a step", "steps/s", "against one process", "time waiting, lower and upper"], await speeds(net)),
    );
    console.log(`\nload ${load()} after\n`);
  }
}
