/** Lays equal pictures out in rows, such as recalled images above the mean image of each class. */
import { BispikeError } from "../errors.ts";

/** Whether images of so many channels can be drawn: grey or colour. */
export function isDrawable(channels: number): channels is 1 | 3 {
  return channels === 1 || channels === 3;
}

/** A picture, row-major, channels last. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 red-green-blue. */
  readonly channels: 1 | 3;
  /** height x width x channels values from 0 to 255. */
  readonly pixels: Uint8Array;
}

/** One picture of a grid; all tiles of a grid have one width, height and number of channels. */
export type Tile = Picture;

/** How a grid of pictures is laid out. */
export interface GridOptions {
  /** Each pixel becomes scale x scale equal pixels. Default 4. */
  readonly scale?: number;
  /** Margin around and between tiles, in pixels of the result. Default 4. */
  readonly gap?: number;
  /** Grey level of the margins and of the places short rows leave empty, 0 to 255. Default 255. */
  readonly background?: number;
}

/** Defaults of `pictureGrid`. */
const gridDefaults = { scale: 4, gap: 4, background: 255 } as const satisfies Required<GridOptions>;

/** 64 million values: more is a slip, not a figure. */
const largest = 64_000_000;

/**
 * Put pictures in rows, left-aligned, upscaled by repeating pixels.
 *
 * @param rows rows of tiles; rows may differ in length
 * @returns a picture of width columns x (tile width x scale + gap) + gap, and alike for the height
 * @throws BispikeError "shape": no tiles, tiles of different sizes, pixels that do not fill a tile, or options out of range
 * @example
 * const grid = pictureGrid([recalled, means], { scale: 3 });
 * await writeFile("recall.png", encodePng(grid));
 */
export function pictureGrid(rows: readonly (readonly Tile[])[], options: GridOptions = {}): Picture {
  const { scale, gap, background } = { ...gridDefaults, ...options };
  checkWhole("scale", scale, 1, 1024);
  checkWhole("gap", gap, 0, 1024);
  checkWhole("background", background, 0, 255);
  const first = rows.find((row) => row.length > 0)?.[0];
  if (first === undefined) throw new BispikeError("shape", "picture grid: expected at least one tile, got none");
  const columns = Math.max(...rows.map((row) => row.length));
  const width = columns * (first.width * scale + gap) + gap;
  const height = rows.length * (first.height * scale + gap) + gap;
  if (width * height * first.channels > largest)
    throw new BispikeError(
      "shape",
      `picture grid: ${width} x ${height} pixels are too many; use a smaller scale or fewer tiles`,
    );
  const grid = { width, height, channels: first.channels, pixels: new Uint8Array(width * height * first.channels) };
  grid.pixels.fill(background);
  rows.forEach((row, r) => {
    row.forEach((tile, c) => {
      checkTile(tile, first, r, c);
      paste(tile, grid, gap + c * (tile.width * scale + gap), gap + r * (tile.height * scale + gap), scale);
    });
  });
  return grid;
}

function paste(tile: Tile, grid: Picture, left: number, top: number, scale: number): void {
  const { channels } = grid;
  const stride = tile.width * channels;
  for (let y = 0; y < tile.height * scale; y++) {
    const source = Math.floor(y / scale) * stride;
    let at = ((top + y) * grid.width + left) * channels;
    for (let x = 0; x < tile.width * scale; x++) {
      const from = source + Math.floor(x / scale) * channels;
      for (let c = 0; c < channels; c++) grid.pixels[at++] = tile.pixels[from + c] ?? 0;
    }
  }
}

function checkTile(tile: Tile, first: Tile, row: number, column: number): void {
  const where = `picture grid: tile ${column} of row ${row}`;
  const size = (picture: Picture) => `${picture.width} x ${picture.height} x ${picture.channels}`;
  for (const side of [tile.width, tile.height])
    if (!Number.isSafeInteger(side) || side < 1)
      throw new BispikeError("shape", `${where}: expected whole sides of at least 1, got ${size(tile)}`);
  if (size(tile) !== size(first))
    throw new BispikeError(
      "shape",
      `${where}: expected ${size(first)} (width x height x channels) like the first tile, got ${size(tile)}`,
    );
  const values = tile.width * tile.height * tile.channels;
  if (tile.pixels.length !== values)
    throw new BispikeError("shape", `${where}: expected ${values} values for ${size(tile)}, got ${tile.pixels.length}`);
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new BispikeError("shape", `picture grid: ${name}: expected an integer from ${min} to ${max}, got ${value}`);
}
