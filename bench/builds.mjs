// @ts-check
/**
 * Is this checkout faster than another? Both take turns: on a machine whose clock wanders by a tenth, two runs one after the other say nothing.
 * Timed are training steps and decisions of image nets, training steps of recurrent nets and autoencoders, and elements of a stream, all on data made from a seed.
 *
 *   git worktree add ../before COMMIT && (cd ../before && npm ci && npm run build)
 *   node bench/builds.mjs ../before [--cases mlp,stream] [--threads 1,2] [--rounds 9] [--quick]          (after npm run build)
 *
 * `results` in the table says whether both got the same losses or outputs, bit by bit: a ratio of different work says little.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { commitMeasured, describeMachine } from "./machine.mjs";
import { madeImages, madeRows, madeText } from "./made.mjs";
import { NETS, RECIPE } from "./nets.mjs";
import { SEQUENCE_NETS, SEQUENCE_RECIPE } from "./sequence/nets.mjs";
import { integerUpTo, threadCounts } from "./settings.mjs";
import { median } from "./statistics.mjs";
import { figure, table } from "./table.mjs";

/** @typedef {import("./nets.mjs").Net} Net */
/** @typedef {import("./sequence/nets.mjs").SequenceNet} SequenceNet */
/** @typedef {import("../dist/engine/team.js").Team} Team */
/** @typedef {Awaited<ReturnType<typeof openBuild>>} Build */

/**
 * @typedef {object} Job what is timed
 * @property {string} what
 * @property {() => number} run one unit of it; returns a figure that tells whether two builds did the same
 * @property {number} [elements] of a unit, whose time is divided by them; default 1
 */

/**
 * @typedef {object} Case
 * @property {string} name to choose it by
 * @property {string} title
 * @property {number} pretrain steps before anything is timed, so that firing rates are not those of a new net
 * @property {number} turn units timed in a turn, after one that is not
 * @property {boolean} [asked] runs only when it is asked for by name
 * @property {(build: Build, team: Team) => Promise<{ readonly train: () => number, readonly jobs: readonly Job[] }>} start
 */

/** What the package has to have: old checkouts have these files too. */
const ENTRIES = /** @type {const} */ (["index.js", "sequence.js", "autoencoder.js", "node/index.js"]);

/** Keys of configurations that had another name in old checkouts. */
const OLD_KEYS = /** @type {Readonly<Record<string, string>>} */ ({ validation: "heldOut", rivals: "negatives" });

/**
 * A built checkout, driven through the package's entry points. Everything in which old checkouts differ is settled here: configurations say new names, and old ones where those are refused.
 *
 * @param {string} folder
 */
async function openBuild(folder) {
  const [index, sequence, autoencoder, node] = await Promise.all(
    ENTRIES.map((name) => import(pathToFileURL(resolve(folder, "dist", name)).href)),
  );
  /** @type {typeof import("../dist/index.js")} */
  const images = index;
  /** @type {typeof import("../dist/sequence.js")} */
  const sequences = sequence;
  /** @type {typeof import("../dist/autoencoder.js")} */
  const autoencoders = autoencoder;
  /** @type {typeof import("../dist/node/index.js")} */
  const { spawnThread } = node;

  /** @type {<Config>(read: (raw: object) => Config, raw: object) => Config} */
  const config = (read, raw) => {
    try {
      return read(raw);
    } catch (refused) {
      try {
        return read(/** @type {object} */ (withOldKeys(raw)));
      } catch {
        throw refused;
      }
    }
  };
  return {
    ...images,
    ...sequences,
    ...autoencoders,
    commit: commitMeasured(folder),
    team: (/** @type {number} */ threads) => images.Team.create({ threads, spawn: spawnThread }),
    imageConfig: (/** @type {object} */ raw) => config(images.resolveConfig, raw),
    sequenceConfig: (/** @type {object} */ raw) => config(sequences.resolveSequenceConfig, raw),
    autoencoderConfig: (/** @type {object} */ raw) => config(autoencoders.resolveAutoencoderConfig, raw),
  };
}

/**
 * @param {unknown} raw
 * @returns {unknown}
 */
function withOldKeys(raw) {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [OLD_KEYS[key] ?? key, withOldKeys(value)]));
}

/**
 * Training steps of an experiment, as the training loop takes them. Each returns its loss.
 *
 * @param {Pick<import("../dist/index.js").Experiment | import("../dist/sequence.js").SequenceExperiment | import("../dist/autoencoder.js").AutoencoderExperiment, "task">} experiment
 * @returns {() => number}
 */
