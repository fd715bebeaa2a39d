/** Which criteria of plausibility a rule meets, found out by changing what it may not depend on and by watching what it sends; held against what `rules/criteria.ts` declares. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { isReal } from "../../src/nets/synapses.ts";
import {
  type Criterion,
  criteria,
  criteriaOf,
  criteriaOfBsd,
  criteriaOfRules,
  criteriaTable,
  type RuleCriteria,
} from "../../src/rules/criteria.ts";
import { LocalLosses } from "../../src/rules/local-losses.ts";
import { defaults, imageRules, type RuleConfig, spikingRules } from "../../src/training/config.ts";
import { type Images, randomImages, updateOf } from "../support/small-pair.ts";
import { type SmallRival, type SmallRivalOptions, smallRival } from "../support/small-rival.ts";
import { logitsOf } from "../support/stage-twin.ts";

type Kind = "mlp" | "cnn";
/** A rule, and what of its options is not the default. */
type Rival = Pick<SmallRivalOptions, "name" | "rule" | "network">;
const IMAGES = 6;

/** Works on a net of its own. */
async function withRival<T>(rival: Rival, kind: Kind, use: (small: SmallRival, images: Images) => T): Promise<T> {
  const small = await smallRival({ ...rival, kind });
  try {
    return use(small, randomImages(small.pair, IMAGES));
  } finally {
    await small.team.close();
  }
}

const hiddenOf = ({ pair }: SmallRival): readonly Layer[] => pair.perception.slice(0, -1);

/** Updates of the hidden stages in one step after `change`, and the decisions of that step. */
function learn(rival: Rival, kind: Kind, change: (small: SmallRival) => void) {
  return withRival(rival, kind, (small, images) => {
    change(small);
    small.step(images);
    const logits = logitsOf(small.pair, IMAGES);
    const decisions = Array.from({ length: IMAGES }, (_, b) => {
      const row = [...logits.subarray(b * 3, b * 3 + 3)];
      return row.indexOf(Math.max(...row));
    });
    return { updates: hiddenOf(small).map(({ group }) => updateOf(group)), decisions, logits };
  });
}

/** Channel 0 of the last hidden stage never fires. */
function silence(small: SmallRival): void {
  hiddenOf(small).at(-1)!.group.view("beta")[0] = -10;
}

/** Changes all weights that spikes of channel 0 of the last hidden stage would go through: the concept's, and those of a classifier. */
function changeUnused(small: SmallRival): void {
  const { channels } = hiddenOf(small).at(-1)!.synapses.shape;
  const { synapses, group } = small.pair.conceptDrive;
  const inputs = synapses.fanIn;
  const change = (plain: Float32Array, columns: number) => {
    for (let i = 0; i < plain.length; i++) if ((i % columns) % channels === 0) plain[i]! += 3;
    return plain;
  };
  const plain = new Float32Array(inputs * small.pair.target.width);
  synapses.unpack("weight", group.view("weight"), plain);
  synapses.pack("weight", change(plain, inputs), group.view("weight"));
  if (!(small.rule instanceof LocalLosses)) return;
  const classifier = small.rule.classifiers.at(-1)!;
  classifier.write("weight", change(classifier.read("weight"), inputs));
}

/** C1: weights that no spike goes through are changed, so all spikes are the same. */
async function withoutTransport(rival: Rival, kind: Kind): Promise<boolean> {
  const before = await learn(rival, kind, silence);
  const after = await learn(rival, kind, (small) => {
    silence(small);
    changeUnused(small);
  });
  expect(after.logits, "the pass is the same").toEqual(before.logits);
  return String(after.updates) === String(before.updates);
}

/** C2: the concept's weights are changed by so little that no decision is another, hence no reward. */
async function local(rival: Rival, kind: Kind): Promise<boolean> {
  const before = await learn(rival, kind, () => {});
  const after = await learn(rival, kind, ({ pair }) => {
    const random = new RandomStream(5, "a little");
    const weights = pair.conceptDrive.group.view("weight");
    for (let i = 0; i < weights.length; i++) if (weights[i] !== 0) weights[i]! += 1e-3 * (random.uniform() - 0.5);
  });
  expect(after.decisions).toEqual(before.decisions);
  expect(after.logits).not.toEqual(before.logits);
  return String(after.updates) === String(before.updates);
}

