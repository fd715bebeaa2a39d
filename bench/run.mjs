// @ts-check
/**
 * The benchmark: `npm run bench -- --help`. Prints Markdown tables; `--json FILE` also writes {machine, commit?, quick, kernels, steps, peers},
 * each section only where it was measured.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { commitMeasured, describeMachine } from "./machine.mjs";
import { readSettings } from "./settings.mjs";

/**
 * What a person can put right (the library's typed errors, a file that cannot be written) shows its message alone, a fault of ours its stack.
 *
 * @param {unknown} error
 */
function explain(error) {
  const known = error instanceof Error && (error.name === "BispikeError" || "syscall" in error);
  return known ? `bench: ${error.message}` : error;
}

/** Load average from which on the machine counts as busy. */
const BUSY = 0.5;

/** @param {import("./settings.mjs").Settings} settings */
async function run(settings) {
  const machine = describeMachine();
  const commit = commitMeasured();
  /** @type {Record<string, unknown>} */
  const results = { machine, ...(commit === undefined ? {} : { commit }), quick: settings.quick };
  const at = commit === undefined ? "" : `, commit ${commit}`;
  console.log(`# Benchmark\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}${at}`);
  if (machine.load > BUSY) {
    console.log(
      `\nThe load average was ${machine.load.toFixed(1)}: other programs were running, and every figure may be too low.`,
    );
  }
  if (settings.quick) console.log("\nA quick run: too few repeats for its figures to mean anything.");

  // Written after each section, and once before: a bad path shows now, and a failure later loses only what it stopped.
  const save = async () => {
    if (settings.json !== undefined) await writeFile(settings.json, `${JSON.stringify(results, undefined, 2)}\n`);
  };
  await save();
  for (const section of settings.sections) {
    const measured = await measure(section, settings);
    if (!measured) continue;
    results[section] = measured.results;
    console.log(`\n${measured.report}`);
    await save();
  }
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
  console.error(explain(error));
  process.exitCode = 1;
}
