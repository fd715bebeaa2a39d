/** Numbers, texts, lists and functions. */
import * as z from "zod/mini";
import { callable, listed, number, thing, whole } from "./schemas.ts";

const count = { schema: whole, words: "a whole number from 0" };
const size = {
  schema: z.custom((value) => Number.isSafeInteger(value) && (value as number) > 0),
  words: "a whole number from 1",
};
const text = { schema: z.string(), words: "a text" };
const aNumber = { schema: number, words: "a number" };
const list = { schema: listed, words: "a list of numbers" };

export const plainKinds = {
  deviation: {
    schema: z.custom((value) => (value as number) > 0 && (value as number) <= 1000),
    words: "a number above 0, to 1000",
  },
  ...{ count, images: count, samples: count, step: count, at: count, rows: count, columns: count },
  ...{ classes: size, neurons: size, steps: size, width: size, stages: size, threads: size },
  ...{ start: aNumber, weight: aNumber, value: aNumber, meanSquaredError: aNumber },
  ...{ values: list, numbers: list, channelMeans: list, rates: list, probabilities: list, counts: list },
  ...{ from: list, to: list },
  ...{ name: text, purpose: text, text },
  labels: { schema: listed, words: "a list of class numbers" },
  request: { schema: thing, words: "an object of options" },
  options: { schema: thing, words: "an object of options" },
  overrides: { schema: z.array(z.string()), words: 'a list of texts such as ["--train.epochs=3"]' },
  ...{ loss: { schema: callable, words: "a function" }, visit: { schema: callable, words: "a function" } },
  use: { schema: callable, words: "a function" },
};
