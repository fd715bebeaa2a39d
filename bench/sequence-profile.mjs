// @ts-check
/**
 * Where a training step of the benchmark's recurrent nets goes, kernel by kernel, one thread, after as many steps as `npm run bench` pre-trains:
 *
 *   node bench/sequence-profile.mjs [bsd|bptt]          (after npm run build)
 */
import { SequenceSource } from "./sequence/data.mjs";
import { SEQUENCE_NETS } from "./sequence/nets.mjs";
import { startSequenceTrainee } from "./sequence/trainee.mjs";
import { median } from "./statistics.mjs";
import { figure, table } from "./table.mjs";

const STEPS = 20;
/** Kernels that multiply spikes or stimuli by weights, and gradients by them. */
const PRODUCTS = /^(linear|recurrentEvents|positionsGradient)/;

const rule = process.argv[2] ?? "bsd";
if (rule !== "bsd" && rule !== "bptt") {
  console.error(`bench/sequence-profile.mjs: expected bsd or bptt, got "${rule}"`);
  process.exit(1);
}
const source = new SequenceSource();
for (const net of SEQUENCE_NETS) {
  const trainee = await startSequenceTrainee(net, rule, await source.data(net), 1);
  const { team } = trainee;
  team.startProfile();
  const step = median(trainee.train(STEPS));
  const kernels = team
    .profile()
    .map(({ name, calls, milliseconds }) => ({ name, calls: calls / STEPS, ms: milliseconds / STEPS }));
  const products = kernels.filter(({ name }) => PRODUCTS.test(name)).reduce((sum, { ms }) => sum + ms, 0);
  const rows = kernels.map(({ name, calls, ms }) => [
    name,
    figure(calls),
    figure(ms),
    `${((100 * ms) / step).toFixed(1)} %`,
  ]);
  console.log(`## ${net.title}, ${rule}: ${figure(step)} ms a step, ${figure(products)} ms of it products\n`);
  console.log(`${table(["kernel", "calls a step", "ms a step", "of it"], rows)}\n`);
  await team.close();
}
await source.close();
