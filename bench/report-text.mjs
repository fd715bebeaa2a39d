// @ts-check
/** The speed section of RESULTS.md from a results file. */
import { OURS } from "./contest.mjs";
import { EARLIER_PROCESSOR } from "./earlier.mjs";
import { growthSummary } from "./growth.mjs";
import { limitsReport } from "./limits.mjs";
import { profileReport } from "./profile.mjs";
import { sequencesText } from "./sequence/report.mjs";
import { figure, table } from "./table.mjs";
import { inferenceTargets, otherTargets, stepTargets } from "./targets.mjs";
import { YARDSTICK } from "./yardstick-layer.mjs";

/** @typedef {import("./kernels.mjs").KernelResult} KernelResult */
/** @typedef {import("./memory.mjs").MemoryResult} MemoryResult */
/** @typedef {import("./yardstick.mjs").YardstickResult} YardstickResult */
/** @typedef {import("./steps.mjs").StepResult} StepResult */

/**
 * @param {import("./results.mjs").Contents} contents
 * @param {readonly string[]} pictures names of the files in docs/
 * @returns {string} Markdown; sections that were not measured are left out
 */
export function reportText({ machine, commit, quick, sections }, pictures) {
  const rows = (/** @type {string} */ section) => /** @type {any[]} */ (sections[section] ?? []);
  const picture = (/** @type {string} */ name, /** @type {string} */ title) =>
    pictures.includes(name) ? [`![${title}](docs/${name})`] : [];
  const torch = [...rows("peers"), ...rows("inference")].find((row) => row.torch)?.torch;
  const datasets = [...new Set([...rows("peers"), ...rows("steps")].map(({ dataset }) => dataset))].join("; ");
  /** @type {[section: string, parts: () => string[]][]} */
  const parts = [
    [
      "peers",
      () => [
        `Training steps (batch 128, T 4, prototypes, InfoNCE${datasets === "" ? "" : `; ${datasets}`}), ours after pre-training so that firing rates are trained ones. ` +
          `Peers, written by us in PyTorch${torch === undefined ? "" : ` ${torch}`} (bench/peers): BSD; backprop through perception with time folded into the batch; backprop step by step, as the ` +
          "spiking libraries' users write it. In turns with ours, each at its fastest thread setting. Memory: of the training process at its peak, ours over the leanest peer's; in brackets of what training adds to it.",
        stepTargets(rows("peers"), rows("memory")),
        ...picture("speed.svg", "Time of a training step, ours and the peers'"),
      ],
    ],
    ["inference", () => ["### Inference", inferenceTargets(rows("inference"))]],
    ["kernels", () => ["### Kernels", kernelTable(rows("kernels"))]],
    [
      "memory",
      () => [
        "### Memory against T",
        "MiB that two training steps add to a process at its peak (one thread, batch 128).",
        memoryTable(rows("memory")),
        ...picture("memory.svg", "Memory of training against T"),
      ],
    ],
    [
      "growth",
      () => ["### Growth", growthSummary(rows("growth")), ...picture("growth.svg", "Step time against sizes")],
    ],
    [
      "yardstick",
      () => [
        "### Yardstick",
        `One linear and one LIF layer, n → n, batch ${YARDSTICK.batch}, ${YARDSTICK.steps} steps, forward and update, ms; in brackets PyTorch's time over ours.`,
        yardstickTable(rows("yardstick")),
      ],
    ],
    [
      "sequences",
      () => [
        "### Sequences",
        ...sequencesText(rows("sequences")),
        ...picture("sequence-memory.svg", "Memory of learning sequences"),
      ],
    ],
    [
      "timeline",
      () => [
        "### Threads",
        ...picture("timeline.svg", "One training step, kernel by kernel, on each thread"),
        `Each kernel is split over the threads. Share of their time spent in kernels, waiting for another thread's share of one, and between kernels (where one thread prepares the next): ${rows(
          "timeline",
        )
          .map(
            ({ net, busy, waiting, between }) =>
              `${net} ${[busy, waiting, between].map((share) => `${(100 * share).toFixed(0)} %`).join(", ")}`,
          )
          .join(
            "; ",
          )}. Running recall or a stage's update beside perception could win back no more than the waiting, so kernels run one after the other.`,
      ],
    ],
    ["steps", () => ["### Where a step's time goes", ...profiles(rows("steps"))]],
  ];
  const head =
    `Written by \`npm run bench -- --json FILE${datasets.includes("cifar10") ? " --cifar DIR" : ""} --write\` on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}` +
    `${commit === undefined ? "" : `, commit ${commit}`}, load ${machine.load.toFixed(1)} at its start.` +
    `${quick ? " **A quick run: its figures mean nothing.**" : ""}`;
  const others = otherTargets(sections);
  const measured = parts.filter(([section]) => rows(section).length > 0);
  return [head, ...(others === "" ? [] : [others]), ...measured.flatMap(([, make]) => make())].join("\n\n");
}

