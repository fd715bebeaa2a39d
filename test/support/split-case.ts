/** A stage's rows aligned band by band on the engine, in plain arrays. */

import type { Team } from "../../src/engine/team.ts";
import { Alignment, type PartLoss } from "../../src/losses/align.ts";
import { bandsOf, type FrequencyOptions } from "../../src/losses/bands.ts";
import type { Rivals } from "../../src/losses/pairings.ts";
import { type Shape, sizeOf } from "../../src/nets/shape.ts";
import { packRows, unpackRows } from "./spectra.ts";

export interface SplitCase {
  readonly shape: Shape;
  readonly options: FrequencyOptions;
  readonly loss: PartLoss;
  readonly rivals: Rivals;
  readonly centred: boolean;
  readonly labels: readonly number[];
  /** Rows compared at once; default all. */
  readonly block?: number;
}

/** Value, gradients and the sides as they are left, of plain rows v and w. */
export function splitAlign(team: Team, v: ArrayLike<number>, w: ArrayLike<number>, c: SplitCase) {
  const { shape, labels, rivals, centred, block, loss } = c;
  const [rows, columns] = [v.length / sizeOf(shape), w.length / sizeOf(shape)];
  const bands = bandsOf(team, shape, c.options);
  const { rowWidth } = bands.fourier;
  const stage = { width: rowWidth, features: sizeOf(shape), loss, rivals, centred, block, bands };
  const alignment = new Alignment(team, { rows, columns, stages: [stage] });
  for (const { view } of [alignment.rowGradient, alignment.columnGradient]) view.fill(7);
  const [x, y] = [team.arena.f32(rows * rowWidth), team.arena.f32(columns * rowWidth)];
  packRows(shape, v, rowWidth, x.view);
  packRows(shape, w, rowWidth, y.view);
  const sides = { v: x.at, rows, w: y.at, columns, labels };
  const { loss: value } = alignment.align(stage, sides, { rows: true, columns: true });
  const gradV = unpackRows(shape, rows, rowWidth, alignment.rowGradient.view);
  const gradW = unpackRows(shape, columns, rowWidth, alignment.columnGradient.view);
  return {
    ...{ value, gradV: gradV.plain, gradW: gradW.plain, padding: Math.max(gradV.padding, gradW.padding) },
    ...{ v: unpackRows(shape, rows, rowWidth, x.view).plain, w: unpackRows(shape, columns, rowWidth, y.view).plain },
  };
}
