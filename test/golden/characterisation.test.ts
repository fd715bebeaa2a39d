/**
 * What the library trains today, byte by byte: every rule on every problem and the options that take the code another way, on made data and small nets. What came out of each case of
 * `characterisation/cases.ts` is recorded in `characterisation.json`; a case with two threads, or stopped half-way and resumed, must give the same.
 *
 * These figures are no oracle of what is right, only of what was: where a change of bytes is meant, record again and say why in the commit:
 *
 *     RECORD_CHARACTERISATION=1 npx vitest run test/golden/characterisation.test.ts
 *
 * `CHARACTERISE=word` runs the cases whose name has that word.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { describeRun, finishRun, joinRun, measureRun, resumeCase, trainCase } from "./characterisation/adapter.ts";
import { cases, type DataName } from "./characterisation/cases.ts";

const FILE = new URL("characterisation.json", import.meta.url);
const recording = process.env.RECORD_CHARACTERISATION === "1";
const word = process.env.CHARACTERISE ?? "";
const byName = new Map(cases.map((given) => [given.name, given] as const));
const chosen = cases.filter(({ name }) => name.includes(word));

const recorded = read();

function read(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as Record<string, unknown>;
  } catch (error) {
    if (recording) return {};
    throw error;
  }
}

/** As JSON keeps it. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("a case gives the recorded figures", () => {
  test("each by a name of its own", () => {
    expect(byName.size).toBe(cases.length);
  });

  test.each(chosen.map((given) => [given.name, given] as const))("%s", async (name, given) => {
    const outcome = plain(await trainCase(given, 1));
    recordOrExpect(name, outcome);
    if (given.twoThreads) expect(plain(await trainCase(given, 2)), "with two threads").toEqual(outcome);
    if (!given.resumed) return;
    const { steps, tensors, best, epoch } = await resumeCase(given);
    expect(plain({ steps, tensors, best, epoch }), "stopped half-way and resumed").toEqual({
      steps: outcome.steps,
      tensors: outcome.tensors,
      best: outcome.best,
      epoch: outcome.epoch,
    });
  });
});

/** Run folders that version 1 wrote, see their README. */
const FIXTURES = new URL("../fixtures/v1/", import.meta.url);
const RUNS: Readonly<Record<string, DataName>> = {
  "spiking-mlp": "grey",
  "spiking-mlp-dots": "grey",
  "spiking-cnn": "grey",
  "spiking-backprop": "grey",
  "real-mlp": "grey",
  "real-bsd-cnn": "grey",
  "recurrent-symbols": "text",
  "recurrent-real-symbols": "text",
  "recurrent-values": "series",
  "recurrent-real-values": "series",
  "autoencoder-spiking": "grey",
  "autoencoder-spiking-cnn": "grey",
  "autoencoder-real": "grey",
  parts: "grey",
};
const HALFWAY: Readonly<Record<string, DataName>> = { halfway: "grey", "halfway-symbols": "text" };
const fixture = (path: string) => fileURLToPath(new URL(path, FIXTURES));
const wanted = (names: readonly string[]) => names.filter((name) => `fixture ${name}`.includes(word));

describe("a run of version 1", () => {
  test.each(wanted(Object.keys(RUNS)))("%s gives the recorded figures", async (name) => {
    const figures = await measureRun(fixture(name), RUNS[name]!);
    recordOrExpect(`fixture ${name}`, plain({ ...describeRun(fixture(name)), figures }));
  });

  test.each(wanted(Object.keys(HALFWAY)))("%s goes on to the recorded bytes", async (name) => {
    const { steps, tensors } = describeRun(fixture(name));
    const finished = await finishRun(readFileSync(fixture(`${name}/last.safetensors`)), HALFWAY[name]!);
    recordOrExpect(`fixture ${name}`, plain({ steps, tensors, finished }));
  });

  test.each(["step-14", "step-21"])("parts at %s join to the recorded bytes", (step) => {
    const parts = ["stages-1-2", "stages-3-4"].map((part) => fixture(`parts/parts/${part}/${step}.safetensors`));
    const joined = joinRun(parts.map((path) => readFileSync(path)));
    recordOrExpect(`fixture parts, ${step}`, joined);
    if (step === "step-21") expect(joined, "what the run itself kept").toEqual(describeRun(fixture("parts")));
  });
});

function recordOrExpect(name: string, outcome: unknown): void {
  if (recording) recorded[name] = outcome;
  else expect(outcome, name).toEqual(recorded[name]);
}

/** A case a line, so that a diff shows which changed. */
afterAll(() => {
  if (!recording) return;
  const order = new Set([...cases.map(({ name }) => name), ...Object.keys(recorded)]);
  const known = [...order].filter((name) => name in recorded && (name.startsWith("fixture ") || byName.has(name)));
  const lines = known.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(recorded[name])}`);
  writeFileSync(FILE, `{\n${lines.join(",\n")}\n}\n`);
});
