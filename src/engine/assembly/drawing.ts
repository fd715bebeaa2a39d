/**
 * Drawing an image from firing rates: the read-out of a nearest x2 upsampled plane by 3x3 convolutions of padding 1, for the few channels an image has.
 *
 * A read-out without neurons is linear, so its mean over time is that of its inputs: z = b + W mean_t s[t]. The steps are averaged first, and the drive is computed once
 * instead of T times. With one or three outputs, tiles of 16 outputs would be mostly empty: here the 16 lanes are input channels.
 *
 * An upsampled source pixel lies under one, two or four taps of a window; their weights are added up first, by the parity of the output's row and column (see conv.ts), so an output
 * reads 2x2 source pixels. Collapsed weights: [output][parity][2x2][C], rates [image][pixel][C], C channels padded to 16 (rates of the padding are 0).
 */
import { ROW } from "./lanes";

/** rates[image][pixel][tile * 16] = spikes / steps; masks are [image][step][pixel][tile]. Items are images. */
export function spikeRates(
  begin: i32, end: i32, _thread: i32, steps: i32, places: i32, masks: usize, rates: usize,
): void {
  const low = i16x8(1, 2, 4, 8, 16, 32, 64, 128), high = i16x8(256, 512, 1024, 2048, 4096, 8192, 16384, -32768);
  const hop = <usize>places << 1, share = f32x4.splat(<f32>1 / <f32>steps);
  for (let image = begin; image < end; image++) {
    let from = masks + <usize>image * steps * hop, to = rates + (<usize>image * places << ROW);
    for (let p = 0; p < places; p++, from += 2, to += 64) {
      let a = i16x8.splat(0), b = a;
      for (let t = 0, at = from; t < steps; t++, at += hop) {
        const mask = v128.load16_splat(at);
        // A comparison that holds is -1.
        a = i16x8.sub(a, i16x8.eq(v128.and(mask, low), low));
        b = i16x8.sub(b, i16x8.eq(v128.and(mask, high), high));
      }
      v128.store(to, f32x4.mul(share, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(a))));
      v128.store(to, f32x4.mul(share, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(a))), 16);
      v128.store(to, f32x4.mul(share, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(b))), 32);
      v128.store(to, f32x4.mul(share, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(b))), 48);
    }
  }
}

/** First and last tap, exclusive, of a window's three that the first (0) or second (1) source row or column lies under, for outputs of a parity. */
@inline
function firstTap(parity: i32, which: i32): i32 {
  return which ? (parity ? 2 : 1) : 0;
}
@inline
function endTap(parity: i32, which: i32): i32 {
  return which ? 3 : (parity ? 2 : 1);
}

/** Collapsed weights from [ky][kx][channel][16 outputs]; items are outputs. */
export function collapseDrawing(begin: i32, end: i32, _thread: i32, channels: i32, paddedChannels: i32, weights: usize, out: usize): void {
  for (let o = begin; o < end; o++) {
    for (let place = 0; place < 16; place++) {
      const py = place >> 3, px = (place >> 2) & 1, sy = (place >> 1) & 1, sx = place & 1;
      const to = out + (<usize>((o << 4) + place) * paddedChannels << 2);
      memory.fill(to, 0, <usize>paddedChannels << 2);
      for (let ky = firstTap(py, sy); ky < endTap(py, sy); ky++) {
        for (let kx = firstTap(px, sx); kx < endTap(px, sx); kx++) {
          const from = weights + (<usize>(ky * 3 + kx) * channels << ROW) + (<usize>o << 2);
          for (let c = 0; c < channels; c++) {
            const at = to + (<usize>c << 2);
            store<f32>(at, load<f32>(at) + load<f32>(from + (<usize>c << ROW)));
          }
        }
      }
    }
  }
}

/** Gradient of the weights, [ky][kx][channel][16 outputs] (cleared before), from that of the collapsed ones; items are outputs. */
export function expandDrawing(begin: i32, end: i32, _thread: i32, channels: i32, paddedChannels: i32, collapsed: usize, out: usize): void {
  for (let o = begin; o < end; o++) {
    for (let tap = 0; tap < 9; tap++) {
      const ky = tap / 3, kx = tap % 3, to = out + (<usize>tap * channels << ROW) + (<usize>o << 2);
      for (let parity = 0; parity < 4; parity++) {
        const sy = ky >= firstTap(parity >> 1, 1) ? 1 : 0, sx = kx >= firstTap(parity & 1, 1) ? 1 : 0;
        const from = collapsed + (<usize>((o << 4) + (parity << 2) + (sy << 1) + sx) * paddedChannels << 2);
        for (let c = 0; c < channels; c++) {
          const at = to + (<usize>c << ROW);
          store<f32>(at, load<f32>(at) + load<f32>(from + (<usize>c << 2)));
        }
      }
    }
  }
}

