/** Strict UTF-8: a byte that belongs to no character is an error with its place, never a replacement character. */
import { BispikeError } from "../../errors.ts";

/** Most bytes of a text: what JavaScript engines hold as one string, rounded down. */
export const MAX_TEXT_BYTES = 500_000_000;

/**
 * Text of UTF-8 bytes; a byte order mark at the start is dropped.
 *
 * @param file for messages
 * @throws BispikeError "data" for bytes that are no UTF-8, or more than 500 MB of them
 */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new BispikeError("data", `${file}: expected at most ${MAX_TEXT_BYTES} bytes of text, found ${bytes.length}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const offset = invalidOffset(bytes);
    const value = bytes[offset]!.toString(16).padStart(2, "0");
    throw new BispikeError(
      "data",
      `${file}: expected UTF-8 text, but byte ${offset} (0x${value}) begins no character; convert the file to UTF-8`,
      { cause },
    );
  }
}

/** Offset of the first byte that begins no well-formed character (the Unicode Standard, table 3-7), or the length. */
export function invalidOffset(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0) return at;
    for (let i = 1; i < length; i++) {
      // The second byte's range is narrower after leads that would begin overlong forms, surrogates or too large values.
      const low = i === 1 && lead === 0xe0 ? 0xa0 : i === 1 && lead === 0xf0 ? 0x90 : 0x80;
      const high = i === 1 && lead === 0xed ? 0x9f : i === 1 && lead === 0xf4 ? 0x8f : 0xbf;
      const next = bytes[at + i];
      if (next === undefined || next < low || next > high) return at;
    }
    at += length;
  }
  return at;
}
