/** Rows that are all alike say nothing once their mean is taken away, though rounding leaves a little of each: they get no gradient and give none. */
import { expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { Alignment } from "../../src/losses/align.ts";
import { infonce } from "../../src/losses/infonce.ts";
import { reco } from "../../src/losses/stage-loss.ts";

const ROWS = 5;
const WIDTH = 48;

test.each([
  ["infonce", infonce({ temperature: 0.1, weight: 1 })],
  ["reco", reco({ lambda: 1, weight: 1 })],
])("%s: rows that are all alike have no gradient", async (_, loss) => {
  const team = await Team.create();
  try {
    const v = team.arena.f32(ROWS * WIDTH);
    const w = team.arena.f32(ROWS * WIDTH);
    for (let k = 0; k < ROWS; k++) {
      for (let i = 0; i < WIDTH; i++) {
        // Recall is dead: a bias alone, the same in every row. A fifth of 0.1 five times is not 0.1 in float32.
        w.view[k * WIDTH + i] = 0.1 + i / 7;
        v.view[k * WIDTH + i] = ((k * 31 + i * 17) % 11) / 11;
      }
    }
    const stage = { width: WIDTH, features: WIDTH, loss: () => loss, rivals: "literal", centred: true } as const;
    const size = { rows: ROWS, columns: ROWS };
    const alignment = new Alignment(team, { ...size, stages: [stage] });
    const sides = { v: v.at, w: w.at, ...size };
    const { loss: value } = alignment.align(stage, sides, { rows: true, columns: true });
    // The case is the one that is meant: rounding left something.
    expect(w.view.some((x) => x !== 0)).toBe(true);
    expect(Number.isFinite(value)).toBe(true);
    for (const x of alignment.columnGradient.view) expect(Math.abs(x)).toBe(0);
    for (const x of alignment.rowGradient.view) expect(Math.abs(x)).toBe(0);
  } finally {
    await team.close();
  }
});
