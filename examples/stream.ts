/**
 * One element at a time: perception names the next character of a text as it is read, and recall teaches it the truth every few characters. No training before, no windows kept.
 *
 *   $ node stream.ts [TEXT]
 */
import { Team } from "bispike";
import { loadSequence } from "bispike/node";
import {
  createSequenceExperiment,
  resolveSequenceConfig,
  SequenceBsd,
  SequenceStream,
  sequenceRequest,
} from "bispike/sequence";

const config = resolveSequenceConfig({
  task: "next-character",
  data: { text: process.argv[2] ?? "alice", window: 16 },
  network: { hidden: [64] },
});
const team = await Team.create();
const { learner, sequence } = createSequenceExperiment(team, config, await loadSequence(sequenceRequest(config)));
const { inputs } = sequence.set;
if (!(learner instanceof SequenceBsd) || inputs.kind !== "symbols") throw new Error("expected rule bsd on a text");
const stream = new SequenceStream(learner, { every: 16, learningRates: { perception: 0.003, recall: 0.003 } });

/** Of the first and the last quarter of what was read. */
const right: [number, number] = [0, 0];
const length = Math.min(inputs.symbols.length, 20_000) - 1;
for (let n = 0; n < length; n++) {
  const logits = stream.perceive(inputs.symbols[n] ?? 0);
  const truth = inputs.symbols[n + 1] ?? 0;
  const guess = logits.indexOf(Math.max(...logits));
  if (n < length / 4) right[0] += Number(guess === truth);
  if (n >= (3 * length) / 4) right[1] += Number(guess === truth);
  stream.tell(truth);
}
console.log(right.map((count) => (4 * count) / length).join(" "));
await team.close();
