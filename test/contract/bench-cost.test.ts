/** What the benchmark says of a kernel's work: counted from the lists themselves, and never from arguments a kernel does not have. */
import { expect, it } from "vitest";
import { costOf } from "../../bench/cost.mjs";
import { denseCosts } from "../../bench/cost-dense.mjs";
import { eventCosts } from "../../bench/cost-events.mjs";
import { machineLimits } from "../../bench/limits.mjs";
import { kernelSignatures } from "../../scripts/kernel-signatures.mjs";
import { KERNEL_NAMES } from "../../src/engine/kernels.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { Population } from "../../src/nets/population.ts";
import { flat, type Shape } from "../../src/nets/shape.ts";
import type { Synapses } from "../../src/nets/synapses.ts";

type Costs = ReadonlyMap<string, NonNullable<ReturnType<typeof costOf>>>;

/** Costs of one product and its gradient, by kernel. */
async function costsOf(
  shape: Shape,
  images: number,
  fires: (image: number, pixel: number, channel: number) => boolean,
  make: (team: Team, spikes: Population) => Synapses,
): Promise<Costs> {
  const team = await Team.create();
  // One step, so that each spike is one entry of a list.
  const spikes = new Population(team, shape, 1, images, shape.height === 1 ? "linear" : "conv");
  for (let image = 0; image < images; image++) {
    for (let pixel = 0; pixel < shape.height * shape.width; pixel++) {
      for (let channel = 0; channel < shape.channels; channel++) {
        if (fires(image, pixel, channel)) spikes.set(image, 0, pixel, channel, true);
      }
    }
  }
  const synapses = make(team, spikes);
  const group = new ParameterGroup(team, "cost", synapses.blocks);
  const { drives, winners } = synapses.workspace(images);
  const workspace = {
    z: team.arena.f32(drives).at,
    g: team.arena.f32(drives).at,
    winner: team.arena.allocate(winners),
  };
  const costs = new Map<string, NonNullable<ReturnType<typeof costOf>>>();
  team.startProfile((name, items, args) => {
    const cost = costOf(name, items, args, new Int32Array(team.arena.memory.buffer));
    if (cost) costs.set(name, cost);
  });
  spikes.list(images, true);
  synapses.forward(group, images, workspace, 0);
  synapses.gradient(group, images, workspace, 0);
  await team.close();
  return costs;
}

it("knows the arguments of every kernel it has costs for", () => {
  const costs = { ...eventCosts, ...denseCosts };
  const names = new Map(kernelSignatures().map(({ name, parameters }) => [name, parameters.map(({ name }) => name)]));
  expect([...names.keys()]).toEqual(KERNEL_NAMES);
  const missing: string[] = [];
  for (const [kernel, cost] of Object.entries(costs)) {
    const known = names.get(kernel);
    if (!known) missing.push(kernel);
    // 1 for every argument: all branches that ask for more arguments are taken.
    cost({
      items: 1,
      i32: () => 0,
      of: (name: string) => {
        if (known && !known.includes(name)) missing.push(`${kernel}.${name}`);
        return 1;
      },
    });
  }
  expect(missing).toEqual([]);
});

it("counts the additions of a dense layer from its spikes", async () => {
  const stream = new RandomStream(1, "cost");
  let fired = 0;
  const fires = () => {
    const spike = stream.uniform() < 0.2;
    fired += spike ? 1 : 0;
    return spike;
  };
  const images = 5;
  const costs = await costsOf(
    flat(40),
    images,
    fires,
    (team, spikes) => new LinearSynapses(team, spikes, flat(32), false),
  );
  // 32 neurons; a spike adds its weights to each, and the one step's sum is written for each image.
  expect(costs.get("linearEvents")).toMatchObject({ adds: 32 * (fired + images), fetched: 4 * 32 * fired });
  expect(costs.get("linearEventsGradient")).toMatchObject({ adds: 32 * fired, fetched: 4 * 32 * fired });
});

it("counts a convolution's additions at the border too", async () => {
  const shape = { height: 4, width: 4, channels: 3 };
  const costs = await costsOf(
    shape,
    2,
    () => true,
    (team, spikes) => new ConvSynapses(team, spikes, { channels: 16, bias: false }),
  );
  // All fire: (4 + 3 + 3) pairs of output and tap along each axis, 3 channels, 2 images, 16 outputs.
  const products = 16 * 2 * 3 * 10 * 10;
  expect(costs.get("convolve")).toMatchObject({ fetched: 4 * products, adds: products + 16 * 2 * 16 });
});

it("measures limits that are in the order of the caches", async () => {
  const { registerAdds, divisions, read } = await machineLimits();
  expect(divisions).toBeGreaterThan(1e7);
  expect(registerAdds).toBeGreaterThan(divisions);
  for (const rate of Object.values(read)) expect(rate).toBeGreaterThan(1e7);
});
