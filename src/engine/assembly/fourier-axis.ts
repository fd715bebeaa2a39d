/**
 * Complex discrete Fourier transforms along one axis, for 8 transforms side by side:
 *
 *   Z_k = sum over n of z_n e^(-2 pi i k n / N),   k = 0..N-1
 *
 * A point is 64 bytes: 8 real parts, then 8 imaginary parts. Passes of radix 2, 3, 4, 5 or any other prime (Stockham's order: a pass reads one
 * buffer and writes the other, and the last leaves the frequencies in order). A pass of radix r over what `run` points of other axes and
 * earlier passes lie beside, with `m` transforms left to do:
 *
 *   out[p r + j][q] = e^(-2 pi i p j / (m r)) sum over i of in[p + m i][q] e^(-2 pi i j i / r),   p < m, j < r, q < run
 *
 * `twiddles` holds cos and sin (float32) of 2 pi k / N for k = 0..N-1.
 */

/** log2 of a point's bytes, and of a twiddle's. */
export const POINT: usize = 6;
const TWIDDLE: usize = 3;

/** Stores (re + i im) e^(-i angle) of 4 lanes, with the angle's cosine and sine at `twiddle`. */
@inline
function turned(to: usize, re: v128, im: v128, twiddle: usize): void {
  const c = v128.load32_splat(twiddle), s = v128.load32_splat(twiddle, 4);
  v128.store(to, f32x4.add(f32x4.mul(re, c), f32x4.mul(im, s)));
  v128.store(to, f32x4.sub(f32x4.mul(im, c), f32x4.mul(re, s)), 32);
}

/** Stores re + i im of 4 lanes. */
@inline
function plain(to: usize, re: v128, im: v128): void {
  v128.store(to, re);
  v128.store(to, im, 32);
}

@inline
function radix2(m: i32, run: i32, turn: usize, twiddles: usize, from: usize, to: usize): void {
  const bytes = <usize>run << POINT, apart = <usize>m * bytes;
  for (let p = 0, w = twiddles; p < m; p++, from += bytes, to += 2 * bytes, w += turn) {
    for (let h: usize = 0; h < bytes; h += (h & 16) ? 48 : 16) {
      const a = from + h, b = a + apart;
      const ar = v128.load(a), ai = v128.load(a, 32), br = v128.load(b), bi = v128.load(b, 32);
      plain(to + h, f32x4.add(ar, br), f32x4.add(ai, bi));
      turned(to + h + bytes, f32x4.sub(ar, br), f32x4.sub(ai, bi), w);
    }
  }
}

@inline
function radix3(m: i32, run: i32, turn: usize, twiddles: usize, from: usize, to: usize): void {
  const bytes = <usize>run << POINT, apart = <usize>m * bytes;
  const half = f32x4.splat(0.5), height = f32x4.splat(0.8660254037844386);
  for (let p = 0, w = twiddles; p < m; p++, from += bytes, to += 3 * bytes, w += turn) {
    const w2 = twiddles + 2 * (w - twiddles);
    for (let h: usize = 0; h < bytes; h += (h & 16) ? 48 : 16) {
      const a = from + h, b = a + apart, c = b + apart, o = to + h;
      const ar = v128.load(a), ai = v128.load(a, 32);
      const br = v128.load(b), bi = v128.load(b, 32), cr = v128.load(c), ci = v128.load(c, 32);
      const sr = f32x4.add(br, cr), si = f32x4.add(bi, ci);
      const ur = f32x4.sub(ar, f32x4.mul(half, sr)), ui = f32x4.sub(ai, f32x4.mul(half, si));
      const vr = f32x4.mul(height, f32x4.sub(br, cr)), vi = f32x4.mul(height, f32x4.sub(bi, ci));
      plain(o, f32x4.add(ar, sr), f32x4.add(ai, si));
      turned(o + bytes, f32x4.add(ur, vi), f32x4.sub(ui, vr), w);
      turned(o + 2 * bytes, f32x4.sub(ur, vi), f32x4.add(ui, vr), w2);
    }
  }
}

