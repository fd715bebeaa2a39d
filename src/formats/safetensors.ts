/**
 * safetensors: u64 little-endian header length N, N bytes of JSON header, then the tensors packed in little-endian
 * row-major order. The writer is strict; the reader takes whatever the format's specification allows.
 * Typed views assume a little-endian host, as every engine that runs WebAssembly shows to its memory.
 */
import { scanHeader } from "./safetensors-header.ts";
import {
  arrayKind,
  byteLength,
  fault,
  MAX_HEADER_BYTES,
  quote,
  shapeText,
  type Tensor,
  type TensorInfo,
} from "./safetensors-tensor.ts";

export type { Dtype, Tensor } from "./safetensors-tensor.ts";
export { encodeSafetensors } from "./safetensors-write.ts";

/** Tensors in the order of their data, and the free-form strings. */
export interface SafetensorsFile {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

/** Copies a range. Not `slice`: on a Node Buffer that is a view, whose `buffer` is the whole pool. */
function copyOf(bytes: Uint8Array, begin: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(begin, end));
}

/** Checks that tensors sorted by offsets cover the data without a hole or overlap; the reference reader's order. */
function checkLayout(sorted: readonly TensorInfo[], dataBytes: number): void {
  let covered = 0;
  for (const { name, dtype, shape, begin, end } of sorted) {
    const where = `tensor ${quote(name)}`;
    if (begin !== covered) {
      const what = begin > covered ? "a hole" : "an overlap";
      throw fault(`${where}: data begins at ${begin}, expected ${covered}, the end of the one before (${what})`);
    }
    if (end < begin) throw fault(`${where}: data ends at ${end}, before its begin ${begin}`);
    const bytes = byteLength(name, dtype, shape);
    if (end - begin !== bytes) {
      const offsets = `data_offsets [${begin}, ${end}] hold ${end - begin}`;
      throw fault(`${where}: shape ${shapeText(shape)} of ${dtype} is ${bytes} bytes, ${offsets}`);
    }
    if (end > dataBytes) {
      throw fault(`${where}: data ends at ${end}, but only ${dataBytes} bytes follow the header (file is truncated?)`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw fault(`the tensors end at ${covered}, but ${dataBytes} bytes follow the header (trailing bytes)`);
  }
}

/**
 * Reads a whole safetensors file. Each `data` is a view into `bytes` where alignment allows, else a copy: keep `bytes`
 * unchanged while the tensors are in use. Memory beyond that is in proportion to the header, at most 100 MB long.
 *
 * @throws BispikeError "checkpoint" naming the tensor and both numbers, for any file the format does not allow
 * @example
 * const { tensors, metadata } = decodeSafetensors(new Uint8Array(await file.arrayBuffer()));
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.byteLength < 8) throw fault(`expected at least 8 bytes, found ${bytes.byteLength} (file is truncated)`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw fault(`expected a safetensors file, but its header length ${length} is more than ${MAX_HEADER_BYTES}`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.byteLength) {
    throw fault(`header length ${length}, but only ${bytes.byteLength - 8} bytes follow it (file is truncated?)`);
  }
  let text: string;
  try {
    // A copy, because browsers do not decode shared memory; ignoreBOM, because a mark before "{" is not JSON.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(copyOf(bytes, 8, dataStart));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw fault("the header is not valid UTF-8");
  }
  const { tensors: infos, metadata } = scanHeader(text);
  checkLayout(
    infos.sort((a, b) => a.begin - b.begin || a.end - b.end),
    bytes.byteLength - dataStart,
  );
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of infos) {
    const kind = arrayKind(dtype);
    const from = bytes.byteOffset + dataStart + begin;
    const aligned = from % kind.BYTES_PER_ELEMENT === 0;
    const buffer = aligned ? bytes.buffer : copyOf(bytes, dataStart + begin, dataStart + end).buffer;
    const data = new kind(buffer, aligned ? from : 0, (end - begin) / kind.BYTES_PER_ELEMENT);
    tensors.set(name, { dtype, shape, data } as Tensor);
  }
  return { tensors, metadata };
}
