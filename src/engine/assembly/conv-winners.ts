/**
 * Gradients of what max-pooled 3x3 convolutions read: the sum of conv-input-gradient.ts over the winners alone. Of the four outputs a pooled cell chooses from one has a
 * gradient, so three quarters of all products would be with zeros.
 *
 * The winners of an image's step are listed first, row by row of the convolution's outputs, from the last output to the first, each as where its weights begin (relative to
 * what sees it) and its gradient. The outputs that see an input pixel through one row of taps are then one run of the list, in the order of the taps, and a constant turns
 * its entries into weight rows. So every sum runs in the order of the dense one and has its bytes.
 *
 * Rows of taps are the outermost loop: what one needs of the weights stays in the nearest cache for all pixels.
 */
import { ROW } from "./lanes";

/** log2 of an entry's bytes: an offset of weights and a gradient. */
const ENTRY: usize = 3;

/**
 * Lists those of a cell's `units` units whose winner is q from `to` on, in order, and returns the end. g and winner: the cell's in the first tile, those of the next `apart`
 * rows further; `offset`: the weights of unit 0.
 */
function listCell(units: i32, q: i32, g: usize, winner: usize, apart: usize, offset: usize, to: usize): usize {
  const chosen = i8x16.splat(<i8>q);
  for (let u = 0; u < units; u += 16, g += apart << ROW, winner += apart << 4, offset += 16 << ROW) {
    let left = i8x16.bitmask(i8x16.eq(v128.load(winner), chosen));
    if (units - u < 16) left &= (1 << (units - u)) - 1;
    for (; left; left &= left - 1, to += 1 << ENTRY) {
      const i = <usize>ctz(left);
      store<usize>(to, offset + (i << ROW));
      store<f32>(to, load<f32>(g + (i << 2)), 4);
    }
  }
  return to;
}

/**
 * Lists the winners of one image and step. `lists`: room for as many entries a row of outputs as two outputs of each cell have units; `ends`: a row of columns + 1 addresses
 * each, where the list of output x ends at x, and that of the last begins at `columns`. `column`: bytes of weights from an output to the next. A tile is `apart` rows from
 * the one before.
 */
function listWinners(rows: i32, columns: i32, units: i32, g: usize, winner: usize, apart: usize, column: usize, lists: usize, ends: usize): void {
  const listed = <usize>(columns >> 1) * <usize>units << ENTRY;
  for (let y = 0; y < rows; y++, lists += listed, ends += <usize>(columns + 1) << 2) {
    let to = lists;
    store<usize>(ends + (<usize>columns << 2), to);
    for (let x = columns - 1; x >= 0; x--) {
      const cell = <usize>((y >> 1) * (columns >> 1) + (x >> 1));
      to = listCell(units, (y & 1) << 1 | (x & 1), g + (cell << ROW), winner + (cell << 4), apart, 0 - <usize>x * column, to);
      store<usize>(ends + (<usize>x << 2), to);
    }
  }
}

/** Adds to the 16 sums at `o` the weights that the entries from e to last name, from `w` on, times their gradients. */
@inline
function addListed(e: usize, last: usize, w: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
  for (; e < last; e += 1 << ENTRY) {
    const p = w + load<usize>(e), s = v128.load32_splat(e, 4);
    a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
    a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
}

/** The same for two tiles at once, whose weights are `apart` bytes from each other; the second's sums are at n. */
@inline
function addListedOfTwo(e: usize, last: usize, w: usize, apart: usize, o: usize, n: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
  let b0 = v128.load(n), b1 = v128.load(n, 16), b2 = v128.load(n, 32), b3 = v128.load(n, 48);
  for (; e < last; e += 1 << ENTRY) {
    const p = w + load<usize>(e), r = p + apart, s = v128.load32_splat(e, 4);
    a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
    a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
    // Never taken: keeps V8 from moving eight loads in front of the sums (see motif-rows.ts).
    if (p == 0) break;
    b0 = f32x4.add(b0, f32x4.mul(s, v128.load(r))); b1 = f32x4.add(b1, f32x4.mul(s, v128.load(r, 16)));
    b2 = f32x4.add(b2, f32x4.mul(s, v128.load(r, 32))); b3 = f32x4.add(b3, f32x4.mul(s, v128.load(r, 48)));
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
  v128.store(n, b0); v128.store(n, b1, 16); v128.store(n, b2, 32); v128.store(n, b3, 48);
}

/**
 * As `convolveInputGradient`, of a convolution that is max-pooled: g and winner are [tile][image][gSteps][pooled pixel]. `scratch` a thread: the rows' ends and their
 * lists (see `listWinners`), where rows and columns are twice the pooled plane's.
 */
export function convolvePooledInputGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, steps: i32, gSteps: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, units: i32, g: usize, winner: usize, weights: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const taps = 3 + up, hop = 1 + up, origin = pad + up, odd = stride - 1, inputTiles = (channels + 15) >> 4;
  const rows = outHeight & ~1, columns = outWidth & ~1, cells = (rows >> 1) * (columns >> 1);
  const ends = scratch + <usize>thread * scratchStride, lists = ends + (<usize>(rows * (columns + 1)) << 2);
  const unitBytes = <usize>units << ROW, apart = <usize>(taps * taps) * unitBytes;
  const plane = <usize>(height * width) << ROW, planesApart = <usize>(images * steps) * plane;
  for (let item = begin; item < end; item++) {
    const b = item / steps, t = item - b * steps, from = <usize>((b * gSteps + t) * cells);
    listWinners(
      rows, columns, units, g + (from << ROW), winner + (from << 4), <usize>(images * gSteps * cells), <usize>stride * unitBytes, lists, ends,
    );
    for (let tile = 0; tile < inputTiles; tile += 2) {
      const both = tile + 1 < inputTiles, w = weights + <usize>tile * apart;
      const first = out + <usize>tile * planesApart + <usize>item * plane;
      memory.fill(first, 0, plane);
      if (both) memory.fill(first + planesApart, 0, plane);
      for (let jy = 0; jy < taps; jy++) {
        for (let y = 0, o = first; y < height; y++) {
          const place = hop * y + origin - jy, oy = place >> odd;
          const seen = (place & odd) == 0 && oy >= 0 && oy < rows;
          if (!seen) {
            o += <usize>width << ROW;
            continue;
          }
          const at = ends + (<usize>(oy * (columns + 1)) << 2);
          for (let x = 0; x < width; x++, o += 64) {
            // The outputs that see x, from the last under the first tap on.
            const under = hop * x + origin, high = min(columns - 1, under >> odd), low = max(0, (under - taps + 1 + odd) >> odd);
            if (high < low) continue;
            const e = load<usize>(at + (<usize>(high + 1) << 2)), last = load<usize>(at + (<usize>low << 2));
            const own = w + <usize>(jy * taps + under) * unitBytes;
            if (both) addListedOfTwo(e, last, own, apart, o, o + planesApart);
            else addListed(e, last, own, o);
          }
        }
      }
    }
  }
}
