/** ErrorWeights that learn by the products perception's weights learn by, against both weights stepped apart from each other in float64. */
import { expect, test } from "vitest";
import { plainBlock } from "../support/plain-stack.ts";
import { randomImages, rates, type SmallPair, smallPair } from "../support/small-pair.ts";
import { type AdamwState, adamwDefaults, adamwStart, adamwStep } from "./adamw.ts";

const STEPS = 12;
const WEIGHT_DECAY = 2;

/** ErrorWeights by the number of the stage they come down from. */
function carriersOf({ rule }: SmallPair): Map<number, Float32Array> {
  const learned = [...rule.slots(true)].filter(({ name }) => name.startsWith("carriers."));
  return new Map(learned.map((slot) => [Number(/^carriers\.stage(\d+)\.weight$/.exec(slot.name)![1]), slot.read()]));
}

test.each([
  ["mlp", 64, 0, "stage"],
  ["mlp", 1, 0.01, "stage"],
  ["mlp", 64, 0.01, "global"],
  ["cnn", 1, 0, "stage"],
] as const)("%s, errors %d stages down, clipped at %d a %s", async (kind, errorDepth, clip, clipScope) => {
  const built = await smallPair({
    network: { kind, keepDrives: true, recall: "broadcast" },
    rule: { errorDepth, errorWeights: "learned" },
    optimiser: { clip, clipScope, weightDecay: WEIGHT_DECAY },
  });
  try {
    const { pair } = built;
    const above = pair.perception.slice(1);
    const stageOf = (name: string) => Number(name.replace("perception.stage", ""));
    const plain = (k: number, of: "parameters" | "gradients") =>
      plainBlock(above[k]!.synapses, above[k]!.group, "weight", of);
    const drawn = carriersOf(built);
    expect([...drawn.keys()]).toEqual(above.map(({ name }) => stageOf(name)));
    let twins: AdamwState[] = above.map(({ name }) => adamwStart(Float64Array.from(drawn.get(stageOf(name))!)));
    const apart = () =>
      above.map(({ name }, k) => {
        const weights = plain(k, "parameters");
        return Math.hypot(
          ...carriersOf(built)
            .get(stageOf(name))!
            .map((value, i) => value - weights[i]!),
        );
      });
    const before = apart();
    for (let step = 0; step < STEPS; step++) {
      built.step(randomImages(pair, 6, step), step);
      const norm = (groups: readonly { readonly gradients: { readonly view: Float32Array } }[]) =>
        Math.sqrt(groups.reduce((sum, { gradients }) => sum + gradients.view.reduce((s, g) => s + g * g, 0), 0));
      const all = norm(pair.layers.map(({ group }) => group));
      twins = twins.map((twin, k) => {
        const length = clipScope === "global" ? all : norm([above[k]!.group]);
        const scale = clip > 0 ? Math.min(1, clip / (length + 1e-6)) : 1;
        const gradient = Float64Array.from(plain(k, "gradients"), (g) => scale * g);
        return adamwStep(twin, gradient, {
          ...adamwDefaults,
          learningRate: rates.perception,
          weightDecay: WEIGHT_DECAY,
        });
      });
    }
    const learned = carriersOf(built);
    for (const [k, { name }] of above.entries()) {
      const own = learned.get(stageOf(name))!;
      const gap = Math.max(...own.map((value, i) => Math.abs(value - twins[k]!.parameter[i]!)));
      expect(gap, name).toBeLessThan(1e-5);
      const moved = Math.max(...own.map((value, i) => Math.abs(value - drawn.get(stageOf(name))![i]!)));
      expect(moved, name).toBeGreaterThan(0.03);
    }
    // What they were drawn apart by decays, and nothing else becomes of it.
    for (const [k, after] of apart().entries())
      expect(after / before[k]!).toBeCloseTo((1 - rates.perception * WEIGHT_DECAY) ** STEPS, 4);
  } finally {
    await built.team.close();
  }
});

test("other seeds draw other carriers, and weights that are given afterwards leave them as they are", async () => {
  const build = (seed: number) =>
    smallPair({ network: { kind: "mlp", keepDrives: true, seed }, rule: { errorDepth: 1, errorWeights: "learned" } });
  const [one, other] = await Promise.all([build(11), build(12)]);
  try {
    const drawn = carriersOf(one);
    for (const [stage, weights] of carriersOf(other)) expect(weights).not.toEqual(drawn.get(stage));
    for (const { group } of one.pair.perception) group.view("weight").fill(0.5);
    expect(carriersOf(one)).toEqual(drawn);
  } finally {
    await one.team.close();
    await other.team.close();
  }
});
