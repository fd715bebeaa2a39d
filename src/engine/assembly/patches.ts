/** Moves feature rows into their patches and back; layouts and the table are `src/engine/patches.ts`'s. */

/** `bytes` of each cell between [row][cell] at `whole` and [patch][row][cell of the patch] at `parts`; items are rows. */
export function movePatches(
  begin: i32, end: i32, _thread: i32, rows: i32, cells: i32, bytes: i32, table: usize, whole: usize, parts: usize, back: i32,
): void {
  for (let row = begin; row < end; row++) {
    let one = whole + <usize>row * cells * bytes;
    for (let cell = 0, entry = table; cell < cells; cell++, entry += 12, one += bytes) {
      const start = load<i32>(entry), width = load<i32>(entry, 4), place = load<i32>(entry, 8);
      const other = parts + (<usize>(rows * start + row * width + place) << 2);
      const from = back ? other : one, to = back ? one : other;
      for (let i: usize = 0; i < <usize>bytes; i += 64) {
        v128.store(to + i, v128.load(from + i)); v128.store(to + i, v128.load(from + i, 16), 16);
        v128.store(to + i, v128.load(from + i, 32), 32); v128.store(to + i, v128.load(from + i, 48), 48);
      }
    }
  }
}
