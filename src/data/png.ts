/**
 * PNG pictures. fast-png does the decoding; this file first walks the chunks, so that a hostile file is refused before
 * it costs memory, and hands on only the chunks that make pixels (text and colour profiles may be compressed bombs).
 */
import { type DecodedPng, decode } from "fast-png";
import { BispikeError } from "../errors.ts";
import { checkPictureSize, type DecodedImage } from "./dataset.ts";
import { inflatedLength } from "./inflate.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const GREY = 0;
const COLOUR = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
/** Samples a pixel by colour type: grey, colour, palette index, grey + alpha, colour + alpha. */
const SAMPLES: ReadonlyMap<number, number> = new Map([
  [GREY, 1],
  [COLOUR, 3],
  [PALETTE, 1],
  [GREY_ALPHA, 2],
  [6, 4],
]);
/** First column and row, column and row step of Adam7's passes. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const ONCE = new Set(["IHDR", "PLTE", "tRNS"]);

interface Header {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

/** Whether the bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/**
 * Decodes a PNG: grey or colour, palette, 1 to 16 bits a sample, with or without alpha. Transparency is laid on black,
 * 16 bits become 8. Interlaced files of less than 8 bits a sample are refused.
 *
 * @param file the file's name, for messages
 * @throws BispikeError "data" for a damaged file or a picture above 64 megapixels
 */
