/** Rules on non-spiking nets of images against the tests' own autodiff: backprop of the loss, predictive coding of its energy, counter-current learning and BSD of their stages' losses. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { Activation } from "../../src/nets/spec.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { type AnnImageLearner, annImageNet } from "../../src/rules/ann-images.ts";
import { AnnBsd } from "../../src/rules/bsd-ann.ts";
import { CounterCurrent } from "../../src/rules/ccl.ts";
import type { MirroredNets } from "../../src/rules/mirrored-nets.ts";
import * as ad from "../support/autodiff.ts";
import {
  CASES,
  CLASSES,
  gradientOf,
  imagesOf,
  loadImages,
  PLAIN_OPTIMISER,
  type PlainLayer,
  plainLayer,
  plainNet,
  smallOptions,
  smallRule,
} from "../support/image-rules.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

const IMAGES = 9;
const NO_RATES = { perception: 0, recall: 0 };

/** Rounding of float32 sums, relative to a layer's largest gradient. */
const ALLOWED = 2e-5;
/** The same after inference: an error is the small difference, of some hundredths, of a value and its prediction, both known to 1e-6, of which a norm with few rows leaves a part. */
const SETTLED = 3e-4;

/** Every gradient of the net within `allowed` of the tape's, relative to the layer's largest. */
function expectGradients(
  layers: AnnImageLearner["net"]["layers"],
  plain: readonly PlainLayer[],
  factor: number,
  allowed: (k: number) => number = () => ALLOWED,
): void {
  for (const [k, layer] of layers.entries()) {
    const blocks = Object.entries(plain[k]!.parameters);
    const scale = Math.max(...blocks.flatMap(([, value]) => [...value!.gradient].map(Math.abs)));
    expect(scale, `${layer.name} has a gradient`).toBeGreaterThan(1e-6);
    for (const [block, value] of blocks) {
      const found = gradientOf(layer, block);
      const off = found.map((own, i) => Math.abs(own - factor * value!.gradient[i]!) / (factor * scale));
      expect(Math.max(...off), `${layer.name} ${block}`).toBeLessThan(allowed(k));
    }
  }
}

/** The read-out of a forward pass. */
function forwarded(plain: readonly PlainLayer[], x: ad.Value): ad.Value {
  return plain.reduce((value, layer) => layer.units(layer.drive(value, IMAGES)), x);
}

