// @ts-check
/**
 * The tables of sequences in RESULTS.md: trains a sequence experiment under every rule and seed, each in a run folder of its own, and prints means and standard deviations. Runs that
 * are finished are not repeated; one that was stopped goes on where it was.
 *
 *   node experiments/sequences.mjs alice
 *   node experiments/sequences.mjs etth1 --data.series=ETTh1.csv --seeds=1,2,3 --rules=bsd,dll --out=runs/sequences
 *
 * Other options go to `bispike train` as they are, and have folders of their own. Each rule has the learning rate that was best for it on validation text.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RULES = ["bsd", "backprop", "backprop-ann", "predictive-coding", "dll"];
const CLI = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

const [experiment, ...rest] = process.argv.slice(2);
if (!experiment)
  throw new Error(
    "usage: node experiments/sequences.mjs EXPERIMENT [--seeds=1,2,3] [--rules=...] [--out=DIR] [--key=value ...]",
  );
/** @type {Record<string, string>} */
const own = { seeds: "1,2,3", rules: RULES.join(), out: join("runs", "sequences") };
const passed = rest.filter((option) => {
  const [, key, value] = /^--(seeds|rules|out)=(.*)$/.exec(option) ?? [];
  if (key !== undefined) own[key] = value ?? "";
  return key === undefined;
});
// Runs of other options are other runs.
const variant =
  passed.length === 0 ? "" : `-${createHash("sha256").update(passed.toSorted().join(" ")).digest("hex").slice(0, 8)}`;
const text = experiment === "alice" || experiment === "shakespeare";

/** @param {string} rule */
function optionsOf(rule) {
  const rate = rule === "bsd" && text ? 0.006 : 0.003;
  // Thirty steps of inference learn what a hundred do, in a third of the time.
  const coding = [
    "--rule.predictiveCoding.inferenceSteps=30",
    `--rule.predictiveCoding.carry=${text ? "inferred" : "predicted"}`,
  ];
  return [`--rule.name=${rule}`, `--train.learningRate=${rate}`, ...(rule === "predictive-coding" ? coding : [])];
}

/** @param {string} rule @param {string} seed @returns {any} the run's summary */
function run(rule, seed) {
  const folder = join(own.out ?? "", `${experiment}-${rule}-${seed}${variant}`);
  const summary = join(folder, "summary.json");
  if (!existsSync(summary)) {
    const file = fileURLToPath(new URL(`${experiment}.yaml`, import.meta.url));
    const args = existsSync(join(folder, "last.safetensors"))
      ? ["train", "--resume", folder, "--quiet"]
      : ["train", file, "--out", folder, "--quiet", ...passed, ...optionsOf(rule), `--train.seed=${seed}`];
    const { status } = spawnSync(process.execPath, [CLI, ...args], { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new Error(`${folder}: training ended with ${status}`);
  }
  return JSON.parse(readFileSync(summary, "utf8"));
}

/** @param {number[]} values @param {number} digits */
function spread(values, digits) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN;
  return values.length > 1 ? `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}` : mean.toFixed(digits);
}

const columns = text
  ? ["test accuracy, %", "bits a character", "held-out, %"]
  : ["test MSE", "test MAE", "test RMSE", "validation MSE"];
console.log(`| rule | ${columns.join(" | ")} | firing rate | parameters |`);
console.log(`|---|${columns.map(() => "---|").join("")}---|---|`);
let naive = "";
for (const rule of (own.rules ?? "").split(",")) {
  const runs = (own.seeds ?? "").split(",").map((seed) => run(rule, seed));
  const of = (/** @type {(summary: any) => number} */ pick, /** @type {number} */ digits) =>
    spread(runs.map(pick), digits);
  const cells = text
    ? [of((s) => 100 * s.test.accuracy, 2), of((s) => s.test.bits, 3), of((s) => 100 * s.validation.accuracy, 2)]
    : [of((s) => s.test.mse, 4), of((s) => s.test.mae, 4), of((s) => s.test.rmse, 4), of((s) => s.validation.mse, 4)];
  const { rates } = runs[0].test;
  const { perception, recall, feedback } = runs[0].parameters;
  const fired = rates.length === 0 ? "–" : of((s) => s.test.rates[0], 3);
  console.log(`| ${rule} | ${cells.join(" | ")} | ${fired} | ${perception} + ${recall + feedback} |`);
  const { mean, persistence } = runs[0].naive ?? {};
  const unchanged = persistence ? `; no change: ${persistence.mse.toFixed(4)}` : "";
  if (mean) naive = `the training part's mean: ${mean.mse.toFixed(4)}${unchanged}`;
}
if (naive) console.log(`\nTest MSE of naive forecasts: ${naive}`);
