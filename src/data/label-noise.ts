/**
 * Wrong labels in training: a share of the images is taught as another class, each other class as likely as any. Which images and which classes follows from the seed, and
 * those of a smaller share are among those of a larger one, as the same wrong classes.
 */
import { permutation, RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";

/**
 * Labels as they are taught; those of images that are not trained on stay as they are.
 *
 * @param labels of all images
 * @param trained numbers of the images trained on
 * @param share of these that are taught as another class, 0 to 1: round(share x images) of them
 * @param classes at least 2
 * @param seed integer from 0 to 2^53 - 1
 * @returns the labels themselves for a share of 0, else new ones
 * @throws BispikeError "config" for a share out of range, "data" for fewer than 2 classes
 * @example
 * const taught = noisyLabels(dataset.train.labels, trainIndices, 0.2, dataset.classes, 1);
 */
export function noisyLabels(
  labels: Uint16Array,
  trained: Int32Array,
  share: number,
  classes: number,
  seed: number,
): Uint16Array {
  if (!(typeof share === "number" && share >= 0 && share <= 1))
    throw new BispikeError("config", `label noise: expected a share from 0 to 1, got ${share}`);
  if (share === 0) return labels;
  if (classes < 2) throw new BispikeError("data", `label noise: expected at least 2 classes, got ${classes}`);
  const stream = new RandomStream(seed, "label noise/classes");
  // Drawn for every image, wrong or not: so that the share decides which are used, and nothing else.
  const steps = Uint16Array.from(trained, () => 1 + stream.below(classes - 1));
  const order = permutation(seed, "label noise/images", 0, trained.length);
  const taught = labels.slice();
  for (const k of order.subarray(0, Math.round(share * trained.length))) {
    const image = trained[k]!;
    taught[image] = (labels[image]! + steps[k]!) % classes;
  }
  return taught;
}
