/** DLL on non-spiking nets of images: its errors and gradients against the equations in float64, the case in which it must equal backprop, and its rates. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { AnnLayer } from "../../src/nets/dense.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { type AnnImageLearner, annImageNet } from "../../src/rules/ann-images.ts";
import { ImageAnnBackprop } from "../../src/rules/backprop.ts";
import { ImageDll, imageDllDefaults } from "../../src/rules/dll.ts";
import * as ad from "../support/autodiff.ts";
import {
  activated,
  CASES,
  imagesOf,
  loadImages,
  PLAIN_OPTIMISER,
  type Small,
  smallOptions,
} from "../support/image-rules.ts";
import { driveOf, normed, type Parts, parametersOf, plainBlock, winnersOf } from "../support/plain-stack.ts";
import { relativeGap } from "./close.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

const IMAGES = 9;
const NO_RATES = { perception: 0, recall: 0 };

const read = (learner: AnnImageLearner, name: string): Float32Array => {
  const slot = [...learner.slots(true)].find((one) => one.name === name);
  if (!slot) throw new Error(`no slot ${name}`);
  return slot.read();
};

/** A part of the net by the equations: u in, y out, and what delta = dL/dz makes of the weights. */
interface Plain {
  readonly parts: Parts;
  readonly parameters: ReturnType<typeof parametersOf>;
  readonly z: ad.Value;
  readonly y: ad.Value;
}

function forwarded({ net }: AnnImageLearner, images: ad.Value, activation: "tanh" | "elu"): Plain[] {
  let u = images;
  return net.layers.map((layer) => {
    const hidden = layer instanceof AnnLayer;
    const { name, synapses, group } = layer;
    const winner = hidden ? { winner: winnersOf(team.arena.memory, layer, IMAGES) } : {};
    const parts = { name, synapses, group, ...winner };
    const parameters = parametersOf(parts);
    // A constant to what is above: every stage's derivative is its own.
    const z = driveOf(parts, parameters, ad.detach(u), IMAGES);
    const y = hidden ? activated(normed(parts, parameters, z), activation) : z;
    u = y;
    return { parts, parameters, z, y };
  });
}

/** xi = clip(Theta^T delta) and Theta's gradient delta xi^T, of Theta in the place of the weights above. */
function feedback(above: Plain, theta: Float32Array, size: number, limit: number) {
  const parts = { ...above.parts, led: true };
  const delta = ad.variable(above.z.gradient);
  const send = (input: ad.Value, weight: ad.Value) =>
    ad.backward(ad.sum(ad.multiply(driveOf(parts, { weight }, input, IMAGES), delta)));
  const below = ad.variable(new Float64Array(size));
  send(below, ad.variable(theta));
  const xi = below.gradient.map((error) => Math.max(-limit, Math.min(limit, error)));
  const weight = ad.variable(theta);
  send(ad.variable(xi), weight);
  return { xi, gradient: weight.gradient, clipped: below.gradient.some((error) => Math.abs(error) > limit) };
}

describe.each(CASES)("$name", (small) => {
  test.each([
    { errorLimit: 50, activation: "tanh" },
    { errorLimit: 0.05, activation: "elu" },
  ] as const)("gradients of W and Theta, errors clipped at $errorLimit, $activation", ({ errorLimit, activation }) => {
    const image = annImageNet(team, smallOptions({ ...small, activation }), "dll");
    const learner = new ImageDll(image, { ...imageDllDefaults, errorLimit }, PLAIN_OPTIMISER);
    const labels = loadImages(learner, IMAGES);
    const theta = learner.net.hidden.map((_, k) => read(learner, `feedback.stage${k + 2}.weight`));
    learner.step({ labels, counter: 0 }, NO_RATES);
    const plain = forwarded(learner, imagesOf(learner, IMAGES), activation);
    ad.backward(ad.crossEntropy(plain.at(-1)!.y, labels));
    const thetaGradients: Float64Array[] = [];
    let clipped = false;
    for (let k = theta.length - 1; k >= 0; k--) {
      const { y } = plain[k]!;
      const own = feedback(plain[k + 1]!, theta[k]!, y.values.length, errorLimit);
      ad.backward(ad.sum(ad.multiply(y, ad.variable(own.xi))));
      thetaGradients[k] = own.gradient;
      clipped ||= own.clipped;
    }
    expect(clipped).toBe(errorLimit < 1);
    for (const [k, { synapses, group, name }] of learner.net.layers.entries()) {
      const scale = Math.max(...Object.values(plain[k]!.parameters).flatMap((v) => [...v!.gradient].map(Math.abs)));
      expect(scale).toBeGreaterThan(1e-4);
      for (const [block, value] of Object.entries(plain[k]!.parameters)) {
        const found = plainBlock(synapses, group, block, "gradients");
        const gaps = found.map((own, i) => Math.abs(own * IMAGES - value!.gradient[i]!) / scale);
        expect(Math.max(...gaps), `${name} ${block}`).toBeLessThan(2e-5);
      }
    }
    // Theta's gradients show in AdamW's first moment, a tenth after a step from 0.
    learner.step({ labels, counter: 0 }, { perception: 1e-9, recall: 0 });
    for (const [k, gradient] of thetaGradients.entries()) {
      const found = read(learner, `optimiser.first.feedback.stage${k + 2}.weight`).map((value) => 10 * value * IMAGES);
      expect(relativeGap(found, gradient), `Theta of stage ${k + 2}`).toBeLessThan(2e-5);
    }
  });

  test("with Theta = W it is backprop", () => {
    const options = { ...smallOptions(small), activation: "tanh" } as const;
    const dll = new ImageDll(
      annImageNet(team, options, "dll"),
      { ...imageDllDefaults, errorLimit: Number.POSITIVE_INFINITY },
      PLAIN_OPTIMISER,
    );
    const backprop = new ImageAnnBackprop(annImageNet(team, options, "backprop-ann"), PLAIN_OPTIMISER);
    const slots = new Map([...dll.slots(true)].map((slot) => [slot.name, slot]));
    for (const [k] of dll.net.hidden.entries())
      slots.get(`feedback.stage${k + 2}.weight`)!.write(slots.get(`perception.stage${k + 3}.weight`)!.read());
    const reports = [dll, backprop].map((learner) => {
      const labels = loadImages(learner, IMAGES);
      return learner.step({ labels, counter: 0 }, NO_RATES);
    });
    expect(reports[0]).toEqual(reports[1]);
    for (const [k, { group, name }] of dll.net.layers.entries())
      expect(relativeGap(group.gradients.view, backprop.net.layers[k]!.group.gradients.view), name).toBeLessThan(1e-6);
  });
});

test("Theta moves at its own rate, the first step of AdamW being the rate itself", () => {
  const small: Small = { kind: "mlp", hidden: [6] };
  const image = annImageNet(team, smallOptions(small), "dll");
  const learner = new ImageDll(image, { ...imageDllDefaults, feedbackLearningRate: 0.25 }, PLAIN_OPTIMISER);
  const labels = loadImages(learner, IMAGES);
  const names = ["feedback.stage2.weight", "perception.stage3.weight"];
  const before = names.map((name) => read(learner, name));
  learner.step({ labels, counter: 0 }, { perception: 0.04, recall: 9 });
  const moved = names.map((name, i) => read(learner, name).map((value, j) => Math.abs(value - before[i]![j]!)));
  for (const step of moved[0]!) expect(step).toBeCloseTo(0.01, 4);
  for (const step of moved[1]!) expect(step).toBeCloseTo(0.04, 4);
});