@inline
function radix4(m: i32, run: i32, turn: usize, twiddles: usize, from: usize, to: usize): void {
  const bytes = <usize>run << POINT, apart = <usize>m * bytes;
  for (let p = 0, w = twiddles; p < m; p++, from += bytes, to += 4 * bytes, w += turn) {
    const w2 = twiddles + 2 * (w - twiddles), w3 = twiddles + 3 * (w - twiddles);
    for (let h: usize = 0; h < bytes; h += (h & 16) ? 48 : 16) {
      const a = from + h, b = a + apart, c = b + apart, d = c + apart, o = to + h;
      let x = v128.load(a), y = v128.load(c);
      const er = f32x4.add(x, y), fr = f32x4.sub(x, y);
      x = v128.load(a, 32); y = v128.load(c, 32);
      const ei = f32x4.add(x, y), fi = f32x4.sub(x, y);
      x = v128.load(b); y = v128.load(d);
      const gr = f32x4.add(x, y), hr = f32x4.sub(x, y);
      x = v128.load(b, 32); y = v128.load(d, 32);
      const gi = f32x4.add(x, y), hi = f32x4.sub(x, y);
      plain(o, f32x4.add(er, gr), f32x4.add(ei, gi));
      turned(o + bytes, f32x4.add(fr, hi), f32x4.sub(fi, hr), w);
      turned(o + 2 * bytes, f32x4.sub(er, gr), f32x4.sub(ei, gi), w2);
      turned(o + 3 * bytes, f32x4.sub(fr, hi), f32x4.add(fi, hr), w3);
    }
  }
}

@inline
function radix5(m: i32, run: i32, turn: usize, twiddles: usize, from: usize, to: usize): void {
  const bytes = <usize>run << POINT, apart = <usize>m * bytes;
  const c1 = f32x4.splat(0.30901699437494745), c2 = f32x4.splat(-0.8090169943749475);
  const s1 = f32x4.splat(0.9510565162951535), s2 = f32x4.splat(0.5877852522924731);
  for (let p = 0, w = twiddles; p < m; p++, from += bytes, to += 5 * bytes, w += turn) {
    const step = w - twiddles;
    for (let h: usize = 0; h < bytes; h += (h & 16) ? 48 : 16) {
      const a = from + h, b = a + apart, c = b + apart, d = c + apart, e = d + apart, o = to + h;
      const ar = v128.load(a), ai = v128.load(a, 32);
      let x = v128.load(b), y = v128.load(e);
      const pr = f32x4.add(x, y), qr = f32x4.sub(x, y);
      x = v128.load(b, 32); y = v128.load(e, 32);
      const pi = f32x4.add(x, y), qi = f32x4.sub(x, y);
      x = v128.load(c); y = v128.load(d);
      const tr = f32x4.add(x, y), vr = f32x4.sub(x, y);
      x = v128.load(c, 32); y = v128.load(d, 32);
      const ti = f32x4.add(x, y), vi = f32x4.sub(x, y);
      plain(o, f32x4.add(ar, f32x4.add(pr, tr)), f32x4.add(ai, f32x4.add(pi, ti)));
      let ur = f32x4.add(ar, f32x4.add(f32x4.mul(c1, pr), f32x4.mul(c2, tr)));
      let ui = f32x4.add(ai, f32x4.add(f32x4.mul(c1, pi), f32x4.mul(c2, ti)));
      let zr = f32x4.add(f32x4.mul(s1, qr), f32x4.mul(s2, vr)), zi = f32x4.add(f32x4.mul(s1, qi), f32x4.mul(s2, vi));
      turned(o + bytes, f32x4.add(ur, zi), f32x4.sub(ui, zr), w);
      turned(o + 4 * bytes, f32x4.sub(ur, zi), f32x4.add(ui, zr), twiddles + 4 * step);
      ur = f32x4.add(ar, f32x4.add(f32x4.mul(c2, pr), f32x4.mul(c1, tr)));
      ui = f32x4.add(ai, f32x4.add(f32x4.mul(c2, pi), f32x4.mul(c1, ti)));
      zr = f32x4.sub(f32x4.mul(s2, qr), f32x4.mul(s1, vr)); zi = f32x4.sub(f32x4.mul(s2, qi), f32x4.mul(s1, vi));
      turned(o + 2 * bytes, f32x4.add(ur, zi), f32x4.sub(ui, zr), twiddles + 2 * step);
      turned(o + 3 * bytes, f32x4.sub(ur, zi), f32x4.add(ui, zr), twiddles + 3 * step);
    }
  }
}

