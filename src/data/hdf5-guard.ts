/**
 * What the HDF5 library must not be given: it walks the heaps in which strings lie by the sizes these state, and at one that states no progress it walks for ever.
 * Source: HDF5 File Format Specification 3.0, II.A (superblock) and III.E (global heap).
 *
 *   heap: "GCOL" version 0 0 0, u64 size, then objects: u16 index, u16 count, u32 0, u64 size, data padded to 8; index 0 is free space, whose size counts its header too
 */
import { BispikeError } from "../errors.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const HEAP = [0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0];
const HEADER_BYTES = 16;

/**
 * Call before the library opens a file of unknown origin.
 *
 * @throws BispikeError "data" for what is not HDF5, for sizes that are not of 8 bytes, and for a heap that the library would not come out of
 */
export function guardHdf5(bytes: Uint8Array, file: string): void {
  const version = bytes[8] ?? 255;
  const sizes = version < 2 ? bytes.subarray(13, 15) : bytes.subarray(9, 11);
  if (!matches(bytes, 0, SIGNATURE) || version > 3 || sizes[0] !== 8 || sizes[1] !== 8) {
    throw new BispikeError(
      "data",
      `${file}: the HDF5 file is damaged or of another kind (expected its signature, then offsets and lengths of 8 bytes)`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.indexOf(HEAP[0]!); at >= 0; at = bytes.indexOf(HEAP[0]!, at + 1)) {
    if (matches(bytes, at, HEAP) && !walks(view, at)) {
      throw new BispikeError(
        "data",
        `${file}: the HDF5 file is damaged (its heap of strings at byte ${at} has a piece without size)`,
      );
    }
  }
}

function matches(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((byte, k) => bytes[at + k] === byte);
}

/** Whether every object of the heap leads on to the next; what leads out of the heap or the file the library refuses itself. */
function walks(view: DataView, heap: number): boolean {
  const stated = heap + HEADER_BYTES <= view.byteLength ? Number(view.getBigUint64(heap + 8, true)) : 0;
  const end = Math.min(view.byteLength, heap + stated);
  for (let at = heap + HEADER_BYTES; at + HEADER_BYTES <= end; ) {
    const size = Number(view.getBigUint64(at + 8, true));
    const used = view.getUint16(at, true) !== 0;
    if (!used && size === 0) return false;
    at += used ? HEADER_BYTES + Math.ceil(size / 8) * 8 : size;
  }
  return true;
}