function stepsOf({ task }) {
  const { learningRate } = task.train;
  let done = 0;
  return () => {
    const { from, count } = task.batchAt(done % task.stepsPerEpoch);
    const rates = { perception: learningRate, recall: learningRate };
    return task.step(task.items, from, count, done++, rates).loss;
  };
}

const BATCHES = 16;

/**
 * A classifier: a step of BSD, and decisions.
 *
 * @param {string} name
 * @param {Net["family"]} family
 * @returns {Case}
 */
function imageCase(name, family) {
  const net = found(NETS.find((each) => each.family === family));
  const { kind, hidden, steps, threshold, homeostasis, batch, channels, effort } = net;
  const { tau, loss, temperature, rivals, learningRate, weightDecay, clip } = RECIPE;
  const raw = {
    data: { path: "made", validation: 0 },
    network: { kind, hidden, steps, tau, threshold: { perception: threshold, recall: threshold } },
    rule: { loss, temperature, rivals, homeostasis },
    train: { batch, learningRate, weightDecay, clip },
  };
  return {
    name,
    title: net.title,
    pretrain: effort.pretrain,
    turn: effort.turn,
    start: async (build, team) => {
      const made = madeImages(new build.RandomStream(1, "bench images"), { side: net.side, channels }, BATCHES * batch);
      const dataset = build.datasetOf(made);
      const experiment = build.createExperiment(team, build.imageConfig(raw), dataset);
      const { model, trainIndices } = experiment;
      const train = stepsOf(experiment);
      const decide = () => {
        model.load(dataset.train, trainIndices, 0, batch);
        model.perceive(batch);
        return build.decideImages(model, batch).reduce((sum, decision) => sum + (decision.drives[0] ?? 0), 0);
      };
      const jobs = [
        { what: "BSD step", run: train },
        { what: "deciding a batch", run: decide },
      ];
      return { train, jobs };
    },
  };
}

/** Steps of a recurrent net before it is timed. */
const SEQUENCE_PRETRAIN = 100;

/**
 * A recurrent net in training.
 *
 * @param {SequenceNet["kind"]} kind
 * @param {"bsd" | "backprop"} rule
 */
function recurrentNet(kind, rule) {
  const net = found(SEQUENCE_NETS.find((each) => each.kind === kind));
  const { hidden, window, rows: batch, inputs } = net;
  const { steps, tau, threshold, population, learningRate, weightDecay, clip } = SEQUENCE_RECIPE;
  const { rivals, block, temperature } = SEQUENCE_RECIPE;
  const file = kind === "symbols" ? { text: "made.txt" } : { series: "made.csv", timeColumn: false };
  const raw = {
    task: kind === "symbols" ? "next-character" : "regression",
    data: { ...file, window, stride: window, trainPart: 1, validation: 0 },
    network: { hidden: [hidden], steps, tau, threshold: { perception: threshold, recall: threshold }, population },
    rule: { name: rule, rivals, block, temperature },
    train: { batch, learningRate, weightDecay, clip },
  };
  const positions = BATCHES * batch * window;
  const start = async (/** @type {Build} */ build, /** @type {Team} */ team) => {
    const random = new build.RandomStream(1, `bench ${kind}`);
    const config = build.sequenceConfig(raw);
    const request = build.sequenceRequest(config);
    const made = kind === "symbols" ? madeText(random, positions + 1) : tableOf(random, inputs + 1, positions);
    const content = new TextEncoder().encode(made);
    const sequence = await build.assembleSequence(content, file.text ?? file.series, request);
    return build.createSequenceExperiment(team, config, sequence);
  };
  return { title: net.title, turn: net.effort.turn, start };
}

/**
 * A made series as a CSV file's text: old checkouts read series from bytes alone.
 *
 * @param {import("../dist/index.js").RandomStream} random
 * @param {number} width columns
 * @param {number} length rows
 */
function tableOf(random, width, length) {
  const values = madeRows(random, width, length);
  const row = (/** @type {number} */ at) => values.subarray(at * width, (at + 1) * width).join(",");
  const names = Array.from({ length: width }, (_, column) => `c${column}`);
  return [names.join(","), ...Array.from({ length }, (_, at) => row(at))].join("\n");
}

/**
 * @param {string} name
 * @param {SequenceNet["kind"]} kind
 * @param {"bsd" | "backprop"} rule
 * @returns {Case}
 */