describe.each(CASES)("$name", (small) => {
  test.each(["relu", "tanh", "elu"] as const)("backprop: gradients of the cross-entropy, %s", (activation) => {
    const learner = smallRule(team, "backprop-ann", { ...small, activation });
    const labels = loadImages(learner, IMAGES);
    const plain = plainNet(learner, activation);
    const loss = ad.crossEntropy(forwarded(plain, imagesOf(learner, IMAGES)), labels);
    ad.backward(loss);
    const report = learner.step({ labels, counter: 0 }, NO_RATES);
    expect(report.loss).toBeCloseTo(loss.values[0]! / IMAGES, 5);
    expectGradients(learner.net.layers, plain, 1 / IMAGES);
  });

  test.each(["tanh", "elu"] as const)(
    "predictive coding: values by the energy's gradient, weights at the end, %s",
    (activation) => {
      const learner = smallRule(team, "predictive-coding", { ...small, activation }, PLAIN_OPTIMISER, 9);
      const labels = loadImages(learner, IMAGES);
      const plain = plainNet(learner, activation);
      const stimulus = imagesOf(learner, IMAGES);
      const values: Float64Array[] = [];
      let value = stimulus;
      for (const layer of plain.slice(0, -1)) {
        value = layer.units(layer.drive(value, IMAGES));
        values.push(Float64Array.from(value.values));
      }
      const energyAt = () => {
        const x = values.map((own) => ad.variable(own));
        let energy = ad.crossEntropy(plain.at(-1)!.drive(x.at(-1)!, IMAGES), labels);
        for (const [k, layer] of plain.slice(0, -1).entries()) {
          const gap = ad.subtract(x[k]!, layer.units(layer.drive(k === 0 ? stimulus : x[k - 1]!, IMAGES)));
          energy = ad.add(energy, ad.affine(ad.sum(ad.multiply(gap, gap)), 0.5));
        }
        ad.backward(energy);
        return { energy: energy.values[0]!, x };
      };
      const first = energyAt().energy;
      for (let step = 0; step < 9; step++) {
        for (const [k, { gradient }] of energyAt().x.entries())
          values[k] = values[k]!.map((own, i) => own - 0.1 * gradient[i]!);
      }
      expect(energyAt().energy).toBeLessThan(first);
      const report = learner.step({ labels, counter: 0 }, NO_RATES);
      // Values start where they are predicted: the energy is the top loss, which is what is reported.
      expect(report.loss).toBeCloseTo(first / IMAGES, 5);
      expectGradients(learner.net.layers, plain, 1 / IMAGES, (k) => (k < values.length ? SETTLED : ALLOWED));
    },
  );

  test.each(["dots", "cosines"] as const)("counter-current: every stage's own loss, by %s", (affinity) => {
    const weight = affinity === "dots" ? 128 : 3;
    const own = { affinity, weight };
    const learner = new CounterCurrent(annImageNet(team, smallOptions(small), "ccl"), own, PLAIN_OPTIMISER);
    expectStages(learner, "elu", (rows, c, labels) => matchLoss(rows, c, labels, affinity, weight));
  });

  test.each([
    { loss: "infonce", affinity: "cosines", centred: true },
    { loss: "infonce", affinity: "cosines", centred: false },
    { loss: "infonce", affinity: "dots", centred: true },
    { loss: "infonce", affinity: "dots", centred: false },
    { loss: "infonce", affinity: "dots", centred: true, margin: 2.5 },
    { loss: "infonce", affinity: "cosines", centred: true, margin: 2.5 },
    { loss: "reco", affinity: "cosines", centred: true },
    { loss: "mse", affinity: "cosines", centred: true },
  ] as const)("bsd-ann: every stage's own loss, %j", (options) => {
    const { centred, affinity } = options;
    const own = { ...options, temperature: 0.2, lambda: 1.5, weight: 2, stimulusWeight: 3 };
    // Stage 1 stays with cosines, and has no margin.
    const drawn = { ...own, margin: 0, ...(affinity === "dots" && { affinity: "cosines" as const, temperature: 0.1 }) };
    const image = annImageNet(team, smallOptions({ ...small, activation: "elu" }), "bsd-ann");
    const learner = new AnnBsd(image, own, PLAIN_OPTIMISER);
    expectStages(learner, "elu", (rows, c, labels, stage) => {
      const [v, w] = centred ? [centredRows(rows, IMAGES), centredRows(c, CLASSES)] : [rows, c];
      return stage === 0
        ? ad.affine(alignmentLoss(v, w, labels, drawn), 3)
        : ad.affine(alignmentLoss(v, w, labels, own), 2);
    });
  });

  test("bsd-ann: networks that are frozen stay as they are drawn", () => {
    for (const freeze of ["perception", "recall", "both"] as const) {
      const image = annImageNet(team, smallOptions(small), "bsd-ann");
      const own = {
        loss: "infonce",
        centred: true,
        temperature: 0.1,
        lambda: 1,
        weight: 1,
        stimulusWeight: 1,
      } as const;
      const learner = new AnnBsd(image, { ...own, freeze }, PLAIN_OPTIMISER);
      const labels = loadImages(learner, IMAGES);
      const groups = [...learner.net.layers, ...learner.feedback.layers].map(({ name, group }) => ({ name, group }));
      const before = groups.map(({ group }) => group.parameters.view.slice());
      learner.step({ labels, counter: 0 }, { perception: 0.01, recall: 0.01 });
      const moved = groups.filter(({ group }, k) => String(group.parameters.view) !== String(before[k]));
      const free = groups.filter(({ name }) =>
        name.startsWith("feedback")
          ? freeze === "perception"
          : freeze === "recall" || name === learner.net.readout.name,
      );
      expect(
        moved.map(({ name }) => name),
        freeze,
      ).toEqual(free.map(({ name }) => name));
    }
  });
});

/** A step of two nets that teach each other, held to the tape's: every stage's loss and all gradients of both. */
function expectStages(
  learner: MirroredNets,
  activation: Activation,
  lossOf: (a: ad.Value, c: ad.Value, labels: Uint16Array, stage: number) => ad.Value,
): void {
  const labels = loadImages(learner, IMAGES);
  const plain = plainNet(learner, activation);
  const { feedback } = learner;
  const down = feedback.layers.map((layer, k) => {
    const below = k === 0 ? feedback.hidden[0]?.synapses.source.shape : feedback.hidden[k - 1]!.shape;
    return plainLayer(layer, layer === feedback.readout ? "none" : activation, below);
  });
  // Inputs are constants to a stage.
  const c: ad.Value[] = [];
  let code = ad.variable(Float64Array.from({ length: CLASSES ** 2 }, (_, i) => (i % (CLASSES + 1) === 0 ? 1 : 0)));
  for (const layer of down) {
    c.unshift(layer.units(layer.drive(ad.detach(code), CLASSES)));
    code = c[0]!;
  }
  const a: ad.Value[] = [imagesOf(learner, IMAGES)];
  for (const layer of plain.slice(0, -1)) a.push(layer.units(layer.drive(ad.detach(a.at(-1)!), IMAGES)));
  const losses = a.map((rows, stage) => lossOf(rows, c[stage]!, labels, stage));
  const top = ad.affine(ad.crossEntropy(plain.at(-1)!.drive(ad.detach(a.at(-1)!), IMAGES), labels), 1 / IMAGES);
  ad.backward(losses.reduce((sum, loss) => ad.add(sum, loss), top));

  const report = learner.step({ labels, counter: 0 }, NO_RATES);
  for (const [stage, loss] of [...losses, top].entries()) {
    expect(Math.abs(report.stageLosses[stage]! / loss.values[0]! - 1), `loss of stage ${stage + 1}`).toBeLessThan(1e-5);
  }
  expectGradients(learner.net.layers, plain, 1);
  expectGradients(feedback.layers, down, 1);
}

