/** Texts, series and what learns from them. */
import * as z from "zod/mini";
import { callable, iterable, listed, number, thing, whole } from "./schemas.ts";

export const sequenceKinds = {
  sequence: {
    schema: z.looseObject({ set: thing, about: thing, windows: z.looseObject({ train: listed }) }),
    words: "a sequence, as loadSequence or assembleSequence gives it",
  },
  set: {
    schema: z.looseObject({ inputs: thing, targets: thing, parts: thing }),
    words: "a sequence's set, such as sequence.set",
  },
  about: { schema: thing, words: "a sequence's summary, such as sequence.about" },
  summary: {
    schema: z.looseObject({ kind: z.enum(["text", "series"]) }),
    words: "a sequence's summary, such as sequence.about",
  },
  series: {
    schema: z.looseObject({ columns: listed, length: number, values: listed }),
    words: "a series { name, columns, length, values }",
  },
  seriesSummary: {
    schema: z.looseObject({ columns: listed, targets: listed, mean: listed, std: listed }),
    words: "a series' summary, such as sequence.about",
  },
  textData: {
    schema: z.looseObject({ alphabet: listed, symbols: listed }),
    words: "a text as symbols, as textOf gives it",
  },
  alphabet: { schema: listed, words: "an alphabet, a list of characters" },
  symbols: { schema: iterable, words: "a list of symbols' numbers" },
  code: {
    schema: z.looseObject({ size: whole, range: number, steps: whole }),
    words: "a population code { size, range, steps }",
  },
  range: {
    schema: z.looseObject({ from: z.number(), to: z.number() }),
    words: "positions { from, to }, such as sequence.set.parts.test",
  },
  starts: { schema: listed, words: "a list of windows' first positions, such as sequence.windows.test" },
  fits: { schema: listed, words: "a list of fits, as fitColumns gives them" },
  learner: {
    schema: z.looseObject({ window: z.number(), load: callable, predict: callable }),
    words: "a learner, such as experiment.learner",
  },
  redrawer: {
    schema: z.looseObject({ window: z.number(), maxRows: z.number(), load: callable, redraw: callable }),
    words: "a learner of rule bsd, such as experiment.learner",
  },
  stepper: { schema: z.looseObject({ next: callable, reset: callable }), words: "a stepper, as stepperOf gives it" },
};
