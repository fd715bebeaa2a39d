/**
 * Rectified units, the neurons of real-valued feed-forward nets:
 *
 *   X = scale z + shift (the norm, folded),  y = max(0, X),   dX = dy where X > 0, else 0
 *
 * Drives lie as those of spiking layers do, without steps: [tile][image][pixel][16]; y in rows [image][pixel * channels + channel], which dense synapses read, each pixel
 * four times where the plane is upsampled on the way. A bordering case X = 0 has gradient 0.
 */
import { ROW } from "./lanes";
import { addTo, affine } from "./neuron";

/** y of one pixel and tile at `to`: the first `lanes` values. */
@inline
function storeLanes(from: usize, lane: usize, lanes: i32, scale: usize, shift: usize, to: usize): void {
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 3 < lanes; i += 4) {
    const at = <usize>i << 2;
    v128.store(to + at, f32x4.max(zero, affine(v128.load(from + at), v128.load(scale + lane + at), v128.load(shift + lane + at))));
  }
  for (; i < lanes; i++) {
    const at = <usize>i << 2;
    store<f32>(to + at, max<f32>(0, load<f32>(from + at) * load<f32>(scale + lane + at) + load<f32>(shift + lane + at)));
  }
}

/** y of all images; items are tile * images + image. `stride`: floats between the rows of images; `up`: 1 where each pixel is written four times. */
export function rectify(
  begin: i32, end: i32, _thread: i32,
  images: i32, height: i32, width: i32, channels: i32, up: i32, stride: i32, scale: usize, shift: usize, z: usize, out: usize,
): void {
  const pixels = height * width, pixelBytes = <usize>channels << 2, rowBytes = <usize>(width << up) * pixelBytes;
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images, lanes = min(16, channels - (tile << 4)), lane = <usize>tile << ROW;
    let from = z + (<usize>(item * pixels) << ROW);
    const row = out + (<usize>b * stride << 2) + lane;
    for (let y = 0; y < height; y++) {
      let to = row + (<usize>y << up) * rowBytes;
      for (let x = 0; x < width; x++, from += 64, to += pixelBytes << up) {
        storeLanes(from, lane, lanes, scale, shift, to);
        if (!up) continue;
        storeLanes(from, lane, lanes, scale, shift, to + pixelBytes);
        storeLanes(from, lane, lanes, scale, shift, to + rowBytes);
        storeLanes(from, lane, lanes, scale, shift, to + rowBytes + pixelBytes);
      }
    }
  }
}

/**
 * dX to g, and the chunk sums of dX and dX x^ ([item][2][16]) for the norm; items are tile * chunks + chunk, a chunk is `chunkImages` images. z, g and `above` (dL/dy):
 * [tile][image][pixel][16].
 */
export function rectifyBackward(
  begin: i32, end: i32, _thread: i32,
  chunks: i32, chunkImages: i32, images: i32, pixels: i32,
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
        const drive = v128.load(z + at), e = v128.and(v128.load(above + at), f32x4.gt(affine(drive, a, c), zero));
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
