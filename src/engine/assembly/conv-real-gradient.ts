/**
 * Weight gradients of convolutions of real values (conv-real.ts):
 *
 *   dW[k, c] = sum over outputs o of x under tap k times G[o]
 *
 * Of a pool's four only the winner has a gradient, and each unit has its own. So vectors run over the taps, not over the units: what each output sees is
 * gathered as one record, and a unit adds up the records of its winners times G. That is a quarter of the products of a G laid out over all outputs.
 */
import { ROW, ended } from "./lanes";
import { BLOCK, listPlaces, fillPlanes } from "./conv-real";

/** Rows of a patch [channel][ky][kx], `record` bytes an output. Three floats are copied as four: the fourth is overwritten or no one's. */
@inline
function gatherRows(planes: usize, places: usize, count: i32, channels: i32, rowBytes: usize, planeBytes: usize, record: usize, to: usize): void {
  for (let i = 0; i < count; i++, places += 4, to += record) {
    let p = planes + load<u32>(places), o = to;
    for (let c = 0; c < channels; c++, p += planeBytes, o += 36) {
      const r0 = v128.load(p), r1 = v128.load(p + rowBytes), r2 = v128.load(p + 2 * rowBytes);
      v128.store(o, r0); v128.store(o, r1, 12); v128.store(o, r2, 24);
    }
  }
}

/**
 * g = G k0 + z k1 + k2 for 4 units of `count` pixels, to `values`, and added to the sum at `sums`; the winners' records (or the pixels' own) to
 * `addresses`. One loop, as it waits for memory.
 */
@inline
function prepare(
  g: usize, z: usize, winner: usize, count: i32, pool: i32, coefficients: usize, kStride: usize, record: i32, patches: usize,
  sums: usize, values: usize, addresses: usize,
): void {
  let k0 = f32x4.splat(1), k1 = f32x4.splat(0), k2 = k1;
  if (coefficients) { k0 = v128.load(coefficients); k1 = v128.load(coefficients + kStride); k2 = v128.load(coefficients + 2 * kStride); }
  const bytes = i8x16(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3), step = i32x4.splat(pool ? 4 * record : record);
  // The four candidates of the first pixel.
  let at = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), 1, record), 2, 2 * record), 3, 3 * record);
  at = i32x4.add(at, i32x4.splat(<i32>patches));
  let sum = v128.load(sums);
  for (let i = 0; i < count; i++, g += 64, z += 64, winner += 16, values += 16, addresses += 16) {
    const value = ended(g, z, coefficients != 0, k0, k1, k2);
    sum = f32x4.add(sum, value);
    v128.store(values, value);
    let q = i32x4.splat(0);
    if (pool) {
      // A unit takes bytes 4 q to 4 q + 3 of the candidates.
      const w = v128.load32_zero(winner);
      q = i16x8.shl(i8x16.shuffle(w, w, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), 2);
    }
    v128.store(addresses, i8x16.swizzle(at, i8x16.add(q, bytes)));
    at = i32x4.add(at, step);
  }
  v128.store(sums, sum);
}

@inline
function addTo(p: usize, v: v128): void { v128.store(p, f32x4.add(v128.load(p), v)); }

/** Sums of 7 vectors of the records for one unit. */
@inline
function sumSevens(values: usize, addresses: usize, count: i32, at: usize, total: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0;
  for (const last = values + (<usize>count << 4); values < last; values += 16, addresses += 16) {
    const p = <usize>load<u32>(addresses) + at, s = v128.load32_splat(values);
    a0 = f32x4.add(a0, f32x4.mul(v128.load(p), s)); a1 = f32x4.add(a1, f32x4.mul(v128.load(p, 16), s));
    a2 = f32x4.add(a2, f32x4.mul(v128.load(p, 32), s)); a3 = f32x4.add(a3, f32x4.mul(v128.load(p, 48), s));
    a4 = f32x4.add(a4, f32x4.mul(v128.load(p, 64), s)); a5 = f32x4.add(a5, f32x4.mul(v128.load(p, 80), s));
    a6 = f32x4.add(a6, f32x4.mul(v128.load(p, 96), s));
  }
  addTo(total, a0); addTo(total + 16, a1); addTo(total + 32, a2); addTo(total + 48, a3);
  addTo(total + 64, a4); addTo(total + 80, a5); addTo(total + 96, a6);
}

