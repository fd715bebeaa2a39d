// @ts-check
/** One measurement of `memory.mjs`: builds a recurrent net, has it learn, prints {peakMiB, startMiB, arenaMiB, liveMiB}. Needs node --expose-gc. Argument: the job as JSON. */
import { readFileSync } from "node:fs";
import { SequenceBsd, SequenceStream, Team } from "../library.mjs";
import { residentMiB } from "../resident.mjs";
import { createLearner, elementAt, SEQUENCE_RATES, SequenceTrainee } from "./trainee.mjs";

/** @typedef {import("./data.mjs").SequenceData} SequenceData */

/** @type {import("./memory.mjs").MemoryJob} */
const { net, rule, width, parts, files, steps, elements, every } = JSON.parse(process.argv[2] ?? "");
const team = await Team.create();
const startMiB = residentMiB("VmRSS");
const bytes = (/** @type {string} */ file) => Uint8Array.from(readFileSync(file)).buffer;
const symbols = (/** @type {string} */ file) =>
  /** @type {const} */ ({ kind: "symbols", width, symbols: new Uint16Array(bytes(file)) });
/** @type {SequenceData["set"]} */
const set = { name: "", inputs: symbols(files.stimuli), targets: symbols(files.wanted), parts };

if (every === 0) {
  new SequenceTrainee(team, net, rule, { dataset: "", set, starts: new Int32Array(bytes(files.starts)) }).train(steps);
} else {
  const learner = createLearner(team, net, rule, set);
  if (!(learner instanceof SequenceBsd)) throw new Error("streams are of nets that learn by BSD");
  const stream = new SequenceStream(learner, { every, learningRates: SEQUENCE_RATES });
  for (let n = 0; n < elements; n++) {
    stream.perceive(elementAt(set.inputs, n));
    stream.tell(elementAt(set.targets, n));
  }
}
// The peak first: the collection below must not touch it.
const peakMiB = residentMiB("VmHWM");
const arenaMiB = team.arena.used / 2 ** 20;
if (!globalThis.gc) throw new Error("start node with --expose-gc");
globalThis.gc();
const { heapUsed, external } = process.memoryUsage();
console.log(JSON.stringify({ peakMiB, startMiB, arenaMiB, liveMiB: arenaMiB + (heapUsed + external) / 2 ** 20 }));
await team.close();