export function decodePng(bytes: Uint8Array, file: string): DecodedImage {
  const { header, stripped, compressed } = walkChunks(bytes, file);
  const expected = rawLength(header);
  const found = inflatedLength(compressed, expected, `${file}: pixels`);
  if (found !== expected) {
    throw new BispikeError("data", `${file}: expected ${expected} bytes of pixels, found ${found} (file is truncated)`);
  }
  let png: DecodedPng;
  try {
    png = decode(stripped, { checkCrc: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BispikeError("data", `${file}: the PNG is damaged (${reason})`, { cause });
  }
  return header.colourType === PALETTE ? fromPalette(png, file) : fromSamples(png, header.colourType);
}

/** Header, the file without the chunks that make no pixels, and the compressed pixels in one piece. */
function walkChunks(bytes: Uint8Array, file: string): { header: Header; stripped: Uint8Array; compressed: Uint8Array } {
  const fail = (message: string): never => {
    throw new BispikeError("data", `${file}: ${message}`);
  };
  if (!isPng(bytes)) fail("expected a PNG file's signature");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kept: Uint8Array[] = [bytes.subarray(0, SIGNATURE.length)];
  const data: Uint8Array[] = [];
  const seen = new Set<string>();
  let header: Header | undefined;
  let transparency: number | undefined;
  let at: number = SIGNATURE.length;
  for (let ended = false; !ended; ) {
    if (bytes.length - at < 12) fail(`expected a chunk at byte ${at}, found the end of the file (file is truncated)`);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const next = at + 12 + length;
    if (next > bytes.length) fail(`chunk at byte ${at}: expected ${length} bytes (file is truncated)`);
    if (header === undefined && type !== "IHDR") fail("expected the chunk IHDR first");
    if (ONCE.has(type) && seen.has(type)) fail(`chunk ${type} is there twice`);
    seen.add(type);
    if (type === "IHDR") header = readHeader(view, at + 8, length, file);
    if (type === "tRNS") transparency = length;
    if (type === "IDAT") data.push(bytes.subarray(at + 8, at + 8 + length));
    ended = type === "IEND";
    if (ended || type === "IDAT" || ONCE.has(type)) kept.push(bytes.subarray(at, next));
    at = next;
  }
  if (header === undefined || data.length === 0) return fail("expected pixels (a chunk IDAT), found none");
  // A single transparent value: two bytes a channel. (A palette's may be shorter than the palette.)
  const transparent = header.colourType === GREY ? 2 : header.colourType === COLOUR ? 6 : undefined;
  if (transparent !== undefined && transparency !== undefined && transparency !== transparent) {
    fail(`chunk tRNS: expected ${transparent} bytes, found ${transparency}`);
  }
  if (header.colourType === PALETTE && !seen.has("PLTE")) fail("expected a palette (a chunk PLTE), found none");
  return { header, stripped: concatenate(kept), compressed: concatenate(data) };
}

function readHeader(view: DataView, at: number, length: number, file: string): Header {
  if (length !== 13) throw new BispikeError("data", `${file}: chunk IHDR: expected 13 bytes, found ${length}`);
  const width = view.getUint32(at);
  const height = view.getUint32(at + 4);
  const depth = view.getUint8(at + 8);
  const colourType = view.getUint8(at + 9);
  const interlace = view.getUint8(at + 12);
  checkPictureSize(height, width, file);
  const depths = colourType === GREY ? [1, 2, 4, 8, 16] : colourType === PALETTE ? [1, 2, 4, 8] : [8, 16];
  if (!SAMPLES.has(colourType) || !depths.includes(depth) || interlace > 1) {
    throw new BispikeError(
      "data",
      `${file}: colour type ${colourType} with ${depth} bits and interlace ${interlace} is no PNG`,
    );
  }
  if (interlace === 1 && depth < 8) {
    throw new BispikeError(
      "data",
      `${file}: interlaced PNGs of ${depth} bits are not supported; save it without interlacing`,
    );
  }
  return { height, width, depth, colourType, interlaced: interlace === 1 };
}

/** Bytes of the decompressed pixels, each line behind its filter byte. */
function rawLength({ height, width, depth, colourType, interlaced }: Header): number {
  const bits = depth * (SAMPLES.get(colourType) as number);
  const passes = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  let total = 0;
  for (const [left, top, stepX, stepY] of passes) {
    const columns = Math.max(0, Math.ceil((width - left) / stepX));
    const rows = Math.max(0, Math.ceil((height - top) / stepY));
    if (columns > 0) total += rows * (1 + Math.ceil((columns * bits) / 8));
  }
  return total;
}

function fromPalette(png: DecodedPng, file: string): DecodedImage {
  const { height, width } = png;
  const palette = png.palette ?? [];
  const pixels = new Uint8Array(height * width * 3);
  const indices = samplesOf(png);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const colour = palette[indices[pixel] as number];
    if (colour === undefined) {
      throw new BispikeError(
        "data",
        `${file}: palette index: expected below ${palette.length}, found ${indices[pixel]}`,
      );
    }
    const [red = 0, green = 0, blue = 0, alpha = 255] = colour;
    pixels[3 * pixel] = Math.round((red * alpha) / 255);
    pixels[3 * pixel + 1] = Math.round((green * alpha) / 255);
    pixels[3 * pixel + 2] = Math.round((blue * alpha) / 255);
  }
  return { height, width, channels: 3, pixels };
}

function fromSamples(png: DecodedPng, colourType: number): DecodedImage {
  const { height, width, transparency } = png;
  const channels = colourType === GREY || colourType === GREY_ALPHA ? 1 : 3;
  const perPixel = png.channels;
  const largest = 2 ** png.depth - 1;
  const pixels = new Uint8Array(height * width * channels);
  const values = samplesOf(png);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const start = pixel * perPixel;
    let alpha = perPixel > channels ? (values[start + channels] as number) / largest : 1;
    if (transparency?.every((value, channel) => values[start + channel] === value)) alpha = 0;
    for (let channel = 0; channel < channels; channel++) {
      const value = values[start + channel] as number;
      pixels[pixel * channels + channel] = Math.round((value * alpha * 255) / largest);
    }
  }
  return { height, width, channels, pixels };
}

/** Every sample in order; below 8 bits several share a byte, and each line begins at a new byte. */
function samplesOf(png: DecodedPng): DecodedPng["data"] {
  const { data, depth, height, width } = png;
  if (depth >= 8) return data;
  const samples = new Uint8Array(height * width);
  const line = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * line + (bit >>> 3)] as number;
      samples[y * width + x] = (byte >>> (8 - depth - (bit & 7))) & mask;
    }
  }
  return samples;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
