/** Pictures a person brings along: decoded by what the bytes are, whatever the file is called. */
import { BispikeError } from "../errors.ts";
import { decodeJpeg, isJpeg } from "./jpeg.ts";
import type { DecodedImage } from "./picture.ts";
import { decodePng, isPng } from "./png.ts";

export type { DecodedImage } from "./picture.ts";
export { convertChannels, fitImage, resize } from "./resize.ts";

/**
 * Decodes a PNG or JPEG picture to bytes: grey stays one channel, everything else becomes red, green, blue. Alpha is
 * laid on black and 16 bits become 8.
 *
 * @param file the file's name, for messages
 * @throws BispikeError "data" for another format, a damaged file, or more than 64 megapixels
 * @example
 * const stimulus = fitImage(decodeImage(bytes, "seven.png"), dataset.shape);
 */
export function decodeImage(bytes: Uint8Array, file: string): DecodedImage {
  if (isPng(bytes)) return decodePng(bytes, file);
  if (isJpeg(bytes)) return decodeJpeg(bytes, file);
  throw new BispikeError("data", `${file}: expected a PNG or JPEG picture, found neither's first bytes`);
}
