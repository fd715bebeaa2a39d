/**
 * Lists of weight rows in order of length, so that two which are added up at once end together. A block's lists are put in order once, and every tile of units goes through them in
 * that order.
 */
import { ROW } from "./lanes";

/** Bytes of a record of a list: the addresses where it begins and ends, and which it is, in bytes of the sums. */
export const RECORD: usize = 12;

/**
 * Records of the lists of `images` images, `motifs` each, in order of length; returns where they end. `offsets`: motifs + 1 an image, in u16 from `events`.
 * `lengths`: a count for each length a list can have, from 0; zeros, and zeros again afterwards.
 */
export function sortLists(images: i32, motifs: i32, offsets: usize, events: usize, lengths: usize, records: usize): usize {
  let at = offsets, longest: usize = 0;
  for (let b = 0; b < images; b++, at += 4) {
    for (let m = 0; m < motifs; m++, at += 4) {
      const n = <usize>(load<i32>(at, 4) - load<i32>(at)), same = lengths + (n << 2);
      store<i32>(same, load<i32>(same) + 1);
      longest = max(longest, n);
    }
  }
  // Where the first record of each length stands, in place of how many there are.
  let place = records;
  for (let n = lengths; n <= lengths + (longest << 2); n += 4) {
    const same = load<i32>(n);
    store<u32>(n, <u32>place);
    place += <usize>same * RECORD;
  }
  at = offsets;
  for (let b = 0, sum = 0; b < images; b++, at += 4) {
    for (let m = 0; m < motifs; m++, at += 4, sum += 1 << <i32>ROW) {
      const from = load<i32>(at), to = load<i32>(at, 4), own = lengths + (<usize>(to - from) << 2), record = <usize>load<u32>(own);
      store<u32>(own, <u32>(record + RECORD));
      store<u32>(record, <u32>events + (from << 1)); store<u32>(record, <u32>events + (to << 1), 4); store<i32>(record, sum, 8);
    }
  }
  memory.fill(lengths, 0, longest + 1 << 2);
  return place;
}

/**
 * The sum over each recorded list of the rows of 16 at `w` that it names, entry after entry. Two lists at once, for an addition waits for the one before it; two lists of one tile and
 * not one list of two tiles, for one tile's weights stay in a nearer cache.
 */
export function sumLists(record: usize, last: usize, w: usize, sums: usize): void {
  for (; record < last; record += 2 * RECORD) {
    // The longest list may be alone: then beside itself.
    const other = record + RECORD < last ? record + RECORD : record, s = sums + <usize>load<u32>(record, 8), t = sums + <usize>load<u32>(other, 8);
    let e = <usize>load<u32>(record), f = <usize>load<u32>(other);
    const shorter = <usize>load<u32>(record, 4), longer = <usize>load<u32>(other, 4);
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (; e < shorter; e += 2, f += 2) {
      const p = w + (<usize>load<u16>(e) << ROW);
      a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
      a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
      // Never so. V8 moves all loads of a block to its front; eight of them beside eight sums would not fit its registers.
      if (p == 0) break;
      const q = w + (<usize>load<u16>(f) << ROW);
      b0 = f32x4.add(b0, v128.load(q)); b1 = f32x4.add(b1, v128.load(q, 16));
      b2 = f32x4.add(b2, v128.load(q, 32)); b3 = f32x4.add(b3, v128.load(q, 48));
    }
    for (; f < longer; f += 2) {
      const q = w + (<usize>load<u16>(f) << ROW);
      b0 = f32x4.add(b0, v128.load(q)); b1 = f32x4.add(b1, v128.load(q, 16));
      b2 = f32x4.add(b2, v128.load(q, 32)); b3 = f32x4.add(b3, v128.load(q, 48));
    }
    v128.store(s, a0); v128.store(s, a1, 16); v128.store(s, a2, 32); v128.store(s, a3, 48);
    v128.store(t, b0); v128.store(t, b1, 16); v128.store(t, b2, 32); v128.store(t, b3, 48);
  }
}
