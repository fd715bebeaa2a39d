// @ts-check
/** Recurrent nets: training steps, streaming inference and memory, ours and PyTorch's. */
import { raceParts } from "./sequence/contest.mjs";
import { SequenceSource } from "./sequence/data.mjs";
import { memoryParts } from "./sequence/memory.mjs";
import { sequencesText } from "./sequence/report.mjs";

/** @typedef {import("./sequence/contest.mjs").RaceRow} RaceRow */
/** @typedef {import("./sequence/memory.mjs").MemoryRow} MemoryRow */

/** @type {import("./section.mjs").Section<RaceRow | MemoryRow>} */
export const sequences = {
  open(settings) {
    const source = new SequenceSource();
    return { parts: [...raceParts(settings, source), ...memoryParts(settings, source)], close: () => source.close() };
  },

  report: (rows) => ["## Sequences", ...sequencesText(rows)].join("\n\n"),
};