function sequenceCase(name, kind, rule) {
  const { title, turn, start } = recurrentNet(kind, rule);
  return {
    name,
    title,
    pretrain: SEQUENCE_PRETRAIN,
    turn,
    start: async (build, team) => {
      const train = stepsOf(await start(build, team));
      return { train, jobs: [{ what: rule === "bsd" ? "BSD step" : "BPTT step", run: train }] };
    },
  };
}

/** Elements from one learning step of a stream to the next, and of a unit that is timed. */
const EVERY = 16;

/**
 * A stream of characters, perceived one after the other.
 *
 * @param {string} name
 * @param {number} every elements from one learning step to the next; 0: none
 * @returns {Case}
 */
function streamCase(name, every) {
  const { title, start } = recurrentNet("symbols", "bsd");
  return {
    name,
    title,
    pretrain: SEQUENCE_PRETRAIN,
    turn: 40,
    start: async (build, team) => {
      const experiment = await start(build, team);
      const { learner, sequence } = experiment;
      if (!(learner instanceof build.SequenceBsd)) throw new Error("streams are of nets that learn by BSD");
      const { inputs } = sequence.set;
      if (inputs.kind !== "symbols") throw new Error("expected symbols");
      const rate = SEQUENCE_RECIPE.learningRate / 10;
      const train = stepsOf(experiment);
      /** @type {import("../dist/sequence.js").SequenceStream | undefined} */
      let stream;
      let next = 0;
      const run = () => {
        // Made when training is over: a stream knows its net's norms from its start.
        // Builds before 0.2 call the learning rates `rates`.
        const learningRates = { perception: rate, recall: rate };
        const options = { every, learningRates, rates: learningRates };
        stream ??= new build.SequenceStream(learner, options);
        let sum = 0;
        for (let k = 0; k < EVERY; k++) {
          sum += stream.perceive(inputs.symbols[next] ?? 0)[0] ?? 0;
          next = (next + 1) % (inputs.symbols.length - 1);
          if (every > 0) stream.tell(inputs.symbols[next] ?? 0);
        }
        return sum;
      };
      const what = every > 0 ? `an element, learning every ${every}` : "an element";
      return { train, jobs: [{ what, run, elements: EVERY }] };
    },
  };
}

/**
 * @param {string} name
 * @param {"mlp" | "cnn"} kind
 * @param {readonly number[]} hidden
 * @returns {Case}
 */
function autoencoderCase(name, kind, hidden) {
  const batch = 128;
  const raw = {
    task: "autoencode",
    data: { path: "made", validation: 0 },
    network: { kind, hidden, latent: 64, steps: 8 },
    rule: { loss: "reco" },
    train: { batch },
  };
  return {
    name,
    title: `${kind} autoencoder ${hidden.join("-")}, latent 64`,
    pretrain: 50,
    turn: 4,
    start: async (build, team) => {
      const made = madeImages(new build.RandomStream(1, "bench images"), { side: 28, channels: 1 }, BATCHES * batch);
      const config = build.autoencoderConfig(raw);
      const train = stepsOf(build.createAutoencoderExperiment(team, config, build.datasetOf(made)));
      return { train, jobs: [{ what: "BSD step", run: train }] };
    },
  };
}

/** @type {<T>(value: T | undefined) => T} */
function found(value) {
  if (value === undefined) throw new Error("no such net among those of the benchmark");
  return value;
}

/** @type {readonly Case[]} */
const CASES = [
  imageCase("mlp", "MLP"),
  imageCase("cnn", "CNN"),
  { ...imageCase("large-cnn", "large CNN"), asked: true },
  sequenceCase("symbols", "symbols", "bsd"),
  sequenceCase("symbols-bptt", "symbols", "backprop"),
  sequenceCase("values", "values", "bsd"),
  sequenceCase("values-bptt", "values", "backprop"),
  streamCase("stream", 0),
  streamCase("stream-learning", EVERY),
  autoencoderCase("autoencoder-mlp", "mlp", [256]),
  autoencoderCase("autoencoder-cnn", "cnn", [16, 32]),
];

/** @param {string} folder */
function builtCheckout(folder) {
  if (ENTRIES.every((file) => existsSync(resolve(folder, "dist", file)))) return folder;
  throw new InvalidArgumentError(`expected a checkout of bispike that was built (npm run build), got "${folder}".`);
}

