/** A stage's rows aligned band by band on the engine, in plain arrays. */

import type { Team } from "../../src/engine/team.ts";
import { type BandLoss, FrequencyAlignment, frequencyStage } from "../../src/learning/frequency-alignment.ts";
import { type AlignmentLoss, type Negatives, pairing, pairingRoom } from "../../src/losses/affinity.ts";
import type { FrequencyOptions } from "../../src/losses/bands.ts";
import { type Shape, sizeOf } from "../../src/network/shape.ts";
import { packRows, unpackRows } from "./spectra.ts";

export interface SplitCase {
  readonly shape: Shape;
  readonly options: FrequencyOptions;
  readonly loss: (band: BandLoss) => AlignmentLoss;
  readonly negatives: Negatives;
  readonly centred: boolean;
  readonly labels: readonly number[];
  readonly classes: number;
}

/** Value, gradients and the sides as they are left, of plain rows v and w. */
export function splitAlign(team: Team, v: ArrayLike<number>, w: ArrayLike<number>, c: SplitCase) {
  const { shape, labels, classes, negatives, centred } = c;
  const [rows, columns] = [v.length / sizeOf(shape), w.length / sizeOf(shape)];
  const stage = frequencyStage(team, shape, c.options, c.loss);
  const alignment = new FrequencyAlignment(team, rows, columns, [stage]);
  for (const { view } of [alignment.rowGradient, alignment.columnGradient]) view.fill(7);
  const { rowWidth } = stage.fourier;
  const [x, y] = [team.arena.f32(rows * rowWidth), team.arena.f32(columns * rowWidth)];
  packRows(shape, v, rowWidth, x.view);
  packRows(shape, w, rowWidth, y.view);
  const pairs = pairing(negatives, labels, classes, pairingRoom(team.arena, rows, columns));
  const value = alignment.align(
    stage,
    pairs,
    { v: x.at, rows, w: y.at, columns },
    { centred, rowGradient: true, columnGradient: true },
  );
  const gradV = unpackRows(shape, rows, rowWidth, alignment.rowGradient.view);
  const gradW = unpackRows(shape, columns, rowWidth, alignment.columnGradient.view);
  return {
    ...{ value, gradV: gradV.plain, gradW: gradW.plain, padding: Math.max(gradV.padding, gradW.padding) },
    ...{ v: unpackRows(shape, rows, rowWidth, x.view).plain, w: unpackRows(shape, columns, rowWidth, y.view).plain },
  };
}
