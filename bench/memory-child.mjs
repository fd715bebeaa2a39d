// @ts-check
/** One measurement of `memory.mjs`: builds a net, trains it, prints {peakMiB, startMiB, arenaMiB}. Argument: the job as JSON. */
import { readFileSync } from "node:fs";
import { Team } from "./library.mjs";
import { residentMiB } from "./resident.mjs";
import { Trainee } from "./trainee.mjs";

const { net, files, width, trained } = JSON.parse(process.argv[2] ?? "");
const team = await Team.create();
const startMiB = residentMiB("VmRSS");
const stimuli = new Float32Array(Uint8Array.from(readFileSync(files.data)).buffer);
const labels = Uint16Array.from(readFileSync(files.labels));
const trainee = new Trainee(team, net, { dataset: "", width, count: labels.length / net.batch, stimuli, labels });
trainee.train(trained);
console.log(JSON.stringify({ peakMiB: residentMiB("VmHWM"), startMiB, arenaMiB: team.arena.used / 2 ** 20 }));
await team.close();