/** @param {string} text */
function casesNamed(text) {
  return text.split(",").map((name) => {
    const chosen = CASES.find((each) => each.name === name.trim());
    if (chosen) return chosen;
    const known = CASES.map((each) => each.name).join(", ");
    throw new InvalidArgumentError(`expected some of ${known}, separated by commas, got "${name}".`);
  });
}

/**
 * Runs one unit of a job.
 *
 * @param {Job} job
 */
function timed({ run, elements = 1 }) {
  const start = performance.now();
  const result = run();
  return { ms: (performance.now() - start) / elements, result };
}

/**
 * Times a case in both builds, in turns. One row a job.
 *
 * @param {Case} chosen
 * @param {readonly Build[]} builds before and now
 * @param {number} threads
 * @param {number} rounds
 */
async function race({ title, pretrain, turn, start }, builds, threads, rounds) {
  const teams = await Promise.all(builds.map((build) => build.team(threads)));
  try {
    const sides = [];
    for (const [side, build] of builds.entries()) {
      const { train, jobs } = await start(build, found(teams[side]));
      for (let step = 0; step < pretrain; step++) train();
      const empty = () => jobs.map(() => /** @type {number[]} */ ([]));
      sides.push({ jobs, times: empty(), results: empty() });
    }
    for (let round = 0; round < rounds; round++) {
      // Each side goes first in every other round.
      for (const { jobs, times, results } of round % 2 === 0 ? sides : sides.toReversed()) {
        for (const [at, job] of jobs.entries()) {
          // The first unit of a turn finds caches that another net has filled.
          const units = Array.from({ length: turn + 1 }, () => timed(job));
          times[at]?.push(median(units.slice(1).map(({ ms }) => ms)));
          results[at]?.push(...units.map(({ result }) => result));
        }
      }
    }
    const [before, now] = [found(sides[0]), found(sides[1])];
    return now.jobs.map(({ what }, job) => {
      const [old = [], fresh = []] = [before.times[job], now.times[job]];
      const ratios = old.map((ms, round) => ms / (fresh[round] ?? Number.NaN));
      const same = now.results[job]?.every((result, unit) => Object.is(result, before.results[job]?.[unit]));
      return [
        `${title}: ${what}`,
        String(threads),
        figure(median(old)),
        figure(median(fresh)),
        `${figure(median(ratios))}× (${figure(Math.min(...ratios))}–${figure(Math.max(...ratios))})`,
        same ? "same" : "differ",
      ];
    });
  } finally {
    for (const team of teams) await team.close();
  }
}

const command = new Command("node bench/builds.mjs")
  .description("Times this checkout against another one, in turns.")
  .argument("<before>", "folder of the other checkout, built", builtCheckout)
  .option(
    "--cases <names>",
    `some of ${CASES.map(({ name }) => name).join(", ")}; default: all but large-cnn`,
    casesNamed,
  )
  .option("--threads <counts>", "thread counts, separated by commas; default: 1,2", threadCounts)
  .option("--rounds <n>", "turns; default: 9", integerUpTo(1000))
  .option("--quick", "a turn of one unit, on one thread: shows that it works, measures nothing", false)
  .parse();
const [other = ""] = command.processedArgs;
const { quick, ...options } = command.opts();
/** @type {readonly Case[]} */
const cases = options.cases ?? CASES.filter(({ asked }) => !asked);
/** @type {readonly number[]} */
const threadsWanted = options.threads ?? (quick ? [1] : [1, 2]);
const rounds = options.rounds ?? (quick ? 1 : 9);

const { cpu, cores, node, load } = describeMachine();
const builds = [await openBuild(other), await openBuild(builtCheckout(fileURLToPath(new URL("..", import.meta.url))))];
const rows = [];
for (const each of cases) {
  for (const threads of threadsWanted) {
    const start = performance.now();
    rows.push(...(await race(quick ? { ...each, pretrain: 1, turn: 1 } : each, builds, threads, rounds)));
    console.error(`${each.name}, ${threads} threads (${((performance.now() - start) / 1000).toFixed(0)} s)`);
  }
}
const [before, now] = builds.map(({ commit = "unknown" }) => commit);
console.log(`${cpu}, ${cores} cores, Node ${node}, load ${load.toFixed(1)} at the start; before ${before}, now ${now}`);
if (quick) console.log("A quick run: its figures mean nothing.");
console.log(`Medians of ${rounds} rounds; before / now by round: median (least–most).\n`);
console.log(table(["what", "threads", "before, ms", "now, ms", "before / now", "results"], rows));
