// @ts-check
/**
 * The benchmark: `npm run bench -- --help`. Prints Markdown tables; `--json FILE` also writes {machine, commit?, quick, kernels, steps, peers},
 * each section only where it was measured.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { commitMeasured, describeMachine } from "./machine.mjs";
import { readSettings } from "./settings.mjs";

/** Our own fault shows a stack trace, a person's only the message (see src/errors.ts). */
const OURS = "BispikeError";

/** @param {import("./settings.mjs").Settings} settings */
async function run(settings) {
  const machine = describeMachine();
  const commit = commitMeasured();
  /** @type {Record<string, unknown>} */
  const results = { machine, ...(commit === undefined ? {} : { commit }), quick: settings.quick };
  const at = commit === undefined ? "" : `, commit ${commit}`;
  console.log(`# Benchmark\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}${at}`);
  if (settings.quick) console.log("\nA quick run: too few repeats for its figures to mean anything.");

  for (const section of settings.sections) {
    const measured = await measure(section, settings);
    if (!measured) continue;
    results[section] = measured.results;
    console.log(`\n${measured.report}`);
  }
  if (settings.json !== undefined) await writeFile(settings.json, `${JSON.stringify(results, undefined, 2)}\n`);
}

/**
 * A section's results and its tables; undefined where it cannot be measured here and was not asked for by name. Sections are imported
 * only now, because they need the build.
 *
 * @param {import("./settings.mjs").Section} section
 * @param {import("./settings.mjs").Settings} settings
 */
async function measure(section, settings) {
  if (section === "kernels") {
    const { kernelReport, measureKernels } = await import("./kernels.mjs");
    const results = await measureKernels(settings);
    return { results, report: kernelReport(results) };
  }
  if (section === "steps") {
    const { measureSteps, stepReport } = await import("./steps.mjs");
    const results = await measureSteps(settings);
    return { results, report: stepReport(results) };
  }
  const { missingTorch } = await import("./peers/server.mjs");
  const missing = missingTorch(settings.python);
  if (missing !== undefined) {
    console.error(`peers: ${missing}`);
    if (settings.peersWanted) process.exitCode = 1;
    return undefined;
  }
  const { measurePeers, peerReport } = await import("./peers.mjs");
  const results = await measurePeers(settings);
  return { results, report: peerReport(results) };
}

const settings = readSettings(process.argv);
if (!existsSync(new URL("../dist/engine/team.js", import.meta.url))) {
  console.error('bench: the library is not built; run "npm run build" first');
  process.exit(1);
}
try {
  await run(settings);
} catch (error) {
  console.error(error instanceof Error && error.name === OURS ? `bench: ${error.message}` : error);
  process.exitCode = 1;
}
