/**
 * A hidden stage's own linear classifier, on rows of its features f (firing rates):
 *
 *   y = V f + c,   loss = mean over images of -ln softmax(y)[label],   dL/df = V^T (softmax(y) - one-hot) / images
 *
 * Blocks of its parameters: weight V [classes][units], bias c [classes].
 */
import { padded } from "../../engine/kernels.ts";
import { multiply } from "../../engine/matrix.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { DenseParameters } from "../../network/real/dense-parameters.ts";
import type { Slot } from "../../network/slots.ts";

export interface ClassifierSizes {
  readonly classes: number;
  /** Floats a feature row; of columns that no unit fills, whose features are 0, the weights have no effect. */
  readonly width: number;
  /** Units that features come from: weights start uniform within 1 / sqrt(units). */
  readonly units: number;
  readonly maxImages: number;
}

export class StageClassifier {
  readonly parameters: DenseParameters;
  /** dL/df of the newest `learn`, rows [image][width]. */
  readonly gradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #sizes: ClassifierSizes;
  /** Floats a row of logits and errors. */
  readonly #stride: number;
  readonly #logits: Region<Float32Array>;
  readonly #errors: Region<Float32Array>;
  readonly #losses: Region<Float64Array>;
  readonly #labels: Region<Uint16Array>;

  constructor(team: Team, name: string, sizes: ClassifierSizes, seed: number) {
    const { classes, width, units, maxImages } = sizes;
    const { arena } = team;
    this.#team = team;
    this.#sizes = sizes;
    this.#stride = padded(classes);
    this.parameters = new DenseParameters(team, name, { weight: [classes, width], bias: [classes] });
    this.parameters.initialise(seed, { weight: units, bias: units });
    this.gradient = arena.f32(maxImages * width);
    this.#logits = arena.f32(maxImages * this.#stride);
    this.#errors = arena.f32(maxImages * this.#stride);
    this.#losses = arena.f64(maxImages);
    this.#labels = arena.u16(maxImages);
  }

  /** Loss of feature rows at an address; fills the gradients of the parameters and of the features. */
  learn(features: Address, labels: Uint16Array): number {
    const { parameters } = this;
    const { classes, width } = this.#sizes;
    const team = this.#team;
    const images = labels.length;
    const rows = { at: features, stride: width };
    const logits = { at: this.#logits.at, stride: this.#stride };
    const errors = { at: this.#errors.at, stride: this.#stride };
    const weight = parameters.matrix("weight");
    this.#labels.view.set(labels);
    const forward = { rows: images, columns: classes, depth: width, a: rows, b: weight, c: logits };
    multiply(team, { ...forward, base: parameters.matrix("bias").at });
    const places = [this.#logits.at, this.#labels.at, this.#losses.at, this.#errors.at];
    team.run("softmaxCrossEntropy", images, classes, this.#stride, 1 / images, ...places);
    const down = { at: this.gradient.at, stride: width };
    multiply(team, { rows: images, columns: width, depth: classes, a: errors, b: weight, c: down, transposed: "b" });
    const own = { a: rows, b: errors, c: parameters.gradient("weight") };
    multiply(team, { rows: width, columns: classes, depth: images, ...own, transposed: "a" });
    const bias = parameters.gradient("bias").at;
    team.run("sumRows", this.#stride / 16, images, this.#stride, 1, this.#errors.at, bias);
    let sum = 0;
    for (let k = 0; k < images; k++) sum += this.#losses.view[k]!;
    return sum / images;
  }

  /** Parameters and AdamW's moments as named tensors. */
  *slots(): Generator<Slot> {
    const { parameters } = this;
    const { group } = parameters;
    const kinds = [
      ["", group.parameters],
      ["optimiser.first.", group.firstMoment],
      ["optimiser.second.", group.secondMoment],
    ] as const;
    for (const [prefix, region] of kinds) {
      for (const [block, shape] of Object.entries(parameters.shapes)) {
        yield {
          name: `${prefix}${group.name}.${block}`,
          shape,
          read: () => parameters.read(block, region),
          write: (values) => parameters.write(block, values, region),
        };
      }
    }
  }
}
