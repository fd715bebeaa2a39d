/** Answers to `DrawApi`: what perception makes of a picture, and what recall draws of a concept or of one between two. */
import { type Dataset, imageBytes } from "../../../src/data/dataset.ts";
import { BispikeError } from "../../../src/errors.ts";
import { conceptSpikes, decideImages, type ImageModel, type Model, type NetworkPair } from "../../../src/index.ts";
import { checkImage } from "../../../src/measure/corruptions.ts";
import { drawnRows, recallScaling } from "../../../src/measure/recall.ts";
import { recallPresented } from "../../../src/nets/inference.ts";
import type { Population } from "../../../src/nets/population.ts";
import { type MixedTrain, type Mixture, mixedTrains, ROWS } from "./mixture.ts";
import type { Perceived, RecalledConcept, TestImage } from "./protocol-draw.ts";
import { firingRates, spikeRows } from "./spikes.ts";
import { undisturbed } from "./undisturbed.ts";

/**
 * Perceives a picture, and recalls the class it is decided to be.
 *
 * @param means mean training image of each class, as `classMeans` gives them
 * @throws BispikeError "shape" for a picture that is not of the data's size
 * @example
 * perceivePicture(experiment.model, means, pixels).decision;
 */
export function perceivePicture(model: ImageModel, means: Float32Array, pixels: Uint8Array): Perceived {
  checkImage("drawing", pixels, model.data.shape);
  if (!model.spiking) return { ...decided(model, pixels), perception: [], concept: null, recall: null };
  const { pair } = model;
  const seen = undisturbed(model, { rows: 1, recalls: 0 }, () => ({
    ...decided(model, pixels),
    perception: pair.perception.slice(0, -1).map((layer) => spikeRows(layer.output!, 0)),
    concept: { steps: pair.options.steps, neurons: pair.target.width, spikes: conceptSpikes(pair, 1) },
  }));
  const { decision } = seen;
  return { ...seen, recall: recallMixture(model, means, { a: decision, b: decision, share: 0 }) };
}

function decided(model: ImageModel, pixels: Uint8Array): Pick<Perceived, "decision" | "cosines" | "drives"> {
  model.load({ images: pixels, labels: Uint16Array.of(0), count: 1 }, Int32Array.of(0), 0, 1);
  model.perceive(1);
  const { class: decision, cosines, drives } = decideImages(model, 1)[0]!;
  return { decision, cosines: [...cosines], drives: [...drives] };
}

/**
 * What recall draws of a mixture of two classes (`mixture.ts`): the picture of the mean drawing, scaled between the two classes as each is by itself.
 *
 * @returns null where there is no recall network
 * @throws BispikeError "usage" for classes or a share that are none
 */
export function recallMixture(model: ImageModel, means: Float32Array, mixture: Mixture): RecalledConcept | null {
  if (!(model.spiking && model.pair.recalls)) return null;
  const { pair } = model;
  const trains = mixedTrains(pair.target, mixture);
  return undisturbed(model, { rows: 0, recalls: pair.maxRecalls }, () => {
    const { meanDrawn, meanImage, gains } = recallScaling(model, means);
    const gain = (1 - mixture.share) * gains[mixture.a]! + mixture.share * gains[mixture.b]!;
    const { drawn, stages, concept } = meanRecall(model, trains);
    const picture = Uint8Array.from(drawn, (value, i) => {
      const shown = meanImage[i]! + gain * (value - meanDrawn[i]!);
      return Math.round(255 * Math.min(1, Math.max(0, shown)));
    });
    return { picture, stages: stages.map(toBytes), concept: toBytes(concept) };
  });
}

/** Means over all recalls of a mixture: of what is drawn, and of firing rates. */
function meanRecall(model: Model, trains: readonly MixedTrain[]) {
  const { pair } = model;
  const hidden = Array.from(pair.hiddenStages(), ({ recall }) => recall.output!);
  const drawn = new Float64Array(imageBytes(model.data.shape));
  const stages = hidden.map(({ shape }) => new Float64Array(shape.height * shape.width * shape.channels));
  const concept = new Float64Array(pair.target.width);
  for (let from = 0; from < trains.length; from += pair.maxRecalls) {
    const some = trains.slice(from, from + pair.maxRecalls);
    present(pair, some);
    recallPresented(pair, some.length);
    addMean(drawn, drawnRows(model, some.length), some);
    for (const [k, population] of hidden.entries()) addMean(stages[k]!, firingRates(population, some.length), some);
    for (const { bits, count } of some) addMean(concept, bits, [{ count }]);
  }
  return { drawn, stages, concept };
}

function present({ concept }: NetworkPair, trains: readonly MixedTrain[]): void {
  concept.masks.view.fill(0);
  for (const [row, { bits }] of trains.entries()) setRow(concept, row, bits);
  concept.list(trains.length, false);
}

function setRow(concept: Population, row: number, bits: Uint8Array): void {
  for (const [neuron, bit] of bits.entries()) concept.set(row, 0, 0, neuron, bit === 1);
}

/** Adds rows, each as often as its train is sent, over `ROWS`. */
function addMean(sum: Float64Array, rows: ArrayLike<number>, trains: readonly Pick<MixedTrain, "count">[]): void {
  for (const [row, { count }] of trains.entries())
    for (let i = 0; i < sum.length; i++) sum[i]! += (count / ROWS) * rows[row * sum.length + i]!;
}

function toBytes(rates: Float64Array): Uint8Array {
  return Uint8Array.from(rates, (rate) => Math.round(255 * rate));
}

/**
 * An image of the test part.
 *
 * @throws BispikeError "usage" for a number that is none
 */
export function testImage({ test, shape }: Dataset, index: number): TestImage {
  if (!Number.isInteger(index) || index < 0 || index >= test.count)
    throw new BispikeError("usage", `test image: expected a number from 0 to ${test.count - 1}, got ${index}`);
  const size = imageBytes(shape);
  return { index, label: test.labels[index]!, image: test.images.slice(index * size, (index + 1) * size) };
}
