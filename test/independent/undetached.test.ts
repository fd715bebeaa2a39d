/**
 * BSD whose stages are not detached, against the tests' own autodiff: one tape from both ends to the sum of all losses, nothing of a network's own held constant but its means. The
 * same tape, cut at every stage's input, is plain BSD; whatever the two networks are compared by, and whatever drives recall.
 */
import { describe, expect, test, vi } from "vitest";
import { InputGradient } from "../../src/nets/input-gradient.ts";
import { ALLOWED, type Comparison, learn, type Small, small, tape, worst } from "../support/pair-tape.ts";

/** A step has the losses and gradients of one tape, and not of another, so that the tape can tell. */
function expectTape(built: Small, comparison: Comparison, other: Comparison): void {
  const report = learn(built);
  const { losses, parameters } = tape(built, comparison);
  for (const [k, loss] of losses.entries()) expect(report.stageLosses[k], `stage ${k + 1}`).toBeCloseTo(loss, 5);
  expect(worst(built, parameters)).toBeLessThan(ALLOWED);
  expect(worst(built, tape(built, other).parameters)).toBeGreaterThan(100 * ALLOWED);
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test.each([false, true])("detached %s: gradients of all weights, biases and norms", async (detached) => {
    const built = await small(kind, { detached });
    try {
      const rates = { perception: "rate", recall: "rate" } as const;
      expectTape(built, { detached, ...rates }, { detached: !detached, ...rates });
    } finally {
      await built.team.close();
    }
  });

  test.each([
    ["rate", "drive", "chain", true],
    ["rate", "membrane", "chain", true],
    ["membrane", "rate", "chain", true],
    ["rate", "rate", "broadcast", true],
    ["rate", "drive", "broadcast", true],
    ["rate", "membrane", "broadcast", true],
    ["rate", "drive", "chain", false],
    ["rate", "membrane", "chain", false],
    ["drive", "membrane", "chain", false],
  ] as const)("perception's %s against recall's %s, %s, detached %s", async (features, against, recall, detached) => {
    const built = await small(kind, { features, recallFeatures: against, detached }, recall);
    try {
      const comparison = { detached, perception: features, recall: against };
      expectTape(built, comparison, { ...comparison, recall: against === "drive" ? "rate" : "drive" });
    } finally {
      await built.team.close();
    }
  });

  test("with nothing handed down it is BSD", async () => {
    const plain = await small(kind, { detached: true });
    const cut = await small(kind, { detached: false });
    const memory = cut.team.arena.memory;
    const spy = vi.spyOn(InputGradient.prototype, "run").mockImplementation(function (
      this: InputGradient,
      images,
      _workspace,
      steps,
      out,
    ) {
      new Float32Array(memory.buffer, out, this.floats(images, steps)).fill(0);
    });
    try {
      const reports = [learn(plain), learn(cut)];
      expect(reports[1]).toEqual(reports[0]);
      // A layer above, and one in recall: every stage but the lowest of each network handed something down.
      expect(spy.mock.calls.length).toBe(2 * plain.pair.options.hidden.length);
      for (const [k, { group, name }] of cut.pair.layers.entries()) {
        const other = plain.pair.layers[k]!.group.gradients.view;
        const scale = Math.max(...other.map(Math.abs));
        const gap = Math.max(...group.gradients.view.map((value, i) => Math.abs(value - other[i]!)));
        // The norm's gradient is ended in another kernel, in another order.
        expect(gap / scale, name).toBeLessThan(1e-6);
      }
    } finally {
      spy.mockRestore();
      await plain.team.close();
      await cut.team.close();
    }
  });
});
