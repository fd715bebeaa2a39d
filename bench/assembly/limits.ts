// @ts-nocheck AssemblyScript, compiled by ../limits.mjs: its types are not TypeScript's.
/**
 * What the machine can do at most, for loops like those of the kernels: four-wide float32 additions, from registers alone, with operands loaded
 * from memory, and in place. Sums are few enough that the compiler keeps all of them and the loads of a turn in the sixteen registers: with
 * eight sums and eight loads it keeps one sum in memory, and the loop takes half as long again.
 */

/** `turns` times eight vector operations on a register: divisions, or additions. `divide` is a constant at each call, so each gets its own loop. */
@inline
function eight(turns: i32, out: usize, divide: bool): void {
  const x = v128.load(out);
  let a = x,
    b = x,
    c = x,
    d = x,
    e = x,
    f = x,
    g = x,
    h = x;
  for (let turn = 0; turn < turns; turn++) {
    a = divide ? f32x4.div(x, a) : f32x4.add(a, x);
    b = divide ? f32x4.div(x, b) : f32x4.add(b, x);
    c = divide ? f32x4.div(x, c) : f32x4.add(c, x);
    d = divide ? f32x4.div(x, d) : f32x4.add(d, x);
    e = divide ? f32x4.div(x, e) : f32x4.add(e, x);
    f = divide ? f32x4.div(x, f) : f32x4.add(f, x);
    g = divide ? f32x4.div(x, g) : f32x4.add(g, x);
    h = divide ? f32x4.div(x, h) : f32x4.add(h, x);
  }
  // Without a use of the results the loop would be none.
  v128.store(out, f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h))));
}

/** `turns` times eight vector additions of a register. */
export function addRegisters(turns: i32, out: usize): void {
  eight(turns, out, false);
}

/** `turns` times eight vector divisions of a register. */
export function divideRegisters(turns: i32, out: usize): void {
  eight(turns, out, true);
}

/** `turns` times the sum of `bytes` (a multiple of 128) at `at`: one addition a load. */
export function addLoads(turns: i32, at: usize, bytes: i32, out: usize): void {
  const x = v128.load(out);
  let a = x,
    b = x,
    c = x,
    d = x;
  const last = at + bytes;
  for (let turn = 0; turn < turns; turn++) {
    for (let p = at; p < last; p += 128) {
      a = f32x4.add(a, f32x4.add(v128.load(p), v128.load(p, 64)));
      b = f32x4.add(b, f32x4.add(v128.load(p, 16), v128.load(p, 80)));
      c = f32x4.add(c, f32x4.add(v128.load(p, 32), v128.load(p, 96)));
      d = f32x4.add(d, f32x4.add(v128.load(p, 48), v128.load(p, 112)));
    }
  }
  v128.store(out, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** `turns` times x -> x / 2 over `bytes` (a multiple of 64) at `at`: as many bytes read as written. */
export function update(turns: i32, at: usize, bytes: i32): void {
  const half = f32x4.splat(0.5);
  const last = at + bytes;
  for (let turn = 0; turn < turns; turn++) {
    for (let p = at; p < last; p += 64) {
      v128.store(p, f32x4.mul(v128.load(p), half));
      v128.store(p, f32x4.mul(v128.load(p, 16), half), 16);
      v128.store(p, f32x4.mul(v128.load(p, 32), half), 32);
      v128.store(p, f32x4.mul(v128.load(p, 48), half), 48);
    }
  }
}