/**
 * Any other radix r, an odd one, by its definition. With sums s_i = z_i + z_(r-i) and differences d_i = z_i - z_(r-i), i = 1..(r-1)/2, two outputs share their products:
 *
 *   u_j = z_0 + sum over i of cos(2 pi i j / r) s_i,   v_j = sum over i of sin(2 pi i j / r) d_i,   out_j = u_j - i v_j,   out_(r-j) = u_j + i v_j
 *
 * Sums and differences take the place of the inputs, which nothing else reads. `length` is that of the whole axis.
 */
function radixOdd(r: i32, length: i32, m: i32, run: i32, turn: usize, twiddles: usize, from: usize, to: usize): void {
  const bytes = <usize>run << POINT, apart = <usize>m * bytes, root = <usize>(length / r) << TWIDDLE, half = r >> 1;
  for (let p = 0; p < m; p++, from += bytes, to += <usize>r * bytes) {
    for (let h: usize = 0; h < bytes; h += (h & 16) ? 48 : 16) {
      const zero = from + h, o = to + h, zr = v128.load(zero), zi = v128.load(zero, 32);
      let re = zr, im = zi, a = zero + apart, b = zero + <usize>(r - 1) * apart;
      for (let i = 0; i < half; i++, a += apart, b -= apart) {
        const ar = v128.load(a), ai = v128.load(a, 32), br = v128.load(b), bi = v128.load(b, 32);
        const sr = f32x4.add(ar, br), si = f32x4.add(ai, bi);
        re = f32x4.add(re, sr); im = f32x4.add(im, si);
        plain(a, sr, si);
        plain(b, f32x4.sub(ar, br), f32x4.sub(ai, bi));
      }
      plain(o, re, im);
      for (let j = 1; j <= half; j++) {
        let ur = zr, ui = zi, vr = f32x4.splat(0), vi = vr;
        a = zero + apart; b = zero + <usize>(r - 1) * apart;
        for (let i = 0, power = j; i < half; i++, a += apart, b -= apart) {
          const angle = twiddles + <usize>power * root, c = v128.load32_splat(angle), s = v128.load32_splat(angle, 4);
          ur = f32x4.add(ur, f32x4.mul(c, v128.load(a))); ui = f32x4.add(ui, f32x4.mul(c, v128.load(a, 32)));
          vr = f32x4.add(vr, f32x4.mul(s, v128.load(b))); vi = f32x4.add(vi, f32x4.mul(s, v128.load(b, 32)));
          power += j;
          if (power >= r) power -= r;
        }
        turned(o + <usize>j * bytes, f32x4.add(ur, vi), f32x4.sub(ui, vr), twiddles + <usize>(p * j) * turn);
        turned(o + <usize>(r - j) * bytes, f32x4.sub(ur, vi), f32x4.add(ui, vr), twiddles + <usize>(p * (r - j)) * turn);
      }
    }
  }
}

/**
 * Transforms the middle axis of [outer][length][inner] points at `a`; `b` is a buffer of the same size. Returns the one of the two that holds the
 * result. `radices` (i32) multiply to `length`.
 */
export function transformAxis(outer: i32, length: i32, inner: i32, radices: usize, twiddles: usize, a: usize, b: usize): usize {
  const line = <usize>(length * inner) << POINT;
  let m = length, done = 1;
  while (m > 1) {
    const r = load<i32>(radices), run = done * inner, turn = <usize>done << TWIDDLE;
    radices += 4;
    m /= r;
    for (let o = 0, from = a, to = b; o < outer; o++, from += line, to += line) {
      if (r == 4) radix4(m, run, turn, twiddles, from, to);
      else if (r == 2) radix2(m, run, turn, twiddles, from, to);
      else if (r == 3) radix3(m, run, turn, twiddles, from, to);
      else if (r == 5) radix5(m, run, turn, twiddles, from, to);
      else radixOdd(r, length, m, run, turn, twiddles, from, to);
    }
    done *= r;
    const other = a;
    a = b;
    b = other;
  }
  return a;
}
