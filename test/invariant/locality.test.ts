/**
 * Locality, bit for bit: a stage's update depends on the spikes that reach the stage, and on nothing else in the pair.
 *
 * Spikes run up perception and down recall, so by the method (every stage's inputs are constants to its loss):
 *
 *   W into stage i        may depend on W into stages <= i and on Theta of stages >= i, whose spikes meet at i
 *   Theta of stage i > 1  may depend on Theta of stages >= i and on W into stages <= i
 *   Theta of stage 1      may depend on all Theta, and on no W
 *   the top's W           may depend on all W, and on no Theta
 *
 * "Update" is parameters, gradient and both AdamW moments after a step. Clipping always acts here.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/network/layer.ts";
import type { NetworkPair } from "../../src/network/pair.ts";
import { randomImages, type SmallOptions, smallPair, updatesOf } from "../support/small-pair.ts";

/** Changes the pair before its step. */
type Change = (pair: NetworkPair) => void;

/** Updates of all groups in one step after `change`; the parameters it changed are part of them. */
async function updatesAfter(options: SmallOptions, change: Change = () => {}): Promise<Map<string, string>> {
  const { team, pair, step } = await smallPair(options);
  try {
    change(pair);
    step(randomImages(pair, 6));
    return updatesOf(pair);
  } finally {
    await team.close();
  }
}

const changedNames = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...before.keys()].filter((name) => before.get(name) !== after.get(name));

function layerNamed(pair: NetworkPair, name: string): Layer {
  const found = pair.layers.find((layer) => layer.name === name);
  if (!found) throw new Error(`no layer ${name}`);
  return found;
}

/** Moves every parameter of a layer, in whole tiles' used lanes only. */
function perturb(layer: Layer, amount: number): void {
  const random = new RandomStream(5, `perturb ${layer.name}`);
  const { view } = layer.group.parameters;
  for (let i = 0; i < view.length; i++) if (view[i] !== 0) view[i]! += amount * (random.uniform() - 0.5);
}

/** Whether the update of `updated` may depend on the weights of `changed`. */
function mayDepend(updated: string, changed: string, top: number): boolean {
  const [, ours, i] = /(\w+)\.stage(\d+)/.exec(updated)!;
  const [, theirs, j] = /(\w+)\.stage(\d+)/.exec(changed)!;
  const [stage, other] = [Number(i), Number(j)];
  if (ours === "perception") return theirs === "perception" ? other <= stage : stage < top && other >= stage;
  return theirs === "recall" ? other >= stage : stage > 1 && other <= stage;
}

const cases: [string, SmallOptions][] = (["mlp", "cnn"] as const).flatMap((kind) =>
  (["prototypes", "masked"] as const).map((negatives): [string, SmallOptions] => [
    `${kind}, ${negatives}`,
    {
      network: { kind, ...(kind === "cnn" ? { pool: 2 } : {}) },
      rule: { negatives, loss: negatives === "masked" ? "reco" : "infonce", homeostasis: { weight: 10, rate: 0.05 } },
    },
  ]),
);

