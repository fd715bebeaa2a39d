/** Following a run in a page: logs read as they grow, cut or torn, and the curves made of their lines. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RunCurves } from "../../lab/src/follow/curves.ts";
import { GrowingLog } from "../../lab/src/follow/growing-log.ts";

const encoder = new TextEncoder();

/** A log in memory, and its reader. */
function logOf(text: string) {
  const log = { bytes: encoder.encode(text) };
  const growing = new GrowingLog("metrics.jsonl", async (from, to) => log.bytes.slice(from, to));
  return { log, news: () => growing.news(log.bytes.length) };
}

test("every whole line comes once and in order, however the log grows", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string()), fc.array(fc.nat(9), { minLength: 1 }), async (texts, pieces) => {
      const lines = texts.map((text) => JSON.stringify({ text }));
      const all = encoder.encode(lines.map((line) => `${line}\n`).join(""));
      const { log, news } = logOf("");
      const seen: string[] = [];
      for (let end = 0, k = 0; end < all.length; k++) {
        end = Math.min(all.length, end + 1 + pieces[k % pieces.length]!);
        log.bytes = all.slice(0, end);
        const { lines: added, first, anew } = await news();
        expect([first, anew]).toEqual([seen.length + 1, false]);
        seen.push(...added);
      }
      expect(seen).toEqual(lines);
    }),
  );
});

test("a log that was cut and written anew is read from its start, also when it has grown past its old end", async () => {
  const { log, news } = logOf("one\ntwo\nthree\nfo");
  expect((await news()).lines).toEqual(["one", "two", "three"]);
  log.bytes = encoder.encode("one\n");
  expect(await news()).toEqual({ lines: ["one"], first: 1, anew: true });
  log.bytes = encoder.encode("one\nTWO\nTHREE\nFOUR\nFIVE\n");
  expect((await news()).lines).toEqual(["TWO", "THREE", "FOUR", "FIVE"]);
  log.bytes = encoder.encode("one\nzwei\ndrei\nvier\nfuenf\nsechs\n");
  expect(await news()).toMatchObject({ lines: ["one", "zwei", "drei", "vier", "fuenf", "sechs"], anew: true });
});

test("logs past all reason are refused", async () => {
  const log = new GrowingLog("metrics.jsonl", async (from, to) => new Uint8Array(to - from).fill(120));
  await expect(log.news(2 ** 29)).rejects.toThrow(/at most 268435456 bytes, got 536870912/);
  await expect(log.news(2 ** 23)).rejects.toThrow(/line 1: expected at most 4194304 bytes/);
});

test("lines become curves by what they are about", () => {
  const curves = new RunCurves();
  const step = {
    kind: "step",
    step: 3,
    epoch: 1,
    seconds: 1,
    loss: 2,
    stageLosses: [0.5, 0.25],
    perceptionRates: [0.1],
  };
  curves.addMetrics(JSON.stringify(step), "metrics.jsonl: line 1");
  const epoch = {
    kind: "epoch",
    step: 9,
    epoch: 1,
    seconds: 2,
    validationAccuracy: 0.9,
    trainAccuracy: 0.8,
    trainLoss: 1,
  };
  curves.addMetrics(JSON.stringify(epoch), "metrics.jsonl: line 2");
  const gradients = [
    { stage: 2, cosine: 0.5, degrees: 60 },
    { stage: 3, cosine: null, degrees: null },
  ];
  curves.addObservation(JSON.stringify({ step: 5, gradients, weights: [{ between: [1, 2], cosine: 0.7 }] }), "o");
  const seen = curves.charts().map(({ title, lines }) => [title, Object.fromEntries(lines)]);
  const at = (x: number, y: number) => ({ steps: [x], values: [y] });
  expect(Object.fromEntries(seen)).toEqual({
    Accuracy: { validation: at(9, 0.9), "learned from": at(9, 0.8) },
    Loss: { batch: at(3, 2), epoch: at(9, 1) },
    "Loss by stage": { "stage 1": at(3, 0.5), "stage 2": at(3, 0.25) },
    "Firing rates of perception": { "stage 2": at(3, 0.1) },
    "Angle to backprop": { "stage 2": at(5, 60) },
    "Weights up and down": { "stages 1,2": at(5, 0.7) },
  });
  expect(curves.step).toBe(9);
});

test.each(["", "null", "[]", "{}", '{"kind":"step"}', "not JSON"])("a line %j is an error that says where", (line) => {
  const curves = new RunCurves();
  expect(() => curves.addMetrics(line, "r/metrics.jsonl: line 7")).toThrow(
    /^r\/metrics.jsonl: line 7: expected the metrics/,
  );
  expect(() => curves.addObservation(line, "r/o: line 7")).toThrow(/^r\/o: line 7: expected an observation/);
});

test("a long run keeps a curve of some thousand points, with its newest", () => {
  const curves = new RunCurves();
  for (let step = 1; step <= 20_000; step++)
    curves.addMetrics(JSON.stringify({ kind: "step", step, epoch: 1, seconds: 0, loss: step }), "m");
  const { steps, values } = curves.charts()[0]!.lines.get("batch")!;
  expect(steps.length).toBeLessThanOrEqual(6000);
  expect(steps.length).toBeGreaterThan(2000);
  expect(steps.at(-1)).toBeGreaterThan(19_990);
  expect(values).toEqual(steps);
});
