/** Which variants of its images a training shows, in place of the images themselves. */
import { BispikeError } from "../../errors.ts";
import { describeShape, type ImageShape } from "../dataset.ts";

/** What may happen to an image before a net learns from it; the configuration's section `data.augment`. It is turned first, then mirrored, then moved, and erased last. */
export interface AugmentOptions {
  /** Whole pixels the image is moved by at most, along each axis, each way as likely as any; what comes in is black as the frame's margin is. 0 to 64, default 0. */
  readonly shift: number;
  /** Mirror left and right, with probability 1/2. Default false. */
  readonly flip: boolean;
  /** Degrees the image is turned by at most, either way, about its centre, between pixels by bilinear interpolation. 0 to 180, default 0. */
  readonly rotate: number;
  /**
   * Side, in pixels, of a square that is set to each channel's mean over the training images (cutout: DeVries and Taylor 2017): its centre is any pixel of the image, and what of it
   * lies beyond the image's edges is cut off. At most the image's shorter side, default 0.
   */
  readonly erase: number;
}

/** Nothing is done to an image. */
export const augmentDefaults = { shift: 0, flip: false, rotate: 0, erase: 0 } as const satisfies AugmentOptions;

/** Largest values, whatever the images. */
export const AUGMENT_LIMITS = { shift: 64, rotate: 180, erase: 65535 } as const;

/** Whether any of it is on. */
export function augments({ shift, flip, rotate, erase }: AugmentOptions): boolean {
  return shift > 0 || flip || rotate > 0 || erase > 0;
}

/** @throws BispikeError "config" for options out of range, or beyond the images: moved out of sight, or erased by more than an image */
export function checkAugment(options: AugmentOptions, shape: ImageShape): void {
  const side = Math.min(shape.height, shape.width);
  const images = `for images of ${describeShape(shape)}`;
  const fail = (key: keyof AugmentOptions, expected: string) => {
    throw new BispikeError("config", `data.augment.${key}: expected ${expected}, got ${String(options[key])}`);
  };
  const { shift, flip, rotate, erase } = options;
  const farthest = Math.min(AUGMENT_LIMITS.shift, side - 1);
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= farthest))
    fail("shift", `whole pixels from 0 to ${farthest} ${images}`);
  if (typeof flip !== "boolean") fail("flip", "true or false");
  if (!(rotate >= 0 && rotate <= AUGMENT_LIMITS.rotate)) fail("rotate", `degrees from 0 to ${AUGMENT_LIMITS.rotate}`);
  if (!(Number.isInteger(erase) && erase >= 0 && erase <= side))
    fail("erase", `whole pixels from 0 to ${side} ${images}`);
}
