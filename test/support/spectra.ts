/** Rows of features and of band spectra between the engine's padded layouts and plain arrays, [row][point or coefficient][channel]. */
import { Fourier } from "../../src/engine/fourier.ts";
import { padded } from "../../src/engine/kernels.ts";
import type { Team } from "../../src/engine/team.ts";
import type { Shape } from "../../src/nets/shape.ts";

/** What is transformed: points and the channels at each (1 in a flat population, whose neurons are the points). */
export function linesOf({ height, width, channels }: Shape): { height: number; width: number; channels: number } {
  return height * width === 1 ? { height: 1, width: channels, channels: 1 } : { height, width, channels };
}

/** Floats from point to point. */
const strideOf = (shape: Shape) => (shape.height * shape.width === 1 ? 1 : padded(shape.channels));

/** Writes plain rows into the engine's layout; padding becomes 0. */
export function packRows(shape: Shape, plain: ArrayLike<number>, rowWidth: number, out: Float32Array): void {
  const { height, width, channels } = linesOf(shape);
  const stride = strideOf(shape);
  const length = height * width * channels;
  out.fill(0, 0, (plain.length / length) * rowWidth);
  for (let at = 0; at < plain.length; at++) {
    const [row, n] = [Math.floor(at / length), at % length];
    out[row * rowWidth + Math.floor(n / channels) * stride + (n % channels)] = plain[at]!;
  }
}

/** Plain rows out of the engine's layout, and the largest size found in its padding. */
export function unpackRows(shape: Shape, rows: number, rowWidth: number, from: Float32Array) {
  const { height, width, channels } = linesOf(shape);
  const stride = strideOf(shape);
  const plain = new Float64Array(rows * height * width * channels);
  let padding = 0;
  for (let at = 0; at < rows * rowWidth; at++) {
    const [row, n] = [Math.floor(at / rowWidth), at % rowWidth];
    const [point, channel] = [Math.floor(n / stride), n % stride];
    if (channel < channels && point < height * width)
      plain[(row * height * width + point) * channels + channel] = from[at]!;
    else padding = Math.max(padding, Math.abs(from[at]!));
  }
  return { plain, padding };
}

/** Where coefficient `coefficient` of a channel and row lies in a spectrum, in floats: bands one after the other, each [row][width]. */
export function placesOf(fourier: Fourier, shape: Shape, rows: number): Int32Array {
  const { height, width, channels } = linesOf(shape);
  const stride = strideOf(shape);
  const coefficients = height * width;
  const places = new Int32Array(rows * coefficients * channels);
  let first = 0;
  for (const band of fourier.bands) {
    const count = band.features / channels;
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < count; k++)
        for (let c = 0; c < channels; c++)
          places[(row * coefficients + first + k) * channels + c] =
            band.start * rows + row * band.width + k * stride + c;
    first += count;
  }
  return places;
}

/** The transform of plain rows, and its inverse, with what is found in the padding. Buffers start dirty. */
export function spectra(team: Team, shape: Shape, edges: readonly number[], rows: number) {
  const fourier = new Fourier(team, shape, edges);
  const x = team.arena.f32(rows * fourier.rowWidth);
  const spectrum = team.arena.f32(fourier.size(rows));
  const places = placesOf(fourier, shape, rows);
  const forward = (plain: ArrayLike<number>) => {
    packRows(shape, plain, fourier.rowWidth, x.view);
    spectrum.view.fill(7);
    fourier.forward(x.at, rows, spectrum.at);
    const out = Float64Array.from(places, (place) => spectrum.view[place]!);
    const rest = Float32Array.from(spectrum.view);
    for (const place of places) rest[place] = 0;
    return { plain: out, padding: rest.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
  };
  const inverse = (coefficients: ArrayLike<number>) => {
    spectrum.view.fill(0);
    for (const [at, place] of places.entries()) spectrum.view[place] = coefficients[at]!;
    x.view.fill(7);
    fourier.inverse(spectrum.at, rows, x.at);
    return unpackRows(shape, rows, fourier.rowWidth, x.view);
  };
  return { fourier, forward, inverse };
}
