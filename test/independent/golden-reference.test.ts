/**
 * The float64 reference against the golden states, which PyTorch's autograd made: two implementations that share nothing
 * but the method's text.
 */
import { describe, expect, test } from "vitest";
import { type GoldenState, type GoldenTensor, goldenFiles, loadGolden } from "../golden/golden.ts";
import { adamwStart, adamwStep } from "../reference/adamw.ts";
import { bsdStep } from "../reference/bsd-reference.ts";
import { relativeGap, worstGap } from "../reference/close.ts";
import { cancelledBiases, goldenOptions, goldenPair, namedGradients } from "../reference/golden-pair.ts";

const arrays = (tensors: Readonly<Record<string, GoldenTensor>>): Map<string, Float64Array> =>
  new Map(Object.entries(tensors).map(([name, tensor]) => [name, Float64Array.from(tensor.data)]));

function stepFrom(state: GoldenState, parameters: Map<string, Float64Array>, clampSilent: boolean) {
  const pair = goldenPair(state.case, parameters);
  const options = { ...goldenOptions(state.case), clampSilent };
  return { pair, step: bsdStep(pair, Float64Array.from(state.stimulus.data), state.labels, options) };
}

/** Ten AdamW steps: the losses before each, and the parameters after all. */
function train(state: GoldenState, clampSilent: boolean) {
  let states = new Map([...arrays(state.initial)].map(([name, p]) => [name, adamwStart(p)]));
  const losses = [];
  for (let i = 0; i < 10; i++) {
    const { step } = stepFrom(state, new Map([...states].map(([name, s]) => [name, s.parameter])), clampSilent);
    losses.push(namedLosses(step));
    const gradients = namedGradients(state.case, step.gradients);
    states = new Map([...states].map(([name, s]) => [name, adamwStep(s, gradients.get(name)!)]));
  }
  return { losses, parameters: new Map([...states].map(([name, s]) => [name, s.parameter])) };
}

const worstLossGap = (losses: ReadonlyMap<string, number>, expected: Readonly<Record<string, number>>): number =>
  Math.max(...[...losses].map(([name, loss]) => Math.abs(loss - expected[name]!)));

/** Losses by golden name. */
function namedLosses({ stageLosses, topLoss }: { stageLosses: readonly number[]; topLoss: number }) {
  return new Map([...stageLosses.map((loss, i) => [`stage ${i + 1}`, loss] as const), ["top", topLoss] as const]);
}

describe.each(goldenFiles)("%s", (file) => {
  const state = loadGolden(file);
  const { pair, step } = stepFrom(state, arrays(state.initial), false);

  test("drives and membranes meet to 1e-9, spikes exactly", () => {
    const networks = { perception: step.perception, recall: step.recall };
    for (const [network, stages] of Object.entries(networks)) {
      const golden = state.trace[network as keyof typeof networks];
      for (const [i, stage] of stages.entries()) {
        const expected = golden[i]!;
        const where = `${network} ${i}`;
        expect(worstGap(stage.block.drive, expected.drive.data).gap, `${where} drive`).toBeLessThan(1e-9);
        expect(worstGap(stage.membrane, expected.membrane!.data).gap, `${where} membrane`).toBeLessThan(1e-9);
        expect(Array.from(stage.spikes), `${where} spikes`).toEqual(expected.spikes!.data);
      }
    }
    expect(step.recall).toHaveLength(state.trace.recall.length - 1);
    expect(step.perception).toHaveLength(state.trace.perception.length);
    expect(worstGap(step.reconstructed, state.trace.recall.at(-1)!.drive.data).gap, "redrawn").toBeLessThan(1e-9);
    expect(worstGap(step.topDrive, state.trace["top drive"].data).gap, "top drive").toBeLessThan(1e-9);
  });

  test("losses meet to 1e-9", () => {
    const losses = namedLosses(step);
    const expected = state["losses over ten steps"][0]!;
    expect([...losses.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [name, loss] of losses) expect(Math.abs(loss - expected[name]!), name).toBeLessThan(1e-9);
  });

  test("gradients of every parameter meet to 1e-8 relative", () => {
    const gradients = namedGradients(state.case, step.gradients);
    const cancelled = cancelledBiases(state.case, pair);
    expect([...gradients.keys()].sort()).toEqual(Object.keys(state.gradients).sort());
    for (const [name, gradient] of gradients) {
      const expected = state.gradients[name]!.data;
      // The true gradient of a cancelled bias is 0: relative to rounding noise nothing can be close.
      const gap = cancelled.has(name) ? worstGap(gradient, expected).gap : relativeGap(gradient, expected);
      expect(gap, name).toBeLessThan(1e-8);
    }
  });

  test("ten AdamW steps meet to 1e-6", () => {
    // One file meets a silent row on the way, and PyTorch's normalize then parts from the method (next test).
    const { losses, parameters } = train(state, true);
    expect(state["losses over ten steps"]).toHaveLength(losses.length);
    for (const [i, expected] of state["losses over ten steps"].entries()) {
      expect(worstLossGap(losses[i]!, expected), `step ${i}`).toBeLessThan(1e-6);
    }
    const cancelled = cancelledBiases(state.case, pair);
    for (const [name, parameter] of parameters) {
      if (cancelled.has(name)) continue;
      expect(worstGap(parameter, state["after ten steps"][name]!.data).gap, name).toBeLessThan(1e-6);
    }
  });

  test("with silent rows left still, all losses meet up to the step after the first silent row", () => {
    const { losses } = train(state, false);
    const met = state["losses over ten steps"].findIndex((expected, i) => worstLossGap(losses[i]!, expected) > 1e-6);
    expect(met).toBe(file === "mlp-infonce-pairs" ? 6 : -1);
  });
});
