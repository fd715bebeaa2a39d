/**
 * Locality of a recurrent pair, bit for bit: a stage's update depends on the spikes that reach the stage, on its own recurrence, and on nothing else in the pair; and no credit is
 * carried back through time.
 *
 *   W_x, W_h into stage i            may depend on W into stages <= i and on Theta of stages >= i, whose spikes meet at i
 *   Theta_y, Theta_h of stage i > 1  may depend on Theta of stages >= i and on W into stages <= i
 *   Theta of stage 1                 may depend on all Theta, and on no W
 *   the top's W                      may depend on all W, and on no Theta
 *
 * "Update" is parameters, gradient and both AdamW moments after a step. Clipping always acts here.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { SequencePair } from "../../src/nets/sequence-pair.ts";
import type { SpikingLearner } from "../../src/rules/sequence-learners.ts";
import { updateOf } from "../support/small-pair.ts";
import {
  layerNamed,
  randomSequence,
  recurrentNamed,
  type SmallSequenceOptions,
  sequenceRates,
  smallBackprop,
  smallBsd,
  startsOf,
} from "../support/small-recurrent.ts";

/** Changes the pair before its step. */
type Change = (pair: SequencePair) => void;
type Made = { team: SequencePair["team"]; pair: SequencePair; learner: SpikingLearner };

async function updatesAfter(
  make: Promise<Made>,
  change: Change = () => {},
  read = ({ group }: Pick<Layer, "group">) => updateOf(group),
): Promise<Map<string, string>> {
  const { team, pair, learner } = await make;
  try {
    const { window, maxRows } = pair.options;
    learner.load(randomSequence(pair.options, window * maxRows), startsOf(maxRows, window), 0, maxRows);
    change(pair);
    learner.step(sequenceRates);
    return new Map(pair.layers.map((layer) => [layer.name, read(layer)]));
  } finally {
    await team.close();
  }
}

const changedNames = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...before.keys()].filter((name) => before.get(name) !== after.get(name));

