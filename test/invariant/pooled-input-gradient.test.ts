/**
 * Gradients of what max-pooled convolutions read come from the winners alone. They must be, byte for byte, those of the same convolution without pooling whose gradient is
 * the winners' own and 0 elsewhere: nothing is left out, and every sum runs in the same order.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { InputGradient } from "../../src/nets/input-gradient.ts";
import { pixelsOf, type Shape, tilesOf } from "../../src/nets/shape.ts";
import { pooledCases, side } from "../support/layer-arbitrary.ts";
import { buildLayer, type LayerCase } from "../support/layer-case.ts";
import { unwritten } from "../support/packed.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

/** dL/dx of all steps of a layer whose dL/dz and, if it is pooled, winners `fill` has set or seen. */
function gradientOf(c: LayerCase, fill: (g: Float32Array, winner: Uint8Array) => void): Float32Array {
  const { layer } = buildLayer(team, c);
  const { synapses, workspace, group } = layer;
  layer.forward(c.images, { train: true });
  const floats = c.images * c.steps * pixelsOf(synapses.shape) * tilesOf(synapses.shape) * 16;
  const { buffer } = team.arena.memory;
  fill(new Float32Array(buffer, workspace.g, floats), new Uint8Array(buffer, workspace.winner, c.pool ? floats : 0));
  const down = new InputGradient(team, synapses, group);
  const out = unwritten(team, down.floats(c.images, c.steps));
  down.run(c.images, workspace, c.steps, out.at);
  return out.view;
}

/** Place of entry i of [plane][pooled pixel][16] in [plane][pixel][16], where winner q of the four has it. */
function unpooled(i: number, q: number, pooled: Shape, full: Shape): number {
  const row = Math.floor(i / 16);
  const [plane, cell] = [Math.floor(row / pixelsOf(pooled)), row % pixelsOf(pooled)];
  const y = 2 * Math.floor(cell / pooled.width) + (q >> 1);
  const x = 2 * (cell % pooled.width) + (q & 1);
  return ((plane * full.height + y) * full.width + x) * 16 + (i % 16);
}

test("winners alone give the bytes of all products with zeros for the rest", () => {
  fc.assert(
    fc.property(pooledCases, (c) => {
      // Not multiples of anything: sums are rounded, so their order shows.
      const random = new RandomStream(c.seed, "gradient of drives");
      let values = new Float32Array();
      let winners = new Uint8Array();
      const pooled = gradientOf(c, (g, winner) => {
        values = Float32Array.from(g, () => random.uniform() - 0.5);
        g.set(values);
        winners = winner.slice();
      });
      const plain = { ...c, pool: false };
      const full = { ...c.output, height: side(c.input.height, plain), width: side(c.input.width, plain) };
      const all = gradientOf({ ...plain, output: full }, (g) => {
        g.fill(0);
        for (const [i, value] of values.entries()) g[unpooled(i, winners[i]!, c.output, full)] = value;
      });
      expect(pooled).toEqual(all);
    }),
    { numRuns: 20 },
  );
});
