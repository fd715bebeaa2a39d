/** What holds of any pair of autoencoders: the same bytes for any number of threads, locality bit for bit, and a latent that can be taken out and put back. */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { frequencyDefaults } from "../../src/losses/bands.ts";
import type { AutoencoderPair, Network } from "../../src/nets/autoencoder-pair.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { autoencoderUpdates, type SmallAutoencoderOptions, smallAutoencoder } from "../support/small-autoencoder.ts";

const kinds = ["mlp", "cnn"] as const;
const networks: readonly Network[] = ["perception", "recall"];

async function trained(options: SmallAutoencoderOptions): Promise<Record<string, unknown>> {
  const { team, pair, rule, show, step } = await smallAutoencoder(options);
  try {
    const losses = Array.from({ length: 4 }, (_, seed) => {
      show(6, seed);
      return step(6).stageLosses;
    });
    const drawn = networks.map((by) => [...rule.reconstruct(5, by)]);
    const spikes = networks.map((by) => [...rule.latent.encode(5, by)]);
    return { losses, drawn, spikes, ...Object.fromEntries(autoencoderUpdates(pair)) };
  } finally {
    await team.close();
  }
}

test.each(kinds)("%s: 1 to 3 threads give the same bytes, another seed others", async (kind) => {
  const options: SmallAutoencoderOptions = { network: { kind, keepGradients: true } };
  const alone = await trained(options);
  expect(Object.keys(alone).length).toBe(3 + 2 * 6);
  for (const threads of [2, 3]) expect(await trained({ ...options, threads }), `${threads} threads`).toEqual(alone);
  expect(await trained({ network: { kind, seed: 12, keepGradients: true } })).not.toEqual(alone);
});

test.each(kinds)("%s: drives and gradients that are forgotten after use change nothing", async (kind) => {
  const kept = await trained({ network: { kind, keepGradients: true } });
  const { losses, drawn, spikes } = await trained({ network: { kind } });
  expect({ losses, drawn, spikes }).toEqual({ losses: kept.losses, drawn: kept.drawn, spikes: kept.spikes });
  if (kind === "cnn") return;
  // Of an mlp, keeping them is all that `keepDrives` changes: a cnn's image is drawn in another way.
  const deep = await trained({ network: { kind, keepDrives: true } });
  expect({ losses: deep.losses, drawn: deep.drawn }).toEqual({ losses, drawn });
});

type Change = (pair: AutoencoderPair) => void;

async function updatesAfter(options: SmallAutoencoderOptions, change: Change = () => {}) {
  const { team, pair, show, step } = await smallAutoencoder(options);
  try {
    change(pair);
    show(6);
    step(6);
    return autoencoderUpdates(pair);
  } finally {
    await team.close();
  }
}

function perturb(layer: Layer, amount: number): void {
  const random = new RandomStream(5, `perturb ${layer.name}`);
  const { view } = layer.group.parameters;
  for (let i = 0; i < view.length; i++) if (view[i] !== 0) view[i]! += amount * (random.uniform() - 0.5);
}

/** Whether the update of one group may depend on the weights of another: spikes run up perception and down recall, and meet at hidden stages only. */
function mayDepend(updated: string, changed: string, top: number): boolean {
  const [, ours, i] = /(\w+)\.stage(\d+)/.exec(updated)!;
  const [, theirs, j] = /(\w+)\.stage(\d+)/.exec(changed)!;
  const [stage, other] = [Number(i), Number(j)];
  if (ours === "perception") return theirs === "perception" ? other <= stage : stage < top && other >= stage;
  return theirs === "recall" ? other >= stage : stage > 1 && other <= stage;
}

describe.each([
  ["mlp", {}],
  ["cnn", { homeostasis: { weight: 10, rate: 0.05 } }],
  ["cnn", { frequency: { ...frequencyDefaults, on: true } }],
  ["mlp", { reconstruct: 2, seeing: 0.5 }],
  ["cnn", { reconstruct: 2, seeing: 0.5 }],
] as const)("%s %o", (kind, rule) => {
  const options: SmallAutoencoderOptions = { network: { kind, keepGradients: true }, rule };

  test("changing a group changes only the updates that its spikes reach", async () => {
    const before = await updatesAfter(options);
    const names = [...before.keys()];
    const top = names.filter((name) => name.startsWith("perception")).length + 1;
    for (const changed of names) {
      const after = await updatesAfter(options, (pair) =>
        perturb(pair.layers.find(({ name }) => name === changed)!, 0.5),
      );
      const moved = names.filter((name) => before.get(name) !== after.get(name));
      // Equal sets, not a subset: what may be reached is reached, so the comparison can tell.
      expect(moved, changed).toEqual(names.filter((name) => mayDepend(name, changed, top)));
    }
  });

  test("a changed weight of a drawing's loss reaches the weights that draw, and no others", async () => {
    const open: SmallAutoencoderOptions = { ...options, optimiser: { clip: 0 } };
    const before = await updatesAfter(open);
    const names = [...before.keys()];
    for (const [weight, moved] of [
      ["topWeight", names.filter((name) => name.startsWith("perception")).at(-1)],
      ["stimulusWeight", "recall.stage1"],
    ] as const) {
      const after = await updatesAfter({ ...open, rule: { ...rule, [weight]: 0.5 } });
      expect(
        names.filter((name) => before.get(name) !== after.get(name)),
        weight,
      ).toEqual([moved]);
    }
  });

  test("a latent taken out and put back draws what the network draws, whatever images are beside it", async () => {
    const {
      team,
      rule: learner,
      show,
      step,
    } = await smallAutoencoder({
      ...options,
      network: { kind, threshold: { perception: 0.2, recall: 0.2 } },
    });
    try {
      const { latent, stimulusWidth } = learner;
      // Until the running statistics know the drives, evaluation is silent.
      for (let seed = 0; seed < 40; seed++) {
        show(6, seed);
        step(6);
      }
      for (const by of networks) {
        show(6);
        const spikes = latent.encode(6, by);
        expect(spikes.length).toBe(6 * latent.steps * latent.neurons);
        expect(spikes.every((spike) => spike === 0 || spike === 1)).toBe(true);
        expect(new Set(spikes).size).toBe(2);
        const drawn = learner.reconstruct(6, by).slice();
        const decoded = latent.decode(spikes, 6, by).slice();
        for (const [i, value] of drawn.entries()) expect(Math.abs(decoded[i]! - value)).toBeLessThan(1e-5);
        const one = spikes.subarray(2 * latent.steps * latent.neurons, 3 * latent.steps * latent.neurons);
        expect(latent.decode(one, 1, by)).toEqual(decoded.subarray(2 * stimulusWidth, 3 * stimulusWidth));
      }
      expect(() => latent.decode(new Uint8Array(3), 1, "recall")).toThrow(/expected 1 images x 4 /);
    } finally {
      await team.close();
    }
  });
});
