/** The top stage under each loss and target code against the float64 reference: the loss, the gradient of the concept's mean drive, and the decisions that are right. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { type NetworkOptions, NetworkPair } from "../../src/nets/pair.ts";
import { Top } from "../../src/rules/top.ts";
import { align } from "./alignment.ts";
import { relativeGap } from "./close.ts";
import { crossEntropy } from "./softmax.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

const CLASSES = 5;
const LABELS = [4, 0, 2, 2, 1, 3, 0];
const IMAGES = LABELS.length;

/** A pair whose concept's mean drive is drawn at random, and that drive [image][neuron]. */
function drawn(target: NetworkOptions["target"], targetSize = 0) {
  const pair = new NetworkPair(team, {
    ...{ kind: "mlp", hidden: [6], image: { height: 1, width: 4, channels: 1 }, steps: 2, norm: true, tau: 2 },
    ...{ threshold: { perception: 0.6, recall: 0.6 }, stimulus: "direct", target, targetSize },
    ...{ classes: CLASSES, maxImages: IMAGES + 2, seed: 4, networks: "perception" },
  });
  const { features, featureWidth } = pair.conceptDrive;
  const { width } = pair.target;
  const drive = new Float32Array(IMAGES * width);
  new RandomStream(2, "drive").fillUniform(drive, -2, 2);
  for (let k = 0; k < IMAGES; k++) features.view.set(drive.subarray(k * width, (k + 1) * width), k * featureWidth);
  return { pair, drive: Float64Array.from(drive) };
}

/** Loss, plain gradient [image][neuron] and right decisions of the engine. */
function found(pair: NetworkPair, kind: "cross-entropy" | "reco" | "mse", lambda: number) {
  const { featureWidth } = pair.conceptDrive;
  const { width } = pair.target;
  const { loss, gradient, correct } = new Top(pair, kind, lambda).loss(Uint16Array.from(LABELS));
  const rows = new Float32Array(team.arena.memory.buffer, gradient, IMAGES * featureWidth);
  const plain = Float64Array.from(
    { length: IMAGES * width },
    (_, i) => rows[Math.floor(i / width) * featureWidth + (i % width)]!,
  );
  return { loss, gradient: plain, correct };
}

/** Dot products of drives and codes, [image][class]. */
function products(drive: Float64Array, codes: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: IMAGES * CLASSES }, (_, i) => {
    const [k, c] = [Math.floor(i / CLASSES), i % CLASSES];
    let sum = 0;
    for (let n = 0; n < width; n++) sum += drive[k * width + n]! * codes[c * width + n]!;
    return sum;
  });
}

function rightOnes(logits: Float64Array): number {
  return LABELS.filter((label, k) => {
    const row = [...logits.subarray(k * CLASSES, (k + 1) * CLASSES)];
    return row.indexOf(Math.max(...row)) === label;
  }).length;
}

// Codes of one tile, of more than one, and of an odd number of neurons.
describe.each([
  ["one-hot", "one-hot", 0],
  ["random", "random", 0],
  ["random, of 13 neurons", "random", 13],
] as const)("%s", (_name, target, size) => {
  test("cross-entropy of the drive along each code, by the root of its ones", () => {
    const { pair, drive } = drawn(target, size);
    const { width, bits } = pair.target;
    const ones = bits.subarray(0, width).reduce((sum, bit) => sum + bit, 0);
    const codes = Float64Array.from(bits, (bit) => bit / Math.sqrt(ones));
    const logits = products(drive, codes, width);
    const expected = crossEntropy(logits, IMAGES, CLASSES, LABELS);
    const gradient = new Float64Array(IMAGES * width);
    for (let k = 0; k < IMAGES; k++)
      for (let c = 0; c < CLASSES; c++)
        for (let n = 0; n < width; n++)
          gradient[k * width + n]! += expected.gradient[k * CLASSES + c]! * codes[c * width + n]!;
    const ours = found(pair, "cross-entropy", 0);
    expect(ours.loss / expected.loss).toBeCloseTo(1, 6);
    expect(relativeGap(ours.gradient, gradient)).toBeLessThan(1e-5);
    expect(ours.correct).toBe(rightOnes(logits));
  });

  test.each(["reco", "mse"] as const)("%s against the codes themselves", (loss) => {
    const { pair, drive } = drawn(target, size);
    const { width, bits } = pair.target;
    const lambda = 1.7;
    const codes = Float64Array.from(bits);
    const options = {
      loss,
      rivals: "prototypes",
      centred: false,
      lambda,
      temperature: 1,
      classes: CLASSES,
    } as const;
    const expected = align(drive, codes, LABELS, options);
    const ours = found(pair, loss, lambda);
    expect(ours.loss / expected.loss).toBeCloseTo(1, 6);
    expect(relativeGap(ours.gradient, expected.gradV)).toBeLessThan(1e-5);
    expect(ours.correct).toBe(rightOnes(products(drive, codes, width)));
  });
});
