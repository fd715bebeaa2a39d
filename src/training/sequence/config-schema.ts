/** The zod schema of a sequence experiment's configuration; a field's meaning is documented on its type in `config.ts`. */
import * as z from "zod/mini";
import { AFFINITIES } from "../../losses/infonce.ts";
import {
  choice,
  flag,
  hidden,
  name,
  optional,
  path,
  positive,
  real,
  section,
  trainSection,
  whole,
} from "../config-fields.ts";
import type { SequenceConfig } from "./config.ts";

export const TASKS = ["next-character", "regression", "forecast"] as const;
/** Rules on the spiking net. */
export const SPIKING_RULES = ["bsd", "backprop"] as const;
/** Rules on the real-valued net. */
export const REAL_RULES = ["backprop-real", "predictive-coding", "dll"] as const;

/** Most elements of a window, rows of a forecast ahead, or elements to use. */
const most = Number.MAX_SAFE_INTEGER;

const isPlace = (value: number) => Number.isSafeInteger(value) && value >= 0;
const columnName = () => {
  const error = "a column's name or its place from 0";
  const place = z.number({ error }).check(z.refine(isPlace, { error }));
  return z.union([z.string({ error }).check(z.maxLength(1000, { error })), place], { error });
};
const columns = () => {
  const error = "a list of columns' names or places, such as [OT]";
  return z.array(columnName(), { error }).check(z.minLength(1, { error }));
};
const heldOut = () => {
  const error = "a fraction from 0 to below 1";
  return z.number({ error }).check(z.gte(0, { error }), z.lt(1, { error }));
};
const timeColumn = () => {
  const error = "a column's name or place, or false";
  return z.union([columnName(), z.literal(false, { error })], { error });
};
const delimiter = () => {
  const error = `one of "," ";" "\\t" "|" and whitespace`;
  return z.enum([",", ";", "\t", "|", "whitespace"], { error });
};
const finite = () => z.number({ error: "a number" });

export const sequenceSchema = section({
  name: name(),
  task: choice(TASKS),
  data: section({
    text: optional(path("a known text (alice, hamlet, emma) or a text's path")),
    series: optional(path("a series' path")),
    targets: optional(columns()),
    columns: optional(columns()),
    horizon: optional(whole(1, most)),
    window: whole(1, 65536),
    stride: whole(1, most),
    trainPart: real(0, 1),
    heldOut: heldOut(),
    limit: whole(0, most),
    standardise: optional(choice(["train", "all"])),
    fill: optional(choice(["error", "interpolate", "previous"])),
    missing: optional(finite()),
    newline: optional(choice(["keep", "lf"])),
    delimiter: optional(delimiter()),
    header: optional(flag()),
    timeColumn: optional(timeColumn()),
    key: optional(z.string({ error: "text" }).check(z.maxLength(1000, { error: "text of at most 1000 characters" }))),
    feature: optional(whole(0, 65535)),
  }),
  network: section({
    hidden: hidden(),
    steps: whole(1, 65536),
    norm: flag(),
    tau: real(1),
    threshold: section({ perception: positive(), recall: positive() }),
    recurrentRecall: flag(),
    population: section({ size: whole(2, 4096), range: positive() }),
  }),
  rule: section({
    name: choice([...SPIKING_RULES, ...REAL_RULES]),
    recallFeatures: choice(["rate", "drive", "membrane"]),
    centred: flag(),
    loss: choice(["infonce", "reco"]),
    negatives: choice(["literal", "masked"]),
    block: whole(2, 65536),
    temperature: positive(),
    affinity: choice(AFFINITIES),
    lambda: real(0),
    weight: real(0),
    stimulusWeight: real(0),
    homeostasis: section({ weight: real(0), rate: real(0, 1) }),
    inferenceSteps: whole(1, 1_000_000),
    inferenceRate: positive(),
    carry: choice(["predicted", "inferred"]),
    feedbackRate: real(0),
    errorLimit: positive(),
    temporalFeedback: flag(),
  }),
  train: trainSection(),
}) satisfies z.ZodMiniType<SequenceConfig>;