/** Moves every parameter of a block that is not 0, which leaves unused lanes alone. */
function perturb(pair: SequencePair, name: string, block: string, amount: number): void {
  const random = new RandomStream(5, `perturb ${name} ${block}`);
  const view = layerNamed(pair, name).group.view(block);
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

const values = { kind: "values", width: 5 } as const;
const cases: [string, SmallSequenceOptions][] = [
  ["symbols, masked InfoNCE, homeostasis", { rule: { homeostasis: { weight: 10, rate: 0.05 } } }],
  ["values, literal ReCo", { network: { inputs: values, targets: values }, rule: { rivals: "literal", loss: "reco" } }],
  ["values to symbols, recall of one element", { network: { inputs: values, recurrentRecall: false } }],
  ["symbols, dot products", { rule: { affinity: "dots", temperature: 0.02 } }],
];
/** What meets within a stage is a voltage of recall's, which its weights into the stage decide: spikes alone leave the stage. */
const voltages: [string, SmallSequenceOptions][] = (["drive", "membrane"] as const).map((recallFeatures) => [
  `dot products with recall's ${recallFeatures}`,
  { rule: { affinity: "dots", temperature: 0.02, recallFeatures } },
]);

describe.each([...cases, ...voltages])("%s", (_, options) => {
  test("changing weights changes only the updates that their spikes reach", async () => {
    const before = await updatesAfter(smallBsd(options));
    const names = [...before.keys()];
    const top = names.filter((name) => name.startsWith("perception")).length + 1;
    for (const changed of names) {
      for (const block of ["weight", "recurrent"]) {
        let there = true;
        const after = await updatesAfter(smallBsd(options), (pair) => {
          there = layerNamed(pair, changed).group.has(block);
          if (there) perturb(pair, changed, block, 1);
        });
        // Equal sets, not a subset: what may be reached is reached, so the comparison can tell.
        const reached = there ? names.filter((name) => mayDepend(name, changed, top)) : [];
        expect(changedNames(before, after), `${changed}.${block}`).toEqual(reached);
      }
    }
  });
});

describe.each(cases)("%s", (_, options) => {
  test("perception learns of the future from recall's spikes, never from its weights", async () => {
    const before = await updatesAfter(smallBsd(options));
    // Small enough a change that no recall spike flips; the largest one that passes is used.
    for (const amount of [1e-2, 1e-3, 1e-4, 1e-5]) {
      const spikes: string[] = [];
      const recalled = (pair: SequencePair) => {
        const { window, maxRows, targets } = pair.options;
        const set = randomSequence(pair.options, window * maxRows);
        const places = Array.from(
          { length: window * maxRows },
          (_, k) => (k % maxRows) * window + Math.floor(k / maxRows),
        );
        if (set.targets.kind === "symbols") {
          const { symbols } = set.targets;
          pair.presentSymbols(places.map((at) => symbols[at]!));
        } else {
          const rows = set.targets.values;
          pair.presentValues(
            places.flatMap((at) => [...rows.subarray(at * targets.width, (at + 1) * targets.width)]),
            places.length,
          );
        }
        pair.reset(window, maxRows);
        for (const layer of pair.recall.toReversed())
          layer.forward({ positions: window, rows: maxRows }, { train: true, feature: "rate" });
        spikes.push(pair.recall.map((layer) => layer.output!.masks.view.join()).join(";"));
      };
      const after = await updatesAfter(smallBsd(options), (pair) => {
        recalled(pair);
        for (const { name, group } of pair.recall)
          for (const block of ["weight", "recurrent"]) if (group.has(block)) perturb(pair, name, block, amount);
        recalled(pair);
      });
      expect(spikes[0]).toMatch(/[1-9]/);
      if (spikes[0] !== spikes[1]) continue;
      expect(changedNames(before, after)).toEqual([...before.keys()].filter((name) => /recall.stage[^1]/.test(name)));
      return;
    }
    throw new Error("every change of recall's weights flipped a spike: use another seed");
  });
});

/** Neurons 0 and 1 of perception's first stage never fire. */
const silence: Change = (pair) => {
  for (const neuron of [0, 1]) recurrentNamed(pair, "perception.stage2").group.view("beta")[neuron] = -10;
};

/** Changes what those neurons tell a layer through `block`: weights that no spike meets. */
function rewire(pair: SequencePair, name: string, block: string, inputs: number): void {
  const packed = layerNamed(pair, name).group.view(block);
  for (let at = 0; at < packed.length; at++) if (Math.floor(at / 16) % inputs < 2 && packed[at] !== 0) packed[at]! -= 3;
}

const gradientsOf = ({ group }: Pick<Layer, "group">) =>
  Buffer.from(group.gradients.view.slice().buffer).toString("hex");

describe("weights from silent neurons matter only to errors that come back through them", () => {
  const rewired = (block: string, name: string) => (pair: SequencePair) => {
    silence(pair);
    rewire(pair, name, block, pair.perception[0]!.synapses.shape.channels);
  };

  test("through time, W_h: BSD's gradients stay the same bytes, backprop's do not", async () => {
    const change = rewired("recurrent", "perception.stage2");
    const bsd = await updatesAfter(smallBsd(), silence, gradientsOf);
    expect(changedNames(bsd, await updatesAfter(smallBsd(), change, gradientsOf))).toEqual([]);
    const backprop = await updatesAfter(smallBackprop(), silence, gradientsOf);
    expect(changedNames(backprop, await updatesAfter(smallBackprop(), change, gradientsOf))).toEqual([
      "perception.stage2",
    ]);
  });

  test("through stages, W_x: BSD's gradients stay the same bytes, backprop's do not", async () => {
    const change = rewired("weight", "perception.stage3");
    const bsd = await updatesAfter(smallBsd(), silence, gradientsOf);
    expect(changedNames(bsd, await updatesAfter(smallBsd(), change, gradientsOf))).toEqual([]);
    const backprop = await updatesAfter(smallBackprop(), silence, gradientsOf);
    expect(changedNames(backprop, await updatesAfter(smallBackprop(), change, gradientsOf))).toEqual([
      "perception.stage2",
    ]);
  });

  test("of recall, Theta_h: BSD's gradients stay the same bytes", async () => {
    const quiet: Change = (pair) => {
      for (const neuron of [0, 1]) recurrentNamed(pair, "recall.stage3").group.view("beta")[neuron] = -10;
    };
    const before = await updatesAfter(smallBsd(), quiet, gradientsOf);
    const after = await updatesAfter(
      smallBsd(),
      (pair) => {
        quiet(pair);
        rewire(pair, "recall.stage3", "recurrent", recurrentNamed(pair, "recall.stage3").synapses.shape.channels);
      },
      gradientsOf,
    );
    expect(changedNames(before, after)).toEqual([]);
  });
});

test("backprop's locality is none: the top's weights reach every update", async () => {
  const before = await updatesAfter(smallBackprop());
  const after = await updatesAfter(smallBackprop(), (pair) => perturb(pair, pair.conceptDrive.name, "weight", 0.5));
  expect(changedNames(before, after)).toEqual([...before.keys()]);
});

test("a rate of 0 leaves recall as it was, and perception learns from it all the same", async () => {
  const frozen = { perception: 0.01, recall: 0 };
  const { team, pair, learner } = await smallBsd();
  try {
    const { window, maxRows } = pair.options;
    learner.load(randomSequence(pair.options, window * maxRows), startsOf(maxRows, window), 0, maxRows);
    const before = new Map(pair.layers.map(({ name, group }) => [name, updateOf(group)]));
    learner.step(frozen);
    const after = new Map(pair.layers.map(({ name, group }) => [name, updateOf(group)]));
    expect(changedNames(before, after)).toEqual([...before.keys()].filter((name) => name.startsWith("perception")));
  } finally {
    await team.close();
  }
});
