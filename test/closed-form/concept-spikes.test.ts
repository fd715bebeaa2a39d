/** The concept's spikes under constant drives, by hand: tau 2, so that a drive d charges a silent neuron to d/2, 3d/4, 7d/8, 15d/16, and a neuron that fires begins again. */
import { expect, test } from "vitest";
import { conceptSpikes, perceive } from "../../src/nets/inference.ts";
import { smallPair } from "../support/small-pair.ts";

const STEPS = 4;
/** Of two images, a drive a class. */
const DRIVES = [
  [1, 3, 5],
  [2.1, 2.7, -4],
];

async function trains(concept: number | undefined, images = 2): Promise<string[][]> {
  const threshold = { perception: 0.6, recall: 0.6, ...(concept === undefined ? {} : { concept }) };
  const { team, pair } = await smallPair({ network: { kind: "mlp", threshold } });
  try {
    perceive(pair, 2);
    const z = new Float32Array(team.arena.memory.buffer, pair.conceptDrive.workspace.z, 2 * STEPS * 16);
    for (const [image, drives] of DRIVES.entries())
      for (let t = 0; t < STEPS; t++) z.set(drives, (image * STEPS + t) * 16);
    const spikes = conceptSpikes(pair, images);
    return Array.from({ length: images }, (_, image) =>
      [0, 1, 2].map((n) => Array.from({ length: STEPS }, (_, t) => spikes[(image * STEPS + t) * 3 + n]).join("")),
    );
  } finally {
    await team.close();
  }
}

test("a threshold of 2 unless told otherwise", async () => {
  // 3: 1.5, 2.25; 5: 2.5. 2.1: 1.05, 1.575, 1.8375, 1.96875; 2.7: 1.35, 2.025.
  expect(await trains(undefined)).toEqual([
    ["0000", "0101", "1111"],
    ["0000", "0101", "0000"],
  ]);
  expect(await trains(2)).toEqual(await trains(undefined));
});

test("the network's own, at which a membrane fires that just reaches it", async () => {
  expect(await trains(1.5)).toEqual([
    ["0000", "1111", "1111"],
    ["0101", "0101", "0000"],
  ]);
});

test("the first of the images perceived", async () => {
  expect(await trains(undefined, 1)).toEqual([["0000", "0101", "1111"]]);
});
