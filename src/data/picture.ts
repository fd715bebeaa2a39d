/** A decoded picture and the limit every decoder holds to. */
import { BispikeError } from "../errors.ts";

/** `pixels`: `height` x `width` x `channels` bytes, channels last; one channel is grey, three are red, green, blue. */
export interface DecodedImage {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** Largest picture that is decoded: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;

/**
 * Refuses a picture by the size its header names, before anything is allocated for it.
 *
 * @throws BispikeError "data" for an empty picture or one above `MAX_PIXELS`
 */
export function checkPictureSize(height: number, width: number, file: string): void {
  if (height < 1 || width < 1 || height * width > MAX_PIXELS) {
    throw new BispikeError(
      "data",
      `${file}: expected a picture of 1 to ${MAX_PIXELS / 1e6} megapixels, found ${width} x ${height} pixels`,
    );
  }
}