/** C3: every stage is updated before the next one runs; or rewards turned round turn every update round, so that what waits for the reward is multiplied with it and nothing else. */
async function onePhase(rival: Rival, kind: Kind): Promise<boolean> {
  const onTheWay = await withRival(rival, kind, (small, images) => {
    const calls: string[] = [];
    small.team.startProfile((kernel, _items, args) => calls.push(`${kernel} ${Object.values(args).join(" ")} `));
    small.step(images);
    const hidden = hiddenOf(small);
    const at = (kernel: string, address: number) => {
      const found = calls.findIndex((call) => call.startsWith(`${kernel} `) && call.includes(` ${address} `));
      if (found < 0) throw new Error(`no ${kernel} of what is at ${address}`);
      return found;
    };
    return hidden
      .slice(1)
      .every((next, k) => at("adamw", hidden[k]!.group.parameters.at) < at("neuronForward", next.output!.masks.at));
  });
  if (onTheWay) return true;
  const { decisions } = await learn(rival, kind, () => {});
  const gradients = (right: (b: number) => boolean) =>
    withRival(rival, kind, (small, images) => {
      const labels = decisions.map((decision, b) => (right(b) ? decision : (decision + 1) % 3));
      small.step({ ...images, labels });
      return hiddenOf(small).flatMap(({ group }) => [...group.gradients.view]);
    });
  const [one, other] = [await gradients((b) => b % 3 === 0), await gradients((b) => b % 3 !== 0)];
  expect(one.some((value) => value !== 0)).toBe(true);
  return one.every((value, i) => value === -other[i]!);
}

/** C4: what hidden stages and the concept read of each other are spike trains. */
function binary(rival: Rival, kind: Kind): Promise<boolean> {
  return withRival(rival, kind, ({ pair }) =>
    [...pair.perception.slice(1), ...pair.recall].every(({ synapses }) => !isReal(synapses.source)),
  );
}

/** Kernels that carry errors from units to others: products of errors and weights. */
const ERROR_WEIGHTS: readonly string[] = ["linearInputGradient", "convolveInputGradient"];

/** C5: nothing that is carried to a stage as an error has values of both signs. */
function unsigned(rival: Rival, kind: Kind): Promise<boolean> {
  return withRival(rival, kind, (small, images) => {
    const errors: number[] = [];
    const memory = small.team.arena.memory.buffer;
    small.team.startProfile((kernel, _items, args) => {
      if (ERROR_WEIGHTS.includes(kernel)) errors.push(...new Float32Array(memory, args.out, 16 * IMAGES));
    });
    small.step(images);
    if (small.rule instanceof LocalLosses)
      for (const { gradient } of small.rule.classifiers) errors.push(...gradient.view);
    return !(errors.some((value) => value < 0) && errors.some((value) => value > 0));
  });
}

const tests: Readonly<Record<Criterion, (rival: Rival, kind: Kind) => Promise<boolean>>> = {
  C1: withoutTransport,
  C2: local,
  C3: onePhase,
  C4: binary,
  C5: unsigned,
};

/** The criteria that a rule is found to meet. */
async function found(rival: Rival, kind: Kind): Promise<Criterion[]> {
  const met: Criterion[] = [];
  for (const [criterion, meets] of Object.entries(tests))
    if (await meets(rival, kind)) met.push(criterion as Criterion);
  return met;
}

describe.each(spikingRules)("%s", (name) => {
  const declared: readonly Criterion[] = criteriaOfRules[name].meets;
  it.each(["mlp", "cnn"] as const)("%s: meets what is declared, and no more", async (kind) => {
    expect(await found({ name }, kind)).toEqual(declared);
  });
});

describe.each(["mlp", "cnn"] as const)("bsd with one of its parts taken away or changed, %s", (kind) => {
  it("random codes in place of recall: all that bsd meets", async () => {
    expect(await found({ name: "bsd", rule: { codes: "random" } }, kind)).toEqual(criteriaOfRules.bsd.meets);
  });

  it("all of recall driven by the concept: all that bsd meets", async () => {
    expect(await found({ name: "bsd", network: { recall: "broadcast" } }, kind)).toEqual(criteriaOfRules.bsd.meets);
  });

  it.each(criteriaOfBsd)("$label: meets what is declared, and no more", async ({ options, meets }) => {
    expect(await found({ name: "bsd", ...options }, kind)).toEqual(meets);
  });

  it("energies of cells and a pull beside the recipes' dots: all that bsd meets", async () => {
    const { network, rule } = criteriaOfBsd[1]!.options;
    expect(rule?.affinity).toBe("dots");
    const pooled = kind === "cnn" ? ({ pool: 2, pooling: "energy" } as const) : {};
    const pulled = { ...rule, ...pooled, homeostasis: { weight: 10, rate: 0.15 } };
    expect(await found({ name: "bsd", ...(network && { network }), rule: pulled }, kind)).toEqual(
      criteriaOfRules.bsd.meets,
    );
  });

  it.each([
    ["same", false],
    ["drive", true],
    ["membrane", true],
  ] as const)("what recall is compared by, %s, has both signs: %s", async (recallFeatures, both) => {
    await withRival({ name: "bsd", rule: { recallFeatures, centred: false } }, kind, (small, images) => {
      small.step(images);
      for (const { recall } of small.pair.hiddenStages()) {
        const values = recall.features.view.subarray(0, 3 * recall.featureWidth);
        expect(values.some((value) => value > 0)).toBe(true);
        expect(values.some((value) => value < 0)).toBe(both);
      }
    });
  });

  it.each([
    ["recall", ["C1", "C4"]],
    ["learned", ["C1", "C4"]],
    ["transposes", ["C4"]],
  ] as const)(
    "errors that reach the stage below alone, by %s: as those that go all the way",
    async (errorWeights, met) => {
      expect(await found({ name: "bsd", rule: { errorDepth: 1, errorWeights: errorWeights } }, kind)).toEqual(met);
    },
  );
});

