/**
 * How far a network's drawing is from the image it was shown, the loss at either end of an autoencoder:
 *
 *   L = weight / (K n) sum_k |y_k - x_k|^2,   dL/dy = 2 weight / (K n) (y - x),   K images of n values
 */
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";

export class Drawing {
  /** Gradient of the newest loss, rows like the drawings'. */
  readonly gradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #losses: Region<Float64Array>;
  readonly #width: number;
  readonly #stride: number;

  /** `width`: values of an image, whose rows lie `stride` floats apart. */
  constructor(team: Team, maxImages: number, width: number, stride: number) {
    this.#team = team;
    this.#width = width;
    this.#stride = stride;
    this.gradient = team.arena.f32(maxImages * stride);
    this.#losses = team.arena.f64(maxImages);
  }

  /** Weighted loss of `images` drawings at `y` against the images at `x`; fills `gradient`. */
  loss(y: Address, x: Address, images: number, weight: number): number {
    const factor = (2 * weight) / (images * this.#width);
    this.#team.run("squaredError", images, {
      width: this.#width,
      stride: this.#stride,
      factor,
      y,
      targets: x,
      losses: this.#losses.at,
      gradients: this.gradient.at,
    });
    let sum = 0;
    for (let k = 0; k < images; k++) sum += this.#losses.view[k]!;
    return (weight * sum) / images;
  }
}
