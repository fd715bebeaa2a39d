/** Hostile NIR files: whatever is cut off or changed, a checked graph or a typed error, and soon. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { filled } from "../../src/formats/nir-graph.ts";
import { checkGraph, decodeNir, decodeSpikeTrains, encodeNir, encodeSpikeTrains } from "../../src/nir.ts";

const graph = await encodeNir({
  nodes: new Map([
    ["in", { type: "Input", shape: [3] }],
    ["a", { type: "Affine", weight: filled([2, 3], 1), bias: filled([2], 0) }],
    ["out", { type: "Output", shape: [2] }],
  ]),
  edges: [
    ["in", "a"],
    ["a", "out"],
  ],
  metadata: { dt: 1e-4, note: "text" },
});
const train = { neurons: 3, samples: [[[0, 2]]] } as const;
const trains = await encodeSpikeTrains({
  steps: 2,
  dt: 1e-4,
  networks: new Map([["perception", new Map([["stage2", train]])]]),
});

const READERS = [
  ["a graph", graph, async (bytes: Uint8Array) => checkGraph(await decodeNir(bytes, "x.nir"))],
  ["spike trains", trains, async (bytes: Uint8Array) => void (await decodeSpikeTrains(bytes, "x.h5"))],
] as const;

async function mustAnswer(work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BispikeError)) throw error;
    expect(["data", "usage"]).toContain(error.code);
  }
  expect(performance.now() - start).toBeLessThan(2000);
}

describe.each(READERS)("%s", (_, file, read) => {
  it("cut off anywhere is an error", async () => {
    for (let length = 0; length < file.length; length += 97) {
      await expect(read(file.subarray(0, length)), `cut at ${length}`).rejects.toBeInstanceOf(BispikeError);
    }
  });

  it("with bytes changed gives a typed error or a sound result, and leaves the reader fit for the next file", async () => {
    const change = fc.array(fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const bytes = file.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await mustAnswer(() => read(bytes));
      }),
      { numRuns: 150 },
    );
    await read(file);
  });
});
