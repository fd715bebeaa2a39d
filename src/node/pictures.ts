/** Pictures as PNG files, and pictures someone brings as stimuli of a model. */
import { encode } from "fast-png";
import { describeShape, type ImageShape, imageBytes } from "../data/dataset.ts";
import { readBytes } from "../data/files.ts";
import { type DecodedImage, decodeImage, fitImage } from "../data/image.ts";
import { BispikeError } from "../errors.ts";
import type { Picture } from "../measure/picture-grid.ts";

/**
 * Encode a picture as PNG, 8 bits a channel. The same picture gives the same bytes.
 *
 * @throws BispikeError "shape" when the sides are not whole, the channels not 1 or 3, or the pixels do not fill the picture
 * @example
 * writeFileSync("grid.png", encodePng(pictureGrid([tiles])));
 */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, channels, pixels } = picture;
  const whole = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0;
  if (!whole) throw new BispikeError("shape", `png: expected whole sides of at least 1, got ${width} x ${height}`);
  if (channels !== 1 && channels !== 3)
    throw new BispikeError("shape", `png: expected 1 or 3 channels, got ${String(channels)}`);
  if (pixels.length !== width * height * channels)
    throw new BispikeError(
      "shape",
      `png: expected ${width * height * channels} values for ${width} x ${height} x ${channels}, got ${pixels.length}`,
    );
  return encode({ width, height, channels, depth: 8, data: pixels });
}

// Pictures someone brings, as stimuli of a model.

/** A picture in the shape of a model's images. */
export interface FittedPicture {
  /** height x width x channels bytes, channels last. */
  readonly pixels: Uint8Array;
  /** Mean of the picture's values, 0 (black) to 1 (white), without the margins. */
  readonly brightness: number;
  /** What had to be done to it, worded for a person; null when it already had the shape. */
  readonly change: string | null;
}

/** How a picture becomes a stimulus. */
export interface PictureOptions {
  /** Swap black and white first. Default false. */
  readonly invert?: boolean;
}

/**
 * Reads a PNG or JPEG of any size and fits it to `shape`. Its proportions are kept: what it does not fill is black.
 *
 * @throws BispikeError "data" when the file is missing, damaged, too large or no picture; "shape" when the shape has other than 1 or 3 channels
 * @example
 * const { pixels } = await readPicture("seven.png", model.data.shape);
 */
export async function readPicture(
  file: string,
  shape: ImageShape,
  options: PictureOptions = {},
): Promise<FittedPicture> {
  const decoded = decodeImage(await readBytes(file, undefined, "the picture's path"), file);
  const picture = options.invert ? { ...decoded, pixels: decoded.pixels.map((value) => 255 - value) } : decoded;
  const scale = Math.min(shape.height / picture.height, shape.width / picture.width);
  const side = (length: number, most: number) => Math.min(most, Math.max(1, Math.round(length * scale)));
  const inner = { ...shape, height: side(picture.height, shape.height), width: side(picture.width, shape.width) };
  const fitted = fitImage(picture, inner);
  const brightness = fitted.pixels.reduce((sum, value) => sum + value, 0) / (255 * fitted.pixels.length);
  return { pixels: centre(fitted, shape), brightness, change: describeChange(decoded, inner, shape) };
}

/** The picture in the middle of a black one of `shape`. */
function centre(picture: DecodedImage, shape: ImageShape): Uint8Array {
  const pixels = new Uint8Array(imageBytes(shape));
  const line = picture.width * shape.channels;
  const top = Math.floor((shape.height - picture.height) / 2);
  const left = Math.floor((shape.width - picture.width) / 2);
  for (let y = 0; y < picture.height; y++) {
    pixels.set(picture.pixels.subarray(y * line, (y + 1) * line), ((top + y) * shape.width + left) * shape.channels);
  }
  return pixels;
}

function describeChange(picture: DecodedImage, inner: ImageShape, shape: ImageShape): string | null {
  const centred = inner.height !== shape.height || inner.width !== shape.width;
  if (!centred && describeShape(picture) === describeShape(shape)) return null;
  const from = `${picture.width} x ${picture.height} pixels${picture.channels === 3 ? " in colour" : ""}`;
  const to = `${inner.width} x ${inner.height}${shape.channels === 1 && picture.channels === 3 ? " in grey" : ""}`;
  return `${from}, scaled to ${to}${centred ? ` and centred on black of ${shape.width} x ${shape.height} to keep its proportions` : ""}`;
}

/** How much nearer the inverted picture's brightness must be before a person is asked: photographs are often near the middle. */
const CLEARLY_NEARER = 0.3;

/**
 * What to tell a person whose picture looks like a negative of the training images, by mean brightness; null when it does not.
 *
 * @param means each channel's mean over the training images, 0..1
 * @param inverted whether the picture was inverted already
 * @example
 * inversionWarning("seven.png", picture, model.data.statistics.mean, false);
 */
export function inversionWarning(
  file: string,
  { brightness }: FittedPicture,
  means: readonly number[],
  inverted: boolean,
): string | null {
  const usual = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  if (Math.abs(brightness - usual) - Math.abs(1 - brightness - usual) <= CLEARLY_NEARER) return null;
  return (
    `${file}: looks like a negative of the training images (mean brightness ${brightness.toFixed(2)}, theirs ${usual.toFixed(2)}); ` +
    `try it ${inverted ? "without" : "with"} --invert`
  );
}
