// @ts-check
/**
 * Recall for its own sake, over the seeds of a comparison: what another run's classifier says of the recalled pictures, how like their class they are,
 * recall from cues with a part hidden or noise over them, and how well the two networks' mismatch tells the data from others. Means and sample deviations
 * over the folder's runs, as Markdown.
 *
 *   node experiments/recalled.mjs compare/full-mnist-mlp/rule.name=bsd compare/full-mnist-mlp/rule.name=backprop/seed2 fashion-mnist
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [folder, classifier, foreign] = process.argv.slice(2);
if (!folder || !classifier || !foreign)
  throw new Error("usage: node experiments/recalled.mjs FOLDER CLASSIFIER DATASET");
const runs = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name))
  .filter((run) => existsSync(join(run, "summary.json")));
if (runs.length === 0) throw new Error(`${folder}: expected folders of finished runs, such as seed1`);
const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const found = runs.map((run) => {
  const options = ["--ood", foreign, "--recall-measures", "--classifier", classifier, "--json"];
  return JSON.parse(execFileSync(process.execPath, [cli, "eval", run, ...options], { encoding: "utf8" }));
});

/** @param {(eval_: any) => number} of */
function figure(of, digits = 2, unit = 1) {
  const values = found.map((one) => unit * of(one));
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return values.length > 1 ? `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}` : mean.toFixed(digits);
}

/** @param {readonly (readonly string[])[]} rows */
const table = ([head = [], ...rows]) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

console.log(`${runs.length} runs\n`);
const measures = /** @param {any} one */ (one) => one.recallMeasures;
console.log(
  table([
    ["recalled picture of each class", ""],
    ["named as its class by the classifier, of 100", figure((one) => measures(one).judgedAccuracy, 0, 100)],
    ["nearest to its own class's mean, of 100", figure((one) => measures(one).ownIsNearest, 0, 100)],
    ["correlation with its class's mean", figure((one) => measures(one).meanCorrelation)],
    ["SSIM with its class's mean", figure((one) => measures(one).meanSimilarity)],
  ]),
);
console.log();
console.log(
  table([
    [
      "cue",
      "severity",
      "decided right, %",
      "recall with the class's mean",
      "recall with the whole image",
      "cue with the whole image",
    ],
    ...measures(found[0]).cues.map((/** @type {any} */ { kind, severity }, /** @type {number} */ k) => [
      kind,
      String(severity),
      figure((one) => measures(one).cues[k].accuracy, 1, 100),
      figure((one) => measures(one).cues[k].withClassMean),
      figure((one) => measures(one).cues[k].withImage),
      figure((one) => measures(one).cues[k].cueWithImage),
    ]),
  ]),
);
console.log();
console.log(
  table([
    [
      `AUROC of ${found[0].ood.known} against ${foreign}`,
      "whole",
      ...found[0].ood.stages.map((/** @type {any} */ { stage }) => `stage ${stage}`),
    ],
    ...["hamming", "cosine"].map((score) => [
      `mismatch of the networks, ${score}`,
      figure((one) => one.ood.scores[score].auroc, 3),
      ...found[0].ood.stages.map((/** @type {any} */ _, /** @type {number} */ k) =>
        figure((one) => one.ood.stages[k][score].auroc, 3),
      ),
    ]),
    ...["uncertainty", "rate"].map((score) => [
      `perception alone, ${score}`,
      figure((one) => one.ood.scores[score].auroc, 3),
      ...found[0].ood.stages.map(() => ""),
    ]),
  ]),
);
