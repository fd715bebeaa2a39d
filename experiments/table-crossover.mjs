/**
 * From which firing rate on tables beat event lists in a linear layer: `node experiments/table-crossover.mjs` after `npm run build`.
 *
 * Random spikes, so that few trains are periodic: the worst case for event lists. Prints milliseconds of both products, in turns, and the
 * constant TABLE_COST of src/nets/linear.ts: the time of a table's sum relative to an event's.
 */
import { RandomStream } from "../dist/engine/random.js";
import { Team } from "../dist/engine/team.js";
import { LinearSynapses } from "../dist/nets/linear.js";
import { ParameterGroup } from "../dist/nets/parameters.js";
import { Population } from "../dist/nets/population.js";
import { flat } from "../dist/nets/shape.js";

const RUNS = 21;
const STEPS = 4;
/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const team = await Team.create();

for (const { images, inputs, outputs } of [
  { images: 512, inputs: 1024, outputs: 256 },
  { images: 128, inputs: 512, outputs: 512 },
  { images: 32, inputs: 512, outputs: 512 },
]) {
  for (const rate of [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5]) {
    const spikes = new Population(team, flat(inputs), STEPS, images, "linear");
    const random = new RandomStream(1, `crossover ${rate}`);
    for (let b = 0; b < images; b++) {
      for (let t = 0; t < STEPS; t++) {
        for (let i = 0; i < inputs; i++) spikes.set(b, t, 0, i, random.uniform() < rate);
      }
    }
    spikes.list(images, false);
    const byEvents = new LinearSynapses(team, spikes, flat(outputs), false, "events");
    const byTable = new LinearSynapses(team, spikes, flat(outputs), false, "table");
    const group = new ParameterGroup(team, "crossover", byEvents.blocks);
    random.fillUniform(group.parameters.view, -0.1, 0.1);
    const z = team.arena.allocate(byEvents.workspace(images).drives * 4);
    /** @param {LinearSynapses} synapses */
    const time = (synapses) => {
      const start = performance.now();
      synapses.forward(group, images, { z, g: z, winner: 0 }, 0);
      return performance.now() - start;
    };
    /** @type {[number, number][]} */
    const times = Array.from({ length: RUNS }, () => [time(byEvents), time(byTable)]);
    const events = median(times.map(([ms]) => ms));
    const table = median(times.map(([, ms]) => ms));
    const sums = (images * STEPS + 256) * (inputs / 8);
    console.log(
      `${images} images, ${inputs} -> ${outputs}, rate ${rate}: events ${events.toFixed(2)} ms, table ${table.toFixed(2)} ms, ` +
        `cost ${(table / sums / (events / spikes.listed(images))).toFixed(2)}`,
    );
  }
}
await team.close();
