/** The first thing parts tell each other: whether they are parts of the same training, and where it can go on from. */
import { z } from "zod";
import type { Dataset } from "../data/dataset.ts";
import { xxHash32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";
import type { DataSummary } from "../nets/model.ts";
import { describeStages, type StageRange } from "../nets/pair.ts";
import { modelConfig } from "../training/checkpoint.ts";
import type { ExperimentConfig } from "../training/config.ts";
import { type Frame, signal } from "./frame.ts";

/** Most bytes of a hello. */
export const HELLO_BYTES = 65536;
/** Steps a part offers at most. */
const MOST_STEPS = 64;

const step = z.int().min(0);
const helloSchema = z.strictObject({
  software: z.string().max(64),
  stages: z.strictObject({ first: step, last: step }),
  of: step,
  config: z.string().max(64),
  data: z.string().max(64),
  depth: step,
  saveEvery: step,
  /** Down: steps that this part and those above can go on from. Up: the one step chosen. */
  steps: z.array(step).min(1).max(MOST_STEPS),
});

export type Hello = z.infer<typeof helloSchema>;

export function encodeHello(hello: Hello): Frame {
  return signal("hello", 0, new TextEncoder().encode(JSON.stringify(hello)));
}

/** @throws BispikeError "data" unless it is a hello */
export function decodeHello({ kind, payload }: Frame): Hello {
  if (kind !== "hello") throw new BispikeError("data", `expected a hello first, got ${kind}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(payload));
  } catch (cause) {
    throw new BispikeError("data", "expected a hello of JSON", { cause });
  }
  const parsed = helloSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BispikeError("data", `its hello is not one: ${issue?.path.join(".")} ${issue?.message}`);
}

/**
 * Whether a neighbour may train with us.
 *
 * @param where what it must be next to our stages
 * @throws BispikeError "usage" that names what differs
 */
export function checkNeighbour(ours: Hello, theirs: Hello, where: "above" | "below"): void {
  const expected = where === "above" ? ours.stages.last + 1 : ours.stages.first - 1;
  const found = where === "above" ? theirs.stages.first : theirs.stages.last;
  const who = `the part ${where} stages ${describeStages(ours.stages)}`;
  if (theirs.of !== ours.of || found !== expected) {
    throw new BispikeError(
      "usage",
      `${who}: expected ${where === "above" ? `one from stage ${expected} up` : `one whose last stage is ${expected}`}, of ${ours.of} stages, got stages ${describeStages(theirs.stages)} of ${theirs.of}`,
    );
  }
  const differs = (what: string, own: string | number, other: string | number) =>
    new BispikeError("usage", `${who}: ${what}: it has ${other}, we have ${own}`);
  if (theirs.software !== ours.software) throw differs("another version of bispike", ours.software, theirs.software);
  if (theirs.config !== ours.config)
    throw differs("another experiment (checksum of the configuration)", ours.config, theirs.config);
  if (theirs.data !== ours.data) throw differs("other data (checksum)", ours.data, theirs.data);
  if (theirs.depth !== ours.depth) throw differs("another --depth", ours.depth, theirs.depth);
  if (theirs.saveEvery !== ours.saveEvery) throw differs("another --save-every", ours.saveEvery, theirs.saveEvery);
}

/** Checksum of all of a configuration that changes what is learned; where the data lie may differ from host to host. */
export function configSum(config: ExperimentConfig): string {
  const { path: _, ...data } = config.data;
  return sum(JSON.stringify({ ...modelConfig(config), data }));
}

/** Checksum of what parts must agree on of their data: its shape, statistics of the images trained on, and every label. */
export function dataSum(summary: DataSummary, { train }: Dataset): string {
  const { labels } = train;
  const { shape, classNames, statistics } = summary;
  const about = sum(JSON.stringify({ shape, classNames, statistics }));
  return sum(about, xxHash32(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)));
}

function sum(text: string, seed = 0): string {
  return xxHash32(new TextEncoder().encode(text), seed).toString(16).padStart(8, "0");
}

/** The stages of a hello, in words. */
export function whose({ stages }: { readonly stages: StageRange }): string {
  return `stages ${describeStages(stages)}`;
}
