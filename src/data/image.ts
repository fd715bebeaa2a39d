/** Pictures a person brings along: decoded by what the bytes are, whatever the file is called. */

import { decode } from "jpeg-js";
import { BispikeError } from "../errors.ts";
import { checkPictureSize, type DecodedImage, MAX_PIXELS } from "./dataset.ts";
import { decodePng, isPng } from "./png.ts";

/**
 * JPEG pictures, baseline and progressive. jpeg-js does the decoding; this file first walks the segments, so that a
 * hostile file is refused before it costs memory or time. Turning by the camera's orientation mark is not done.
 */

const MAX_SCANS = 100;
const MAX_MEGABYTES = 1024;
const START = 0xd8;
const END = 0xd9;
const SCAN = 0xda;
const BASELINE = 0xc0;
const EXTENDED = 0xc1;
const PROGRESSIVE = 0xc2;

interface Frame {
  readonly height: number;
  readonly width: number;
  readonly components: number;
}

/** Whether the bytes begin as a JPEG file does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === START && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG of one (grey), three or four colour components.
 *
 * @param file the file's name, for messages
 * @throws BispikeError "data" for a damaged file, a lossless or arithmetic-coded one, or one above 64 megapixels
 */
export function decodeJpeg(bytes: Uint8Array, file: string): DecodedImage {
  const { height, width, components } = walkSegments(bytes, file);
  let decoded: { readonly data: Uint8Array };
  try {
    decoded = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      maxResolutionInMP: MAX_PIXELS / 1e6,
      maxMemoryUsageInMB: MAX_MEGABYTES,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BispikeError("data", `${file}: the JPEG is damaged or not supported (${reason})`, { cause });
  }
  if (components > 1) return { height, width, channels: 3, pixels: decoded.data };
  const pixels = new Uint8Array(height * width);
  for (let at = 0; at < pixels.length; at++) pixels[at] = decoded.data[3 * at] as number;
  return { height, width, channels: 1, pixels };
}

/** The one frame of the file; refuses whatever the decoder might trip over. */
function walkSegments(bytes: Uint8Array, file: string): Frame {
  const fail = (message: string): never => {
    throw new BispikeError("data", `${file}: ${message}`);
  };
  if (!isJpeg(bytes)) fail("expected a JPEG file's start");
  let frame: Frame | undefined;
  let scans = 0;
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++; // fill bytes
    if (at + 2 > bytes.length) fail("expected the end mark FF D9, found the end of the file (file is truncated)");
    if (bytes[at] !== 0xff) fail(`byte ${at}: expected a marker, found ${bytes[at]} (file is damaged)`);
    const marker = bytes[at + 1] as number;
    if (marker === END) break;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const next = at + 2 + length;
    if (length < 2 || next > bytes.length) fail(`segment at byte ${at}: its length ${length} leaves the file`);
    if (isFrame(marker)) {
      if (frame !== undefined) fail("expected one frame, found two");
      frame = readFrame(bytes, at, length, marker, file);
    }
    if (marker === SCAN) {
      if (frame === undefined) fail("expected a frame before the first scan");
      if (++scans > MAX_SCANS) fail(`expected at most ${MAX_SCANS} scans`);
    }
    at = marker === SCAN ? skipCoded(bytes, next) : next;
  }
  if (frame === undefined || scans === 0) return fail("expected a frame and a scan, found none");
  return frame;
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(bytes: Uint8Array, at: number, length: number, marker: number, file: string): Frame {
  const byte = (offset: number): number => bytes[at + 4 + offset] ?? 0;
  if (marker !== BASELINE && marker !== EXTENDED && marker !== PROGRESSIVE) {
    throw new BispikeError("data", `${file}: lossless, hierarchical and arithmetic-coded JPEGs are not supported`);
  }
  const height = (byte(1) << 8) | byte(2);
  const width = (byte(3) << 8) | byte(4);
  const components = byte(5);
  checkPictureSize(height, width, file);
  if (byte(0) !== 8 || ![1, 3, 4].includes(components) || length !== 8 + 3 * components) {
    throw new BispikeError("data", `${file}: expected 8 bits and 1, 3 or 4 colour components, found ${components}`);
  }
  for (let component = 0; component < components; component++) {
    const factors = byte(7 + 3 * component);
    const across = factors >>> 4;
    const down = factors & 15;
    if (across < 1 || across > 4 || down < 1 || down > 4) {
      throw new BispikeError("data", `${file}: sampling factors: expected 1 to 4, found ${across} x ${down}`);
    }
  }
  // A block of 8 x 8 pixels takes at least one bit: fewer means a large picture was only promised.
  if (Math.ceil(height / 8) * Math.ceil(width / 8) > 8 * bytes.length) {
    throw new BispikeError(
      "data",
      `${file}: ${bytes.length} bytes cannot hold ${width} x ${height} pixels (file is truncated)`,
    );
  }
  return { height, width, components };
}

/** Past a scan's coded data: to the next marker that is neither a stuffed zero nor a restart. */
function skipCoded(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const next = bytes[at + 1] ?? 0;
    if (bytes[at] === 0xff && next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
    at++;
  }
  return at;
}

export type { DecodedImage } from "./dataset.ts";
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