describe("criteriaOf", () => {
  it.each(criteriaOfBsd)("$label", ({ options, meets, stretched = [] }) => {
    expect(criteriaOf({ ...defaults.rule, ...options.rule })).toEqual({ meets, stretched });
  });

  it.each(imageRules)("%s as it is declared", (name) => {
    const { meets, stretched = [] }: RuleCriteria = criteriaOfRules[name];
    expect(criteriaOf({ ...defaults.rule, name })).toEqual({ meets, stretched });
  });

  it.each<[Partial<RuleConfig>, readonly Criterion[]]>([
    [{ loss: "reco" }, ["C5"]],
    [{ top: "reco" }, ["C5"]],
    [{ loss: "mse", top: "mse" }, []],
    [{ loss: "reco", top: "reco", features: "membrane" }, ["C1", "C4", "C5"]],
    [{ loss: "reco", top: "reco", features: "drive", recallFeatures: "rate" }, []],
    [{ loss: "reco", top: "reco", recallFeatures: "drive", codes: "random" }, []],
  ])("bsd with %o stretches %o", (rule, stretched) => {
    expect(criteriaOf({ ...defaults.rule, ...rule })?.stretched).toEqual(stretched);
  });

  it("of a plugin's rule nothing is known", () => {
    expect(criteriaOf({ ...defaults.rule, name: "of-a-plugin" as RuleConfig["name"] })).toBeUndefined();
  });
});

it("every rule is declared, and the table has a line for each", () => {
  expect(Object.keys(criteriaOfRules)).toEqual([...imageRules]);
  const lines = criteriaTable().split("\n");
  expect(lines[0]).toBe("| rule | C1 | C2 | C3 | C4 | C5 |  |");
  expect(
    lines.slice(2, 2 + imageRules.length + criteriaOfBsd.length).map((line) =>
      line
        .split("|")
        .slice(1, 7)
        .map((cell) => cell.trim()),
    ),
  ).toEqual([
    ["BSD, the default", "yes", "yes", "yes", "yes", "at a stretch"],
    [criteriaOfBsd[0]!.label, "yes", "yes", "yes", "yes", "yes"],
    [criteriaOfBsd[1]!.label, "at a stretch", "yes", "yes", "at a stretch", "at a stretch"],
    [criteriaOfBsd[2]!.label, "yes", "no", "no", "yes", "no"],
    [criteriaOfBsd[3]!.label, "yes", "no", "no", "yes", "no"],
    [criteriaOfBsd[4]!.label, "no", "no", "no", "yes", "no"],
    [criteriaOfBsd[5]!.label, "no", "no", "no", "yes", "no"],
    ["BP on SNN", "no", "no", "no", "yes", "no"],
    ["FA", "yes", "no", "no", "yes", "no"],
    ["DFA", "yes", "no", "no", "yes", "no"],
    ["local losses", "no", "yes", "yes", "yes", "no"],
    ["R-STDP", "yes", "yes", "yes", "yes", "yes"],
    ["BP on ANN", "no", "no", "no", "no", "no"],
    ["DLL", "yes", "no", "no", "no", "no"],
    ["predictive coding", "no", "no", "no", "no", "no"],
    ["CCL", "yes", "yes", "yes", "no", "no"],
    ["BSD on ANN", "yes", "yes", "yes", "no", "no"],
  ]);
  for (const [name, words] of Object.entries(criteria)) expect(lines).toContain(`- ${name}, ${words}`);
});
