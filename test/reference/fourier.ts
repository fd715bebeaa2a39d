/**
 * The real orthonormal Fourier transform by its definition, float64, as an explicit matrix.
 *
 *   row of frequency k, its own conjugate:  F_n = cos(2 pi k . n) / sqrt(N)
 *   the two rows of a pair k, -k:           F_n = sqrt(2 / N) cos(2 pi k . n),   -sqrt(2 / N) sin(2 pi k . n)
 *
 * with k . n = ky y / height + kx x / width. Rows in the order of their bands (edges[b - 1] < radius <= edges[b]), within a band by the lower of the points k and -k.
 */

export interface ReferenceCoefficient {
  readonly radius: number;
  readonly band: number;
  /** The matrix's row, [height * width]. */
  readonly row: Float64Array;
}

/** An axis' frequency within -0.5..0.5 cycles, its size. */
const distance = (k: number, length: number) => Math.abs(k / length - Math.round(k / length));

export function fourierMatrix(height: number, width: number, edges: readonly number[]): ReferenceCoefficient[] {
  const points = height * width;
  const found: ReferenceCoefficient[] = [];
  const wave = (ky: number, kx: number, scale: number, of: (angle: number) => number) =>
    Float64Array.from({ length: points }, (_, n) => {
      const [y, x] = [Math.floor(n / width), n % width];
      // Whole turns taken out while the numbers are whole, so that the angle is exact.
      const turns = ((ky * y) % height) / height + ((kx * x) % width) / width;
      return scale * of(2 * Math.PI * turns);
    });
  for (let ky = 0; ky < height; ky++)
    for (let kx = 0; kx < width; kx++) {
      const [point, conjugate] = [ky * width + kx, ((height - ky) % height) * width + ((width - kx) % width)];
      if (conjugate < point) continue;
      const radius = Math.hypot(distance(ky, height), distance(kx, width));
      const band = edges.filter((edge) => radius > edge + 1e-9).length;
      if (point === conjugate) {
        found.push({ radius, band, row: wave(ky, kx, 1 / Math.sqrt(points), Math.cos) });
      } else {
        found.push({ radius, band, row: wave(ky, kx, Math.sqrt(2 / points), Math.cos) });
        found.push({ radius, band, row: wave(ky, kx, -Math.sqrt(2 / points), Math.sin) });
      }
    }
  // Stable: within a band the order of the points stays.
  return found.sort((a, b) => a.band - b.band);
}

/** Coefficients [row][coefficient][channels] of values [row][point][channels]. */
export function fourierForward(
  matrix: readonly ReferenceCoefficient[],
  values: Float64Array,
  channels: number,
): Float64Array {
  return product(matrix, values, channels, (c, n) => matrix[c]!.row[n]!);
}

/** Values [row][point][channels] from coefficients: the transposed matrix. */
export function fourierTranspose(
  matrix: readonly ReferenceCoefficient[],
  coefficients: Float64Array,
  channels: number,
): Float64Array {
  return product(matrix, coefficients, channels, (n, c) => matrix[c]!.row[n]!);
}

function product(
  { length: n }: readonly ReferenceCoefficient[],
  x: Float64Array,
  channels: number,
  entry: (out: number, from: number) => number,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += n * channels)
    for (let o = 0; o < n; o++)
      for (let i = 0; i < n; i++) {
        const factor = entry(o, i);
        for (let c = 0; c < channels; c++) out[row + o * channels + c]! += factor * x[row + i * channels + c]!;
      }
  return out;
}