describe.each(cases)("%s", (_, options) => {
  test("changing a group changes only the updates that its spikes reach", async () => {
    const before = await updatesAfter(options);
    const names = [...before.keys()];
    const top = names.filter((name) => name.startsWith("perception")).length + 1;
    for (const changed of names) {
      const after = await updatesAfter(options, (pair) => perturb(layerNamed(pair, changed), 0.5));
      const reached = names.filter((name) => mayDepend(name, changed, top));
      // Equal sets, not a subset: what may be reached is reached, so the comparison can tell.
      expect(changedNames(before, after), changed).toEqual(reached);
    }
  });

  test("perception learns from recall's spikes, never from its weights", async () => {
    const before = await updatesAfter(options);
    // Small enough a change that no recall spike flips; the largest one that passes is used.
    for (const amount of [1e-2, 1e-3, 1e-4, 1e-5]) {
      let spikes = "";
      let kept = "";
      const recalled = (pair: NetworkPair) => {
        const shown = options.rule?.negatives === "masked" ? randomImages(pair, 6).labels : [0, 1, 2];
        pair.present(shown, false);
        for (const layer of pair.recall.toReversed()) {
          layer.forward(shown.length, { train: true });
          layer.output?.list(shown.length, false);
        }
        return pair.recall.map((layer) => layer.output?.masks.view.join() ?? "").join(";");
      };
      const after = await updatesAfter(options, (pair) => {
        kept = recalled(pair);
        for (const layer of pair.recall) perturb(layer, amount);
        spikes = recalled(pair);
      });
      if (spikes !== kept) continue;
      expect(changedNames(before, after)).toEqual([...before.keys()].filter((name) => name.startsWith("recall")));
      return;
    }
    throw new Error("every change of recall's weights flipped a spike: use another seed");
  });

  test("weights from silent neurons can be anything", async () => {
    const silence: Change = (pair) => {
      for (const neuron of [0, 1]) layerNamed(pair, "recall.stage3").group.view("beta")[neuron] = -10;
    };
    const before = await updatesAfter(options, silence);
    const after = await updatesAfter(options, (pair) => {
      silence(pair);
      const { synapses, group } = layerNamed(pair, "recall.stage2");
      const { channels } = synapses.source.shape;
      const packed = group.view("weight");
      for (let row = 0; row < packed.length / 16; row++) {
        if (row % channels > 1) continue;
        for (let lane = 0; lane < 16; lane++) packed[row * 16 + lane]! -= 3;
      }
    });
    expect(changedNames(before, after)).toEqual(["recall.stage2"]);
  });
});

test("a changed top loss reaches the top's weights only", async () => {
  const options: SmallOptions = { network: { kind: "mlp" } };
  const before = await updatesAfter(options);
  const after = await updatesAfter({ ...options, rule: { top: "mse" } });
  expect(changedNames(before, after)).toEqual(["perception.stage5"]);
});

test("a changed weight of stage 1's loss reaches recall's last weights only", async () => {
  // Without clipping, which would scale the change away again.
  const options: SmallOptions = { network: { kind: "mlp" }, optimiser: { clip: 0 } };
  const before = await updatesAfter(options);
  const after = await updatesAfter({ ...options, rule: { stimulusWeight: 0.5 } });
  expect(changedNames(before, after)).toEqual(["recall.stage1"]);
});

test("clipping by the global norm is not local, and this proof sees it", async () => {
  const options: SmallOptions = { network: { kind: "mlp" }, optimiser: { clipScope: "global" } };
  const before = await updatesAfter(options);
  const after = await updatesAfter(options, (pair) => perturb(pair.conceptDrive, 0.5));
  expect(changedNames(before, after)).toEqual([...before.keys()]);
});

describe.each(["mlp", "cnn"] as const)("%s: stages that are not detached", (kind) => {
  const options: SmallOptions = { network: { kind, keepDrives: true } };
  const attached: SmallOptions = { ...options, rule: { detached: false } };

  test("detached, a pair that keeps its drives is as local as any; not detached, errors of the stages above get through", async () => {
    const [before, open] = [await updatesAfter(options), await updatesAfter(attached)];
    const names = [...before.keys()];
    const top = names.filter((name) => name.startsWith("perception")).length + 1;
    for (const changed of names) {
      const change: Change = (pair) => perturb(layerNamed(pair, changed), 0.5);
      const reached = names.filter((name) => mayDepend(name, changed, top));
      expect(changedNames(before, await updatesAfter(options, change)), changed).toEqual(reached);
      const found = changedNames(open, await updatesAfter(attached, change));
      // Perception's weights pull at all below them, recall's at all above.
      const [network] = changed.split(".");
      expect(found).toEqual(expect.arrayContaining(names.filter((name) => name.startsWith(network!))));
    }
  });

  test("the top's loss reaches all of perception, stage 1's all of recall", async () => {
    const before = await updatesAfter({ ...attached, optimiser: { clip: 0 } });
    const ofNetwork = (network: string) => [...before.keys()].filter((name) => name.startsWith(network));
    for (const [rule, network] of [
      [{ top: "mse" }, "perception"],
      [{ stimulusWeight: 0.5 }, "recall"],
    ] as const) {
      const after = await updatesAfter({ ...attached, rule: { detached: false, ...rule }, optimiser: { clip: 0 } });
      expect(changedNames(before, after)).toEqual(ofNetwork(network));
    }
  });
});