/** Kernel by firing rate, one thread. @param {readonly KernelResult[]} results */
function kernelTable(results) {
  const alone = results.filter(({ threads }) => threads === 1);
  const columns = [...new Set(alone.flatMap(({ rate }) => rate ?? []))].sort((a, b) => a - b);
  const names = [...new Set(alone.map(({ kernel, size }) => `${kernel}, ${size}`))];
  const lines = names.map((name) => {
    const cases = alone.filter(({ kernel, size }) => `${kernel}, ${size}` === name);
    const cell = (/** @type {number | null} */ rate) => {
      const found = cases.find((each) => each.rate === rate);
      if (!found) return "";
      const share = found.percentOfEarlier === null ? "" : ` (${found.percentOfEarlier.toFixed(0)} %)`;
      return `${figure(found.gflops)}${share}`;
    };
    return [name, cell(null), ...columns.map(cell)];
  });
  const about =
    "One thread, dense-equivalent GFLOP/s (2 · rows · inputs · outputs / median time) by firing rate; in brackets the share of what a prototype " +
    `reached on one core of an ${EARLIER_PROCESSOR}.`;
  return `${about}\n\n${table(["kernel", "real values", ...columns.map((rate) => rate.toFixed(2))], lines)}`;
}

/** @param {readonly MemoryResult[]} results */
function memoryTable(results) {
  const names = [...new Set(results.map(({ name }) => name))];
  const cases = results.filter(({ name }) => name === OURS);
  const lines = cases.map((ours) => {
    const row = names.map((name) =>
      results.find((r) => r.name === name && r.net === ours.net && r.steps === ours.steps),
    );
    const peers = row.flatMap((r) => (r && r.name !== OURS ? [r] : []));
    const least = (/** @type {"addedMiB" | "peakMiB"} */ what) =>
      peers.length === 0 ? "–" : `${figure(ours[what] / Math.min(...peers.map((r) => r[what])))}×`;
    return [ours.net, String(ours.steps), ...row.map((r) => figure(r?.addedMiB)), least("addedMiB"), least("peakMiB")];
  });
  return table(["net", "T", ...names, "ours over the leanest peer", "the same, whole processes"], lines);
}

/** @param {readonly YardstickResult[]} results */
function yardstickTable(results) {
  const keys = [...new Set(results.map(({ n, threads }) => `${n} ${threads}`))];
  const inputRates = [...new Set(results.flatMap(({ rate }) => rate ?? []))];
  const lines = keys.map((key) => {
    const cases = results.filter(({ n, threads }) => `${n} ${threads}` === key);
    const peer = cases.find(({ name }) => name !== OURS)?.medianMs ?? undefined;
    const ours = inputRates.map((rate) => {
      const ms = cases.find((each) => each.rate === rate)?.medianMs ?? undefined;
      const ratio = ms === undefined || peer === undefined ? "" : ` (${figure(peer / ms)}×)`;
      return `${figure(ms)}${ratio}`;
    });
    return [cases[0]?.n.toString() ?? "", cases[0]?.threads.toString() ?? "", ...ours, figure(peer)];
  });
  return table(["n", "threads", ...inputRates.map((rate) => `ours, inputs firing at ${rate}`), "PyTorch"], lines);
}

/** Kernels a profile names; the others are one line. */
const NAMED = 9;

/** One thread, one net a family. @param {readonly StepResult[]} results */
function profiles(results) {
  const alone = results.filter(({ threads, net }) => threads === 1 && !/threshold|no homeostasis/.test(net));
  const limits = alone.slice(0, 1).map((result) => limitsReport(result.limits));
  const about =
    "Work is the least that the method asks of a kernel (bench/cost.mjs); its nearest limit is what would take longest if all else were free, " +
    "reached: the time that limit alone would take over the time taken.";
  const tables = alone.flatMap(({ net, medianMs, profile }) => [
    `${net}, one thread, ${figure(medianMs)} ms a step:`,
    profileReport(profile, NAMED),
  ]);
  return [...limits, ...(limits.length > 0 ? [about] : []), ...tables];
}
