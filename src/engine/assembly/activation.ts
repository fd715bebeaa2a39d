/**
 * The units of real-valued feed-forward nets, in place of neurons and their steps:
 *
 *   X = scale z + shift (the norm, folded),  y = f(X),  dX = dy f'(X)
 *
 *   kind 0  rectified            f = max(0, X)             f' = 1 where X > 0, else 0
 *   kind 1  hyperbolic tangent   f = tanh X                f' = 1 - y^2
 *   kind 2  exponential linear   f = X, e^X - 1 below 0    f' = 1, e^X below 0 (Clevert, Unterthiner, Hochreiter 2016, alpha = 1)
 *
 * Drives lie as those of spiking layers do, without steps: [tile][image][pixel][16]; y in rows [image][pixel * channels + channel], which dense synapses read, each pixel
 * four times where the plane is upsampled on the way.
 */
import { exponentialLessOne, halvings, powerOfTwo } from "./exponential";
import { ROW, storeFirst } from "./lanes";
import { addTo, affine } from "./neuron";
import { hyperbolicTangent } from "./tanh";

/** e^x - 1 of four x <= 0. */
@inline
function lessOne(x: v128): v128 {
  // Below -80 the nearest float is -1.
  const bounded = f32x4.max(x, f32x4.splat(-80)), k = halvings(bounded), power = powerOfTwo(k);
  return f32x4.add(f32x4.mul(power, exponentialLessOne(bounded, k)), f32x4.sub(power, f32x4.splat(1)));
}

/** f(x) of four drives. */
@inline
export function activated(kind: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  if (kind == 0) return f32x4.max(zero, x);
  if (kind == 1) return hyperbolicTangent(x);
  return v128.bitselect(x, lessOne(f32x4.min(x, zero)), f32x4.gt(x, zero));
}

/** dy f'(x) of four. */
@inline
function gradientOf(kind: i32, x: v128, dy: v128): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1), above = f32x4.gt(x, zero);
  if (kind == 0) return v128.and(dy, above);
  if (kind == 1) {
    const y = hyperbolicTangent(x);
    return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(y, y)));
  }
  return f32x4.mul(dy, v128.bitselect(one, f32x4.add(one, lessOne(f32x4.min(x, zero))), above));
}

/** y of one pixel and tile at `to`: the first `lanes` values. */
@inline
function storeLanes(kind: i32, from: usize, lane: usize, lanes: i32, scale: usize, shift: usize, to: usize): void {
  for (let i = 0; i < lanes; i += 4) {
    const at = <usize>i << 2, x = affine(v128.load(from + at), v128.load(scale + lane + at), v128.load(shift + lane + at));
    storeFirst(to + at, activated(kind, x), lanes - i);
  }
}

/** y of all images; items are tile * images + image. `stride`: floats between the rows of images; `up`: 1 where each pixel is written four times. */
export function activate(
  begin: i32, end: i32, _thread: i32,
  kind: i32, images: i32, height: i32, width: i32, channels: i32, up: i32, stride: i32, scale: usize, shift: usize, z: usize, out: usize,
): void {
  const pixels = height * width, pixelBytes = <usize>channels << 2, rowBytes = <usize>(width << up) * pixelBytes;
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images, lanes = min(16, channels - (tile << 4)), lane = <usize>tile << ROW;
    let from = z + (<usize>(item * pixels) << ROW);
    const row = out + (<usize>b * stride << 2) + lane;
    for (let y = 0; y < height; y++) {
      let to = row + (<usize>y << up) * rowBytes;
      for (let x = 0; x < width; x++, from += 64, to += pixelBytes << up) {
        storeLanes(kind, from, lane, lanes, scale, shift, to);
        if (!up) continue;
        storeLanes(kind, from, lane, lanes, scale, shift, to + pixelBytes);
        storeLanes(kind, from, lane, lanes, scale, shift, to + rowBytes);
        storeLanes(kind, from, lane, lanes, scale, shift, to + rowBytes + pixelBytes);
      }
    }
  }
}

/**
 * dX to g, and the chunk sums of dX and dX x^ ([item][2][16]) for the norm; items are tile * chunks + chunk, a chunk is `chunkImages` images. z, g and `above` (dL/dy):
 * [tile][image][pixel][16].
 */
export function activateBackward(
  begin: i32, end: i32, _thread: i32,
  kind: i32, chunks: i32, chunkImages: i32, images: i32, pixels: i32,
  scale: usize, shift: usize, mean: usize, inverse: usize, z: usize, above: usize, g: usize, sums: usize,
): void {
  const zero = f32x4.splat(0);
  for (let item = begin; item < end; item++) {
    const tile = item / chunks, chunk = item - tile * chunks, lane = <usize>tile << ROW, out = sums + (<usize>item << 7);
    const first = chunk * chunkImages, last = min(images, first + chunkImages);
    const from = <usize>((tile * images + first) * pixels) << ROW, to = <usize>((tile * images + last) * pixels) << ROW;
    for (let v: usize = 0; v < 64; v += 16) {
      const a = v128.load(scale + lane + v), c = v128.load(shift + lane + v), m = v128.load(mean + lane + v), inv = v128.load(inverse + lane + v);
      let sum = zero, product = zero;
      for (let at = from + v; at < to; at += 64) {
        const drive = v128.load(z + at), e = gradientOf(kind, affine(drive, a, c), v128.load(above + at));
        v128.store(g + at, e);
        sum = f32x4.add(sum, e);
        product = f32x4.add(product, f32x4.mul(e, f32x4.sub(drive, m)));
      }
      addTo(out + v, sum, false);
      addTo(out + 64 + v, f32x4.mul(product, inv), false);
    }
  }
}

/** Drives of fully connected units by row tile, [pixel * tiles + tile][image][16], to planes, [tile][image][pixel][16], or back; items are row tiles. */
export function rowTilesToPlanes(begin: i32, end: i32, _thread: i32, images: i32, pixels: i32, tiles: i32, back: i32, rows: usize, planes: usize): void {
  for (let item = begin; item < end; item++) {
    const pixel = item / tiles, tile = item - pixel * tiles;
    let row = rows + (<usize>(item * images) << ROW), at = planes + (<usize>(tile * images * pixels + pixel) << ROW);
    for (let b = 0; b < images; b++, row += 64, at += <usize>pixels << ROW) {
      const from = back ? at : row, to = back ? row : at;
      for (let v: usize = 0; v < 64; v += 16) v128.store(to + v, v128.load(from + v));
    }
  }
}
