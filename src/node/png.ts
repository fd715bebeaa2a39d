/** Writes pictures as PNG files' bytes. */

import { encode } from "fast-png";
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
