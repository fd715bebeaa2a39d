/** Real inputs that are mostly background: listed values and dense products both meet the float64 sum, whichever the layer chooses. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { flat, tilesOf } from "../../src/nets/shape.ts";

interface Case {
  readonly images: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Share of inputs that differ from the background. */
  readonly density: number;
  readonly background: number;
  readonly bias: boolean;
  readonly seed: number;
}

/** Largest error of z and of both gradients, relative to the largest value; and the kernels that ran. */
async function run(c: Case): Promise<{ errors: number[]; kernels: string[] }> {
  const team = await Team.create({ maximumPages: 512 });
  const random = new RandomStream(c.seed, "valued");
  const draw = () => 2 * random.uniform() - 1;
  const x = team.arena.f32((c.images + 1) * c.inputs);
  for (let i = 0; i < c.images * c.inputs; i++) x.view[i] = random.uniform() < c.density ? draw() : c.background;
  x.view[0] = c.background;
  const source = { kind: "real" as const, shape: flat(c.inputs), at: x.at, stride: c.inputs, maxImages: c.images + 1 };
  const synapses = new LinearSynapses(team, source, flat(c.outputs), c.bias);
  const group = new ParameterGroup(team, "layer", synapses.blocks);
  const weight = Float32Array.from({ length: c.outputs * c.inputs }, draw);
  const bias = Float32Array.from({ length: c.outputs }, draw);
  synapses.pack("weight", weight, group.view("weight"));
  if (c.bias) synapses.pack("bias", bias, group.view("bias"));
  const tiles = tilesOf(synapses.shape);
  const [z, g] = [team.arena.f32(tiles * c.images * 16), team.arena.f32(tiles * c.images * 16)];
  const at = (b: number, u: number) => (Math.floor(u / 16) * c.images + b) * 16 + (u % 16);
  for (let b = 0; b < c.images; b++) for (let u = 0; u < c.outputs; u++) g.view[at(b, u)] = draw();
  team.startProfile();
  const workspace = { z: z.at, g: g.at, winner: 0 };
  synapses.forward(group, c.images, workspace, 0);
  synapses.gradient(group, c.images, workspace, 0);

  const plain = (block: string, length: number) => {
    const out = new Float32Array(length);
    synapses.unpack(block, group.view(block, group.gradients), out);
    return out;
  };
  const dWeight = plain("weight", weight.length);
  const errors = [0, 0, 0];
  const note = (k: number, ours: number, theirs: number) => {
    errors[k] = Math.max(errors[k]!, Math.abs(ours - theirs) / (1 + Math.abs(theirs)));
  };
  for (let u = 0; u < c.outputs; u++) {
    for (let b = 0; b < c.images; b++) {
      let sum = c.bias ? bias[u]! : 0;
      for (let i = 0; i < c.inputs; i++) sum += weight[u * c.inputs + i]! * x.view[b * c.inputs + i]!;
      note(0, z.view[at(b, u)]!, sum);
    }
    for (let i = 0; i < c.inputs; i++) {
      let sum = 0;
      for (let b = 0; b < c.images; b++) sum += x.view[b * c.inputs + i]! * g.view[at(b, u)]!;
      note(1, dWeight[u * c.inputs + i]!, sum);
    }
    if (!c.bias) continue;
    let sum = 0;
    for (let b = 0; b < c.images; b++) sum += g.view[at(b, u)]!;
    note(2, plain("bias", c.outputs)[u]!, sum);
  }
  const kernels = team.profile().map(({ name }) => name);
  await team.close();
  return { errors, kernels };
}

describe("linear synapses of a real input with a background", () => {
  it("meet the float64 sums", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          images: fc.integer({ min: 1, max: 9 }),
          // Lists are split past 256 inputs.
          inputs: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(257, 600)),
          outputs: fc.integer({ min: 1, max: 35 }),
          density: fc.constantFrom(0, 0.1, 0.3, 0.5, 1),
          background: fc.constantFrom(0, -0.4242, 1.5),
          bias: fc.boolean(),
          seed: fc.nat(1000),
        }),
        async (c) => {
          // Rounding grows with the terms of a sum.
          const tolerance = 2e-5 * Math.max(1, c.inputs / 70);
          for (const error of (await run(c)).errors) expect(error).toBeLessThan(tolerance);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("use the lists where few values differ, the dense kernels where most do", async () => {
    const c = { images: 8, inputs: 200, outputs: 16, background: -0.4, bias: false, seed: 1 };
    expect((await run({ ...c, density: 0.2 })).kernels).toEqual(
      expect.arrayContaining(["linearValued", "linearValuedGradient"]),
    );
    expect((await run({ ...c, density: 0.8 })).kernels).toEqual(
      expect.arrayContaining(["linearDense", "linearDenseGradient"]),
    );
  });
});