/** z[image][pixel][16] of an image twice as high and wide as its source plane of height x width; lanes past the outputs are not written. Items are images. */
export function drawRates(
  begin: i32, end: i32, _thread: i32,
  height: i32, width: i32, paddedChannels: i32, outputs: i32, rates: usize, weights: usize, bias: usize, z: usize,
): void {
  const row = <usize>paddedChannels << 2, outWidth = width << 1;
  for (let image = begin; image < end; image++) {
    const plane = rates + <usize>(image * height * width) * row;
    let to = z + (<usize>(image * height * outWidth << 1) << ROW);
    for (let oy = 0; oy < height << 1; oy++) {
      const y = (oy - 1) >> 1, y0 = max(0, -y), y1 = min(2, height - y);
      for (let ox = 0; ox < outWidth; ox++, to += 64) {
        const x = (ox - 1) >> 1, x0 = max(0, -x), x1 = min(2, width - x);
        const parity = ((oy & 1) << 1) | (ox & 1);
        for (let o = 0; o < outputs; o++) {
          const window = weights + <usize>((o << 4) + (parity << 2)) * row;
          let a = f32x4.splat(0), b = a, c = a, d = a;
          for (let j = y0; j < y1; j++) {
            for (let i = x0; i < x1; i++) {
              let from = plane + <usize>((y + j) * width + x + i) * row, w = window + <usize>((j << 1) + i) * row;
              for (const last = w + row; w < last; w += 64, from += 64) {
                a = f32x4.add(a, f32x4.mul(v128.load(from), v128.load(w)));
                b = f32x4.add(b, f32x4.mul(v128.load(from, 16), v128.load(w, 16)));
                c = f32x4.add(c, f32x4.mul(v128.load(from, 32), v128.load(w, 32)));
                d = f32x4.add(d, f32x4.mul(v128.load(from, 48), v128.load(w, 48)));
              }
            }
          }
          const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
          store<f32>(to + (<usize>o << 2), load<f32>(bias + (<usize>o << 2)) + (
            (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
          ));
        }
      }
    }
  }
}

/**
 * Gradient of the collapsed weights: sum over images and the outputs of a parity of g times the rates under them. Items are (output * 16 + place) * tiles + tile of 16 channels,
 * place = parity * 4 + source pixel of the 2x2. Sums are kept an image at a time, for accuracy.
 */
export function drawGradient(
  begin: i32, end: i32, _thread: i32,
  images: i32, height: i32, width: i32, paddedChannels: i32, g: usize, rates: usize, out: usize,
): void {
  const tiles = paddedChannels >> 4, row = <usize>paddedChannels << 2, outWidth = width << 1, zero = f32x4.splat(0);
  for (let item = begin; item < end; item++) {
    const tile = item % tiles, place = item / tiles, o = place >> 4;
    const py = (place >> 3) & 1, px = (place >> 2) & 1, sy = (place >> 1) & 1, sx = place & 1;
    const to = out + (<usize>item << ROW);
    let a = zero, b = zero, c = zero, d = zero;
    for (let image = 0; image < images; image++) {
      let p = zero, q = zero, r = zero, s = zero;
      for (let oy = py; oy < height << 1; oy += 2) {
        const y = ((oy - 1) >> 1) + sy;
        if (y < 0 || y >= height) continue;
        const errors = g + (<usize>((image * height << 1) + oy) * outWidth << ROW) + (<usize>o << 2);
        const plane = rates + <usize>((image * height + y) * width) * row + (<usize>tile << ROW);
        for (let ox = px; ox < outWidth; ox += 2) {
          const x = ((ox - 1) >> 1) + sx;
          if (x < 0 || x >= width) continue;
          const e = v128.load32_splat(errors + (<usize>ox << ROW)), from = plane + <usize>x * row;
          p = f32x4.add(p, f32x4.mul(e, v128.load(from)));
          q = f32x4.add(q, f32x4.mul(e, v128.load(from, 16)));
          r = f32x4.add(r, f32x4.mul(e, v128.load(from, 32)));
          s = f32x4.add(s, f32x4.mul(e, v128.load(from, 48)));
        }
      }
      a = f32x4.add(a, p); b = f32x4.add(b, q); c = f32x4.add(c, r); d = f32x4.add(d, s);
    }
    v128.store(to, a); v128.store(to, b, 16); v128.store(to, c, 32); v128.store(to, d, 48);
  }
}
