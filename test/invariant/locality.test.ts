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
 * Where the concept drives every stage of recall, no spikes run from one hidden stage of it to the next: "Theta of stages >= i" is then that of stage i alone, and of stage 1 those of 1 and 2.
 *
 * "Update" is parameters, gradient and both AdamW moments after a step. Clipping always acts here.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { NetworkPair, RecallPaths } from "../../src/nets/pair.ts";
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

/** Whether the update of `updated` may depend on the weights of `changed`, where recall is a chain or a broadcast. */
function mayDepend(updated: string, changed: string, top: number, recall: RecallPaths = "chain"): boolean {
  const [, ours, i] = /(\w+)\.stage(\d+)/.exec(updated)!;
  const [, theirs, j] = /(\w+)\.stage(\d+)/.exec(changed)!;
  const [stage, other] = [Number(i), Number(j)];
  // Whether spikes of `other`'s Theta come down to `stage`.
  const reaches = recall === "chain" ? other >= stage : other === stage || (stage === 1 && other === 2);
  if (ours === "perception") return theirs === "perception" ? other <= stage : stage < top && reaches;
  return theirs === "recall" ? reaches : stage > 1 && other <= stage;
}

/** What each layer of recall gives in a training pass from the concepts of `shown`: spikes, or the drawing. */
function recalled(pair: NetworkPair, shown: readonly number[]): Map<string, string> {
  pair.present(shown, false);
  return new Map(
    pair.recall.toReversed().map((layer) => {
      layer.forward(shown.length, { train: true });
      layer.output?.list(shown.length, false);
      return [layer.name, (layer.output?.masks ?? layer.features).view.join()];
    }),
  );
}

const cases: [string, SmallOptions][] = (["mlp", "cnn"] as const).flatMap((kind) =>
  (
    [
      ["prototypes", "chain"],
      ["masked", "chain"],
      ["prototypes", "broadcast"],
    ] as const
  ).map(([rivals, recall]): [string, SmallOptions] => [
    `${kind}, ${rivals}, ${recall}`,
    {
      network: { kind, recall, ...(kind === "cnn" ? { pool: 2 } : {}) },
      rule: { rivals, loss: rivals === "masked" ? "reco" : "infonce", homeostasis: { weight: 10, rate: 0.05 } },
    },
  ]),
);
cases.push([
  "cnn, cells by their energies",
  { network: { kind: "cnn", pool: 2, pooling: "energy" }, rule: { homeostasis: { weight: 10, rate: 0.05 } } },
]);

for (const kind of ["mlp", "cnn"] as const)
  cases.push([
    `${kind}, told apart by dots`,
    { network: { kind }, rule: { affinity: "dots", temperature: 0.02, homeostasis: { weight: 10, rate: 0.05 } } },
  ]);

describe.each(cases)("%s", (_, options) => {
  const { recall = "chain" } = options.network;

  test.each(["same", "drive", "membrane"] as const)(
    "changing a group changes only the updates that its spikes reach, recall compared by %s",
    async (recallFeatures) => {
      const compared = { ...options, rule: { ...options.rule, recallFeatures } };
      const before = await updatesAfter(compared);
      const names = [...before.keys()];
      const top = names.filter((name) => name.startsWith("perception")).length + 1;
      for (const changed of names) {
        const after = await updatesAfter(compared, (pair) => perturb(layerNamed(pair, changed), 0.5));
        const reached = names.filter((name) => mayDepend(name, changed, top, recall));
        // Equal sets, not a subset: what may be reached is reached, so the comparison can tell.
        expect(changedNames(before, after), changed).toEqual(reached);
      }
    },
  );

  test("what a stage of recall gives hangs on the stages it hears from", async () => {
    const { team, pair } = await smallPair(options);
    try {
      const before = recalled(pair, [0, 1, 2]);
      for (const layer of pair.recall) {
        const kept = layer.group.parameters.view.slice();
        perturb(layer, 2);
        const after = recalled(pair, [0, 1, 2]);
        layer.group.parameters.view.set(kept);
        const reached = [...before.keys()].filter((name) => mayDepend(name, layer.name, pair.stages, recall));
        expect(changedNames(before, after), layer.name).toEqual(reached);
      }
      expect(recalled(pair, [0, 1, 2])).toEqual(before);
    } finally {
      await team.close();
    }
  });

  test("perception learns from recall's spikes, never from its weights; from its voltages, which its weights make, where those are compared", async () => {
    const voltages = { ...options, rule: { ...options.rule, recallFeatures: "drive" as const } };
    const before = await updatesAfter(options);
    const beforeOfVoltages = await updatesAfter(voltages);
    // Small enough a change that no recall spike flips; the largest one that passes is used.
    for (const amount of [1e-2, 1e-3, 1e-4, 1e-5]) {
      let spikes: string[] = [];
      let kept: string[] = [];
      const spikesNow = (pair: NetworkPair) => {
        const shown = options.rule?.rivals === "masked" ? randomImages(pair, 6).labels : [0, 1, 2];
        // The last is the drawing, of which perception sees nothing.
        return [...recalled(pair, shown).values()].slice(0, -1);
      };
      const change: Change = (pair) => {
        kept = spikesNow(pair);
        for (const layer of pair.recall) perturb(layer, amount);
        spikes = spikesNow(pair);
      };
      const after = await updatesAfter(options, change);
      if (spikes.join(";") !== kept.join(";")) continue;
      const names = [...before.keys()];
      expect(changedNames(before, after)).toEqual(names.filter((name) => name.startsWith("recall")));
      // All but the concept's: what a stage is taught by is then recall's weights as much as its spikes.
      const top = names.findLast((name) => name.startsWith("perception"));
      expect(changedNames(beforeOfVoltages, await updatesAfter(voltages, change))).toEqual(
        names.filter((name) => name !== top),
      );
      return;
    }
    throw new Error("every change of recall's weights flipped a spike: use another seed");
  });

  test("weights from silent neurons can be anything", async () => {
    // A stage that another reads: in a broadcast it is the lowest alone.
    const [silenced, reader] =
      recall === "chain" ? ["recall.stage3", "recall.stage2"] : ["recall.stage2", "recall.stage1"];
    const silence: Change = (pair) => {
      for (const neuron of [0, 1]) layerNamed(pair, silenced).group.view("beta")[neuron] = -10;
    };
    const before = await updatesAfter(options, silence);
    const after = await updatesAfter(options, (pair) => {
      silence(pair);
      const { synapses, group } = layerNamed(pair, reader);
      const { channels } = synapses.source.shape;
      const packed = group.view("weight");
      for (let row = 0; row < packed.length / 16; row++) {
        if (row % channels > 1) continue;
        for (let lane = 0; lane < 16; lane++) packed[row * 16 + lane]! -= 3;
      }
    });
    expect(changedNames(before, after)).toEqual([reader]);
  });
});

test.each(["chain", "broadcast"] as const)("%s: a changed top loss reaches the top's weights only", async (recall) => {
  const options: SmallOptions = { network: { kind: "mlp", recall } };
  const before = await updatesAfter(options);
  const after = await updatesAfter({ ...options, rule: { top: "mse" } });
  expect(changedNames(before, after)).toEqual(["perception.stage5"]);
});

test.each(["chain", "broadcast"] as const)("%s: stage 1's loss reaches recall's last weights only", async (recall) => {
  // Without clipping, which would scale the change away again.
  const options: SmallOptions = { network: { kind: "mlp", recall }, optimiser: { clip: 0 } };
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