/** Rows less their mean, which is a constant. */
function centredRows(x: ad.Value, rows: number): ad.Value {
  const width = x.values.length / rows;
  const mean = ad.affine(
    ad.gatherSums(x, width, (i) => i % width),
    1 / rows,
  );
  const spread = ad.gather(mean, x.values.length, (i) => i % width);
  return ad.subtract(x, ad.detach(spread));
}

/** What `alignmentLoss` is told. */
interface AlignmentTold {
  readonly loss: "infonce" | "reco" | "mse";
  readonly affinity: "cosines" | "dots";
  readonly temperature: number;
  readonly margin?: number;
  readonly lambda: number;
}

/** BSD's losses of rows v (an image each) and w (a class each), prototypes. */
function alignmentLoss(
  v: ad.Value,
  w: ad.Value,
  labels: Uint16Array,
  { loss, affinity, temperature, margin = 0, lambda }: AlignmentTold,
): ad.Value {
  const size = v.values.length / IMAGES;
  const rivals = Float64Array.from({ length: IMAGES * CLASSES }, (_, i) =>
    labels[Math.floor(i / CLASSES)] === i % CLASSES ? 0 : margin,
  );
  if (loss === "mse") {
    const gap = ad.subtract(
      v,
      ad.gather(w, v.values.length, (i) => labels[Math.floor(i / size)]! * size + (i % size)),
    );
    return ad.affine(ad.sum(ad.multiply(gap, gap)), 1 / IMAGES / size);
  }
  if (affinity === "dots") {
    const logits = ad.affine(ad.products(v, w, size), 1 / size / temperature);
    return ad.affine(ad.crossEntropy(ad.add(logits, ad.variable(rivals)), labels), 1 / IMAGES);
  }
  const cosines = cosinesOf(v, w);
  if (loss === "infonce") {
    const logits = ad.add(ad.affine(cosines, 1 / temperature), ad.variable(rivals));
    return ad.affine(ad.crossEntropy(logits, labels), 1 / IMAGES);
  }
  const own = (i: number) => labels[Math.floor(i / CLASSES)] === i % CLASSES;
  const rest = ad.add(
    ad.gated(ad.affine(cosines, -1, 1), own),
    ad.gated(cosines, (i) => !own(i) && cosines.values[i]! > 0),
  );
  const weights = ad.variable(Float64Array.from(cosines.values, (_, i) => (own(i) ? 1 : lambda)));
  return ad.affine(ad.sum(ad.multiply(weights, ad.multiply(rest, rest))), 1 / IMAGES);
}

/** cos(a_k, c_j), [image][class]. */
function cosinesOf(a: ad.Value, c: ad.Value): ad.Value {
  const size = a.values.length / IMAGES;
  const inverse = (v: ad.Value, rows: number, index: (i: number) => number) =>
    ad.gather(
      ad.inverseRoot(ad.gatherSums(ad.multiply(v, v), rows, (i) => Math.floor(i / size))),
      IMAGES * CLASSES,
      index,
    );
  const ofImages = inverse(a, IMAGES, (i) => Math.floor(i / CLASSES));
  const ofClasses = inverse(c, CLASSES, (i) => i % CLASSES);
  return ad.multiply(ad.multiply(ad.products(a, c, size), ofImages), ofClasses);
}

/** weight times the mean squared difference of affinities [image][class] and the label match. */
function matchLoss(
  a: ad.Value,
  c: ad.Value,
  labels: Uint16Array,
  affinity: "dots" | "cosines",
  weight: number,
): ad.Value {
  const size = a.values.length / IMAGES;
  const length = IMAGES * CLASSES;
  const match = affinity === "cosines" ? cosinesOf(a, c) : ad.products(a, c, size);
  const wanted = Float64Array.from({ length }, (_, i) => (labels[Math.floor(i / CLASSES)] === i % CLASSES ? 1 : 0));
  const gap = ad.subtract(match, ad.variable(wanted));
  return ad.affine(ad.sum(ad.multiply(gap, gap)), weight / length / (affinity === "dots" ? size : 1));
}
