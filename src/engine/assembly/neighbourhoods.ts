/**
 * Windows of feature planes as rows of a matrix, for products with dense weights: planes are [image][cell][channels padded to 16], a row of the matrix holds a cell and its eight
 * neighbours, [3][3][channels], 0 past the border.
 */

/** out[image * cells + cell][3][3][channels] from planes; items are images. `pixelBytes`: of a cell. */
export function neighbourhoods(
  begin: i32, end: i32, _thread: i32, height: i32, width: i32, pixelBytes: i32, planes: usize, out: usize,
): void {
  const cell = <usize>pixelBytes;
  for (let image = begin; image < end; image++) {
    const plane = planes + <usize>(image * height * width) * cell;
    let to = out + <usize>(image * height * width) * 9 * cell;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let v = y - 1; v < y + 2; v++) {
          for (let u = x - 1; u < x + 2; u++, to += cell) {
            if (v < 0 || v >= height || u < 0 || u >= width) memory.fill(to, 0, cell);
            else memory.copy(to, plane + <usize>(v * width + u) * cell, cell);
          }
        }
      }
    }
  }
}

/** Adds the gradient of the rows to that of the planes: the transpose of `neighbourhoods`; items are images. */
export function addNeighbourhoods(
  begin: i32, end: i32, _thread: i32, height: i32, width: i32, pixelBytes: i32, rows: usize, planes: usize,
): void {
  const cell = <usize>pixelBytes;
  for (let image = begin; image < end; image++) {
    const plane = planes + <usize>(image * height * width) * cell, from = rows + <usize>(image * height * width) * 9 * cell;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const to = plane + <usize>(y * width + x) * cell;
        // Cell (y, x) is neighbour (dy, dx) of the cell at (y - dy, x - dx).
        for (let dy = -1; dy < 2; dy++) {
          for (let dx = -1; dx < 2; dx++) {
            const v = y - dy, u = x - dx;
            if (v < 0 || v >= height || u < 0 || u >= width) continue;
            const at = from + <usize>((v * width + u) * 9 + (dy + 1) * 3 + dx + 1) * cell;
            for (let i: usize = 0; i < cell; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(at + i)));
          }
        }
      }
    }
  }
}

/**
 * The 2x2 pixels each cell covers in a plane twice as high and wide: out[image * cells + cell][2][2][channels], rows `outStride` floats apart, the rest of a row 0. The fine plane is
 * [image: imageStride][pixel: pixelStride] floats. Items are images.
 */
export function coveredPixels(
  begin: i32, end: i32, _thread: i32,
  height: i32, width: i32, channels: i32, pixelStride: i32, imageStride: i32, outStride: i32, fine: usize, out: usize,
): void {
  for (let image = begin; image < end; image++) {
    const plane = fine + (<usize>(image * imageStride) << 2);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let to = out + (<usize>((image * height + y) * width + x) * outStride << 2);
        const last = to + (<usize>outStride << 2);
        for (let v = 2 * y; v < 2 * y + 2; v++) {
          for (let u = 2 * x; u < 2 * x + 2; u++) {
            const from = plane + (<usize>((v * 2 * width + u) * pixelStride) << 2);
            for (let c = 0; c < channels; c++, to += 4) store<f32>(to, load<f32>(from + (<usize>c << 2)));
          }
        }
        memory.fill(to, 0, last - to);
      }
    }
  }
}
