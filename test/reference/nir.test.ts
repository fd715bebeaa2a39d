/** Graphs against the engine: each stage of a graph, given the spikes the engine gave it, fires as the engine's stage did. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { autoencoderToNir, perceptionToNir, recallToNir } from "../../src/formats/nir.ts";
import { chainOf, type NirGraph } from "../../src/formats/nir-graph.ts";

import { recordSpikes, type SpikeTrain } from "../../src/formats/spike-trains.ts";

import { AutoencoderPair } from "../../src/nets/autoencoder-pair.ts";
import { recallConcepts } from "../../src/nets/inference.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { SpikingLatent } from "../../src/problems/autoencode-learners.ts";
import { fillSlots, smallModel } from "../support/small-model.ts";
import { runNode, type Trace } from "./nir-simulation.ts";

const dt = 1e-3;
/** Roundings of float32 that a membrane may have gone through, each half a unit in the last place of its terms' sum. */
const ROUNDING = 64 * 2 ** -24;
const compared = { spikes: 0, near: 0 };

/** [step][neuron] of one sample. */
function grid({ neurons, samples }: SpikeTrain, sample: number, steps: number): number[][] {
  const rows = Array.from({ length: steps }, () => new Array<number>(neurons).fill(0));
  for (const [step, neuron] of samples[sample]!) rows[step]![neuron] = 1;
  return rows;
}

/** Follows a graph with the engine's spikes put in at every population; gives what flows out at the end. */
function follow(graph: NirGraph, input: number[][], recorded: (name: string) => number[][] | undefined): Trace {
  let trace: Trace = { values: input, scale: 0 };
  const wrong: string[] = [];
  for (const [name, node] of chainOf(graph).slice(1, -1)) {
    trace = runNode(node, trace.values, dt, trace.scale);
    const spikes = recorded(name);
    if (!trace.margins || !spikes) continue;
    const tolerance = ROUNDING * (1 + trace.scale);
    const lost = new Set<number>();
    for (const [t, row] of trace.values.entries()) {
      for (const [n, value] of row.entries()) {
        if (trace.margins[t]![n]! <= tolerance) lost.add(n); // from here on either is right
        if (lost.has(n)) compared.near++;
        else if (spikes[t]![n] !== value) wrong.push(`${name}, step ${t}, neuron ${n}: ${spikes[t]![n]}`);
        compared.spikes++;
      }
    }
    trace = { values: spikes, scale: 0 };
  }
  expect(wrong).toEqual([]);
  return trace;
}

describe("image pairs", () => {
  const cases = fc.record({
    hidden: fc.array(fc.integer({ min: 1, max: 35 }), { minLength: 1, maxLength: 3 }),
    steps: fc.integer({ min: 1, max: 6 }),
    norm: fc.boolean(),
    tau: fc.constantFrom(1, 1.5, 2, 3.3),
    target: fc.constantFrom("one-hot" as const, "random" as const),
    stimulus: fc.constantFrom("direct" as const, "poisson" as const, "latency" as const),
    shape: fc.record({
      height: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 5 }),
      channels: fc.integer({ min: 1, max: 3 }),
    }),
    seed: fc.nat(1000),
  });

  it.each(["chain", "broadcast"] as const)(
    "perception and recall (%s) fire as their graphs do, and recall draws the graph's mean output",
    async (recall) => {
      await fc.assert(
        fc.asyncProperty(cases, async ({ shape, seed, ...network }) => {
          const { team, model, split } = await smallModel({ network: { ...network, recall }, shape, seed });
          try {
            const { pair } = model;
            const recording = recordSpikes(model, split, [0, 1, 2], dt);
            const perception = perceptionToNir(model, { dt });
            const { steps } = pair.options;
            const of = (network: string, sample: number) => (name: string) => {
              const train = recording.networks.get(network)!.get(name);
              return train && grid(train, sample, steps);
            };
            for (const sample of [0, 1, 2]) {
              const size = sizeOf(pair.stimulusShape);
              const values = [
                ...pair.stimulus.view.subarray(sample * pair.stimulusWidth, sample * pair.stimulusWidth + size),
              ];
              const held = Array.from({ length: steps }, () => values);
              follow(perception, of("perception", sample)("input") ?? held, of("perception", sample));
              const drawn = follow(recallToNir(model, { dt }), of("recall", sample)("input")!, of("recall", sample));
              recallConcepts(pair, recording.decisions);
              const { features, featureWidth } = pair.reconstructed;
              let worst = 0;
              for (let i = 0; i < size; i++) {
                const mean = drawn.values.reduce((sum, row) => sum + row[i]!, 0) / steps;
                const gap = Math.abs(features.view[sample * featureWidth + i]! - mean);
                worst = Math.max(worst, gap / (1 + drawn.scale));
              }
              expect(worst).toBeLessThanOrEqual(ROUNDING);
            }
          } finally {
            await team.close();
          }
        }),
        { numRuns: 8 },
      );
    },
  );

  afterAll(() => {
    // Were most membranes near their threshold, nothing would have been compared.
    expect(compared.near / compared.spikes).toBeLessThan(0.01);
  });
});

it("convolutional autoencoders' way into the latent fires as its graph does", async () => {
  const team = await Team.create({ maximumPages: 2048 });
  const image = { height: 8, width: 12, channels: 2 };
  const options = { kind: "cnn", hidden: [5, 18], latent: 7, steps: 4, norm: true, tau: 2 } as const;
  const threshold = { perception: 0.6, recall: 0.6 };
  const pair = new AutoencoderPair(team, { ...options, threshold, image, maxImages: 3, seed: 4 });
  const random = new RandomStream(4, "autoencoder");
  fillSlots(pair.slots(false), random);
  random.fillUniform(pair.stimulus.view, -1, 2);
  const latent = new SpikingLatent(pair).encode(3, "perception");
  const data = { name: "planes", shape: image, classNames: ["a", "b"], statistics: { mean: [0, 0], std: [1, 1] } };
  const graph = autoencoderToNir(pair, data, { dt, until: "latent" });
  for (let b = 0; b < 3; b++) {
    const pixels = pair.stimulus.view.subarray(b * pair.stimulusWidth, b * pair.stimulusWidth + sizeOf(image));
    const planes = Array.from({ length: sizeOf(image) }, (_, i) => pixels[(i % 96) * 2 + Math.floor(i / 96)]!);
    follow(graph, new Array(4).fill(planes), (name) => {
      const layer = pair.perception.find((each) => each.name === `perception.${name}`);
      const output = layer?.output;
      if (!output) return undefined;
      if (layer === pair.perception[pair.latent])
        return Array.from({ length: 4 }, (_, t) => [...latent.subarray((b * 4 + t) * 7, (b * 4 + t + 1) * 7)]);
      const { height, width, channels } = output.shape;
      const pixelCount = height * width;
      return Array.from({ length: 4 }, (_, t) =>
        Array.from({ length: pixelCount * channels }, (_, n) =>
          output.fired(b, t, n % pixelCount, Math.floor(n / pixelCount)) ? 1 : 0,
        ),
      );
    });
  }
  await team.close();
});
