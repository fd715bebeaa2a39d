/** Builds safetensors bytes by hand, valid or not, without the writer under test. */

/** Header length (true, unless given), header text or bytes, then `dataBytes` bytes counting 1, 2, 3, … */
export function rawSafetensors(
  header: string | Uint8Array,
  dataBytes = 0,
  declaredLength?: bigint,
): Uint8Array<ArrayBuffer> {
  const headerBytes = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + headerBytes.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, declaredLength ?? BigInt(headerBytes.length), true);
  file.set(headerBytes, 8);
  for (let at = 0; at < dataBytes; at++) file[8 + headerBytes.length + at] = at + 1;
  return file;
}