/** Sums of 3 vectors of the records for two units. */
@inline
function sumThrees(values: usize, addresses: usize, count: i32, at: usize, total: usize, next: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0;
  for (const last = values + (<usize>count << 4); values < last; values += 16, addresses += 16) {
    const p = <usize>load<u32>(addresses) + at, q = <usize>load<u32>(addresses, 4) + at, s = v128.load32_splat(values), t = v128.load32_splat(values, 4);
    a0 = f32x4.add(a0, f32x4.mul(v128.load(p), s)); a1 = f32x4.add(a1, f32x4.mul(v128.load(p, 16), s)); a2 = f32x4.add(a2, f32x4.mul(v128.load(p, 32), s));
    b0 = f32x4.add(b0, f32x4.mul(v128.load(q), t)); b1 = f32x4.add(b1, f32x4.mul(v128.load(q, 16), t)); b2 = f32x4.add(b2, f32x4.mul(v128.load(q, 32), t));
  }
  addTo(total, a0); addTo(total + 16, a1); addTo(total + 32, a2);
  addTo(total + next, b0); addTo(total + next + 16, b1); addTo(total + next + 32, b2);
}

/**
 * Weight and bias gradient; arguments as `convolveReal`, items are quarters of tiles (4 units). g is left as it is: `coefficients` (0 where no norm
 * follows) end the norm's gradient on the way.
 */
export function convolveRealGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, height: i32, width: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, xStride: i32,
  x: usize, g: usize, z: usize, winner: usize, coefficients: usize, dWeights: usize, dBias: usize, scratch: usize, scratchStride: i32,
): void {
  const pixels = pool ? (outHeight >> 1) * (outWidth >> 1) : outHeight * outWidth, inner = pool ? 4 : 1, outputs = inner * pixels;
  const rowBytes = <usize>(width + 2 * pad) << 2, planeBytes = <usize>(height + 2 * pad) * rowBytes;
  const sevens = channels % 3 == 0;
  // Vectors of a record: a multiple of 7 or of 3.
  const vectors = sevens ? 7 * (channels / 3) : 3 * ((3 * channels + 3) >> 2);
  const record = <usize>vectors << 4;
  const places = scratch + <usize>thread * scratchStride;
  const planes = places + (<usize>(outputs + 3 & ~3) << 2), patches = planes + (<usize>channels * planeBytes + 31 & ~15);
  const values = patches + <usize>(inner * BLOCK) * record + 16, addresses = values + (BLOCK << 4);
  const sums = addresses + (BLOCK << 4), totals = sums + (<usize>tiles << ROW);
  listPlaces(outHeight, outWidth, pool, stride, <i32>rowBytes, places);
  memory.fill(planes, 0, <usize>channels * planeBytes);
  // The ends of records are summed too, for nothing: not what lies there by chance, as tiny numbers are slow on some processors.
  memory.fill(patches, 0, <usize>(inner * BLOCK) * record);
  memory.fill(sums, 0, (<usize>tiles << ROW) + <usize>(end - begin) * 4 * record);
  for (let b = 0; b < images; b++) {
    fillPlanes(x + (<usize>b * xStride << 2), height, width, channels, rowBytes, planeBytes, planes + <usize>pad * (rowBytes + 4));
    for (let from = 0; from < pixels; from += BLOCK) {
      const count = min(BLOCK, pixels - from);
      gatherRows(planes, places + (<usize>(inner * from) << 2), inner * count, channels, rowBytes, planeBytes, record, patches);
      for (let item = begin; item < end; item++) {
        const tile = item >> 2, v = <usize>(item & 3) << 4;
        const row = <usize>(tile * images + b) * pixels + from, at = (row << ROW) + v;
        prepare(
          g + at, z + at, winner + (row << 4) + (v >> 2), count, pool, coefficients ? coefficients + (<usize>tile << ROW) + v : 0,
          <usize>tiles << ROW, <i32>record, patches, sums + (<usize>(item - begin) << 4), values, addresses,
        );
        let total = totals + <usize>(item - begin) * 4 * record;
        if (sevens) {
          for (let u = 0; u < 4; u++, total += record) {
            for (let k: usize = 0; k < record; k += 112) sumSevens(values + (u << 2), addresses + (u << 2), count, k, total + k);
          }
        } else {
          for (let u = 0; u < 4; u += 2, total += 2 * record) {
            for (let k: usize = 0; k < record; k += 48) sumThrees(values + (u << 2), addresses + (u << 2), count, k, total + k, record);
          }
        }
      }
    }
  }
  for (let item = begin; item < end; item++) {
    const tile = item >> 2, v = <usize>(item & 3) << 4;
    if (dBias) v128.store(dBias + (<usize>tile << ROW) + v, v128.load(sums + (<usize>(item - begin) << 4)));
    for (let u: usize = 0; u < 4; u++) {
      const from = totals + (<usize>(item - begin) * 4 + u) * record;
      const to = dWeights + (<usize>tile * 9 * channels << ROW) + v + (u << 2);
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < 9; k++) store<f32>(to + (<usize>(k * channels + c) << ROW), load<f32>(from + (<usize>(9 * c + k) << 2)));
      }
    }
  }
}
