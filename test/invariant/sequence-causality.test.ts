/**
 * Which elements of a window an output may depend on, bit for bit, in evaluation: perception's at position n on inputs up to n of its own row, recall's on targets from n on of its own
 * row. Windows cut in parts that go on where the last one ended are the same as whole ones.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { SequencePair } from "../../src/nets/sequence-pair.ts";
import { drawParameters } from "../support/sequence-twin.ts";
import { type SmallSequenceOptions, smallBsd } from "../support/small-recurrent.ts";

const WINDOW = 6;
const ROWS = 4;
const SYMBOLS = 7;

/** Elements by row and position, put into the pair's order position * rows + row. */
type Windows = readonly (readonly number[])[];
const interleaved = (windows: Windows): number[] =>
  Array.from(
    { length: windows[0]!.length * windows.length },
    (_, k) => windows[k % windows.length]![Math.floor(k / windows.length)]!,
  );

const randomWindows = (seed: number): number[][] => {
  const random = new RandomStream(seed, "windows");
  return Array.from({ length: ROWS }, () => Array.from({ length: WINDOW }, () => random.below(SYMBOLS)));
};

const values = { kind: "values", width: 3 } as const;
const symbols = { kind: "symbols", width: SYMBOLS } as const;

/** Shows one number an element to either end: a symbol, or `width` values made of it. */
function show(pair: SequencePair, to: "inputs" | "targets", windows: Windows): void {
  const elements = interleaved(windows);
  const { kind, width } = pair.options[to];
  const rows = elements.flatMap((element) => Array.from({ length: width }, (_, d) => Math.sin(3 * element + d)));
  if (kind === "symbols") {
    if (to === "inputs") pair.setSymbols(elements);
    else pair.presentSymbols(elements);
  } else if (to === "targets") pair.presentValues(rows, elements.length);
  else
    for (const [k, value] of rows.entries())
      pair.stimulus.view[Math.floor(k / width) * pair.stimulusWidth + (k % width)] = value;
}

const layersOf = (pair: SequencePair, to: "inputs" | "targets") =>
  to === "inputs" ? pair.perception : pair.recall.toReversed();

function run(pair: SequencePair, to: "inputs" | "targets", windows: Windows, first = true): void {
  const [positions, rows] = [windows[0]!.length, windows.length];
  show(pair, to, windows);
  for (const layer of layersOf(pair, to)) {
    if (first) layer.window!.reset(positions, rows);
    layer.forward({ positions, rows }, { train: false, feature: "rate" });
  }
}

/** Spikes of one element, and its rates, of every layer: a string a layer. */
function elementOf(layer: Layer, position: number, rows: number, row: number): string {
  const { first } = layer.window!.elements;
  const image = position * rows + row;
  const trains = Array.from({ length: layer.synapses.shape.channels }, (_, u) =>
    [0, 1, 2, 3].map((t) => (layer.output!.fired(first + image, t, 0, u) ? 1 : 0)).join(""),
  );
  const features = layer.features.view.subarray(image * layer.featureWidth, (image + 1) * layer.featureWidth);
  return `${trains.join(" ")} ${features.join(" ")}`;
}

/** What each element of the newest pass left: [row][position]. */
const tableOf = (layers: readonly Layer[]): string[][] =>
  Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: WINDOW }, (_, n) => layers.map((layer) => elementOf(layer, n, ROWS, row)).join("|")),
  );

async function withPair<T>(network: SmallSequenceOptions["network"], work: (pair: SequencePair) => T): Promise<T> {
  const { team, pair, learner } = await smallBsd({ network: { window: WINDOW, maxRows: ROWS, ...network } });
  try {
    drawParameters(learner, 4);
    return work(pair);
  } finally {
    await team.close();
  }
}

const ends = [
  { name: "perception of symbols", to: "inputs", network: { inputs: symbols } },
  { name: "perception of values", to: "inputs", network: { inputs: values } },
  { name: "recall of symbols", to: "targets", network: { targets: symbols } },
  { name: "recall of values", to: "targets", network: { targets: values } },
] as const;

describe.each(ends)("$name", ({ to, network }) => {
  test.each([true, false])(
    "an element changes its own row's outputs from its position on, and no other (norm %s)",
    async (norm) => {
      await withPair({ ...network, norm }, (pair) => {
        const windows = randomWindows(1);
        run(pair, to, windows);
        const before = tableOf(layersOf(pair, to));
        for (let row = 0; row < ROWS; row++) {
          for (let n = 0; n < WINDOW; n++) {
            const changed = windows.map((window) => [...window]);
            changed[row]![n] = (changed[row]![n]! + 3) % SYMBOLS;
            run(pair, to, changed);
            const differing = tableOf(layersOf(pair, to)).flatMap((line, r) =>
              line.flatMap((element, at) => (element === before[r]![at] ? [] : [{ row: r, at }])),
            );
            const reached = (at: number) => (to === "inputs" ? at >= n : at <= n);
            expect(differing.filter((place) => place.row !== row || !reached(place.at))).toEqual([]);
            // The element itself is seen, so the comparison can tell.
            expect(differing).toContainEqual({ row, at: n });
          }
        }
        // Somewhere a change reaches beyond its own element: recurrence is there.
        const changed = windows.map((window) =>
          window.map((symbol, n) => (n === (to === "inputs" ? 0 : WINDOW - 1) ? (symbol + 3) % SYMBOLS : symbol)),
        );
        run(pair, to, changed);
        const after = tableOf(layersOf(pair, to));
        const far = to === "inputs" ? WINDOW - 1 : 0;
        expect(after.some((line, row) => line[far] !== before[row]![far])).toBe(true);
      });
    },
  );

  test("rows may be shown in any order and beside any others", async () => {
    await withPair(network, (pair) => {
      const windows = randomWindows(2);
      run(pair, to, windows);
      const before = tableOf(layersOf(pair, to));
      run(pair, to, windows.toReversed());
      expect(tableOf(layersOf(pair, to)).toReversed()).toEqual(before);
      run(pair, to, [windows[2]!]);
      const alone = Array.from({ length: WINDOW }, (_, n) =>
        layersOf(pair, to)
          .map((layer) => elementOf(layer, n, 1, 0))
          .join("|"),
      );
      expect(alone).toEqual(before[2]);
    });
  });

  test("a window cut in parts that go on where the last one ended gives the whole window's outputs", async () => {
    await withPair(network, (pair) => {
      const windows = randomWindows(3);
      run(pair, to, windows);
      const whole = tableOf(layersOf(pair, to));
      const cuts = to === "inputs" ? [0, 1, 4, 6] : [6, 4, 1, 0];
      let states: Uint16Array[] = [];
      for (let k = 1; k < cuts.length; k++) {
        const [from, end] = [Math.min(cuts[k - 1]!, cuts[k]!), Math.max(cuts[k - 1]!, cuts[k]!)];
        for (const [i, state] of states.entries()) layersOf(pair, to)[i]!.window!.resume(state, end - from, ROWS);
        run(
          pair,
          to,
          windows.map((window) => window.slice(from, end)),
          k === 1,
        );
        for (let row = 0; row < ROWS; row++) {
          const found = Array.from({ length: end - from }, (_, n) =>
            layersOf(pair, to)
              .map((layer) => elementOf(layer, n, ROWS, row))
              .join("|"),
          );
          expect(found).toEqual(whole[row]!.slice(from, end));
        }
        states = layersOf(pair, to).map((layer) => layer.window!.state(end - from, ROWS));
      }
      // And a reset takes away what was there.
      run(pair, to, windows);
      expect(tableOf(layersOf(pair, to))).toEqual(whole);
    });
  });
});
