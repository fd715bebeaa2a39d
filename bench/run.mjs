// @ts-check
/** The benchmark: `npm run bench -- --help`. Prints Markdown tables; `--json FILE` keeps the figures, `--write` puts them into RESULTS.md. */
import { existsSync } from "node:fs";
import { Results } from "./results.mjs";
import { readSettings } from "./settings.mjs";

/**
 * What a person can put right (typed errors, a file that cannot be written) shows its message alone, a fault of ours its stack.
 *
 * @param {unknown} error
 */
function explain(error) {
  const known = error instanceof Error && (["BispikeError", "ResultsError"].includes(error.name) || "syscall" in error);
  return known ? `bench: ${error.message}` : error;
}

/** Load average from which on the machine counts as busy. */
const BUSY = 0.5;

/** @param {import("./settings.mjs").Settings} settings */
async function run(settings) {
  const results = new Results(settings);
  const { machine, commit } = results.contents;
  const at = commit === undefined ? "" : `, commit ${commit}`;
  console.log(`# Benchmark\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}${at}`);
  if (machine.load > BUSY) {
    console.log(
      `\nThe load average was ${machine.load.toFixed(1)}: other programs were running, and every figure may be too low.`,
    );
  }
  if (settings.quick) console.log("\nA quick run: too few repeats for its figures to mean anything.");

  // Once before anything is measured: a bad path shows now.
  await results.save();
  for (const name of settings.sections) {
    const section = await sectionNamed(name);
    const { parts, close } = section.open(settings);
    try {
      for (const { key, measure } of parts) {
        if (results.has(name, key)) continue;
        const start = performance.now();
        await results.add(name, key, await measure());
        // Not among the tables, so that these can be redirected to a file.
        console.error(`${name}: ${key} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
      }
    } finally {
      await close();
    }
    const rows = results.rows(name);
    if (rows.length > 0) console.log(`\n${section.report(rows)}`);
  }
  if (settings.write) {
    const { writeReport } = await import("./report.mjs");
    await writeReport(results.contents);
  }
}

/**
 * A section; imported only now, because all need the build.
 *
 * @param {string} name
 * @returns {Promise<import("./section.mjs").Section<object>>}
 */
async function sectionNamed(name) {
  const module = await import(`./${name}.mjs`);
  return module[name];
}

/**
 * Whether the interpreter has PyTorch; says so where it was needed and is not there.
 *
 * @param {import("./settings.mjs").Settings} settings
 */
async function hasTorch({ python, peersWanted, sections }) {
  if (!sections.some((name) => ["peers", "inference", "memory", "yardstick", "sequences"].includes(name))) return false;
  const { missingTorch } = await import("./peers/server.mjs");
  const missing = missingTorch(python);
  if (missing === undefined) return true;
  console.error(`Without PyTorch only ours is measured: ${missing}`);
  if (peersWanted) process.exitCode = 1;
  return false;
}

const settings = readSettings(process.argv);
if (!existsSync(new URL("../dist/engine/team.js", import.meta.url))) {
  console.error('bench: the library is not built; run "npm run build" first');
  process.exit(1);
}
try {
  await run({ ...settings, torch: await hasTorch(settings) });
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
