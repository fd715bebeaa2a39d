/** Random codes of the stimulus belong to an image and a pass, wherever in a batch the image is shown: evaluation has one code for each, training another one every step. */
import { expect, test } from "vitest";
import type { Model } from "../../src/nets/model.ts";
import { smallModel } from "../support/small-model.ts";

const SHAPE = { height: 3, width: 5, channels: 1 };
const STEPS = 4;

/** Spikes of the encoded stimulus of the first `images` images, one string each. */
function codesOf({ pair }: Model, images: number): string[] {
  const spikes = pair.stimulusSpikes!;
  return Array.from({ length: images }, (_, image) => {
    let code = "";
    for (let t = 0; t < STEPS; t++) {
      for (let place = 0; place < SHAPE.height * SHAPE.width; place++) code += spikes.fired(image, t, 0, place) ? 1 : 0;
    }
    return code;
  });
}

test("Poisson codes: an image's own, and a pass's own", async () => {
  const { team, model, split } = await smallModel({ shape: SHAPE, network: { stimulus: "poisson", steps: STEPS } });
  try {
    // All of one grey: what sets codes apart are the draws.
    split.images.fill(120);
    const perceived = (order: readonly number[]) => {
      model.load(split, Int32Array.from(order), 0, order.length);
      model.perceive(order.length);
      return codesOf(model, order.length);
    };
    const [first, second, third] = perceived([3, 1, 6]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(perceived([6, 3])).toEqual([third, first]);
    // From the middle of an order, as batches are taken from an epoch's.
    model.load(split, Int32Array.of(0, 2, 6, 3), 2, 2);
    model.perceive(2);
    expect(codesOf(model, 2)).toEqual([third, first]);

    const learned = (counter: number) => {
      model.pair.encode(2, counter, true);
      return codesOf(model, 2);
    };
    const seen = [[third!, first!], ...[0, 1, 2, 0xffff].map(learned)];
    expect(new Set(seen.flat()).size, "no pass shares a code with another").toBe(10);
    expect(learned(1)).toEqual(seen[2]);
  } finally {
    await team.close();
  }
});
