/**
 * Two neurons that hear each other, worked out by hand (tau 2, threshold 0.6, T = 4, no norm). Under a constant drive X from rest, H = X/2, 3X/4, 7X/8, ... until it fires:
 * 1.5 fires at every step, 1.0 at every second, 0.7 at the third, 0.5 never.
 *
 *   A sees symbol a with weight 1.0, symbol c with 0.7, and hears B with weight -1
 *   B sees nothing, hears A with weight 1.5 and itself with 0.5
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { SequencePair } from "../../src/nets/sequence-pair.ts";
import { smallBsd } from "../support/small-recurrent.ts";

const [a, b, c] = [0, 1, 2];
const STEPS = 4;
const MAX_ROWS = 3;

let made: Awaited<ReturnType<typeof smallBsd>>;
beforeAll(async () => {
  const symbols = { kind: "symbols", width: 3 } as const;
  const sizes = { hidden: [2], window: 5, maxRows: MAX_ROWS, norm: false };
  made = await smallBsd({ network: { ...sizes, inputs: symbols, targets: symbols } });
  for (const layer of [...made.pair.perception, ...made.pair.recall]) wire(layer);
});
afterAll(() => made.team.close());

function wire({ synapses, recurrent, group }: Layer): void {
  synapses.pack("weight", [1, 0, 0.7, 0, 0, 0], group.view("weight"));
  synapses.pack("bias", [0, 0], group.view("bias"));
  recurrent!.pack("recurrent", [0, -1, 1.5, 0.5], group.view("recurrent"));
}

/** Trains of A and B at each position of a row. */
const trainsOf = (layer: Layer, positions: number, rows: number, row: number): string[] =>
  Array.from({ length: positions }, (_, n) =>
    [0, 1]
      .map((u) =>
        Array.from({ length: STEPS }, (_, t) =>
          layer.output!.fired(layer.window!.elements.first + n * rows + row, t, 0, u) ? "|" : ".",
        ).join(""),
      )
      .join(" "),
  );

function run(pair: SequencePair, network: "perception" | "recall", windows: readonly (readonly number[])[]): Layer {
  const [rows, positions] = [windows.length, windows[0]!.length];
  const elements = Array.from({ length: rows * positions }, (_, k) => windows[k % rows]![Math.floor(k / rows)]!);
  if (network === "perception") pair.setSymbols(elements);
  else pair.presentSymbols(elements);
  pair.reset(positions, rows);
  const layer = pair[network][0]!;
  layer.forward({ positions, rows }, { train: false, feature: "rate" });
  return layer;
}

const window = [a, b, a, a, b];
const trains = [
  // A alone.
  ".|.| ....",
  // A's drive is 0; B hears A: drive 0, 1.5, 0, 1.5.
  ".... .|.|",
  // A's drive is 1, 0, 1, 0: H is 0.5, 0.25, 0.625. B hears itself: 0, 0.5, 0, 0.5 is too little.
  "..|. ....",
  // B was silent: A as at first. B hears A's one spike.
  ".|.| ..|.",
  // B's drive is 0, 1.5, 0.5, 1.5: it fires, is at 0.25, then at 0.875.
  ".... .|.|",
];

describe("trains worked out by hand", () => {
  test("perception hears the element before", () => {
    const layer = run(made.pair, "perception", [window]);
    expect(trainsOf(layer, 5, 1, 0)).toEqual(trains);
    const rates = Array.from({ length: 5 }, (_, n) => [...layer.features.view.subarray(n * 16, n * 16 + 2)]);
    expect(rates).toEqual([
      [0.5, 0],
      [0, 0.5],
      [0.25, 0],
      [0.5, 0.25],
      [0, 0.5],
    ]);
    expect([...layer.rates()]).toEqual([0.25, 0.25]);
  });

  test("recall hears the element after", () => {
    const layer = run(made.pair, "recall", [window.toReversed()]);
    expect(trainsOf(layer, 5, 1, 0)).toEqual(trains.toReversed());
  });

  test("windows side by side", () => {
    const random = new RandomStream(2, "beside");
    const other = () => window.map(() => random.below(3));
    const layer = run(made.pair, "perception", [other(), window, other()]);
    expect(trainsOf(layer, 5, MAX_ROWS, 1)).toEqual(trains);
  });

  test("membranes start anew at each element: spikes are all it hands on", () => {
    // After its spike A stands at 0.35. Carried on, that would make it fire at the second step of the next element.
    const layer = run(made.pair, "perception", [[c, c]]);
    expect(trainsOf(layer, 2, 1, 0)).toEqual(["..|. ....", "..|. ..|."]);
  });
});
