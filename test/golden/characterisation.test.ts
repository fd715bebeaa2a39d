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
import { afterAll, describe, expect, test } from "vitest";
import { type Outcome, resumeCase, trainCase } from "./characterisation/adapter.ts";
import { cases } from "./characterisation/cases.ts";

const FILE = new URL("characterisation.json", import.meta.url);
const recording = process.env.RECORD_CHARACTERISATION === "1";
const word = process.env.CHARACTERISE ?? "";
const chosen = cases.filter(({ name }) => name.includes(word));

const recorded = read();

function read(): Record<string, Outcome> {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Outcome>;
  } catch (error) {
    if (recording) return {};
    throw error;
  }
}

/** As JSON keeps it. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test("every case has a name of its own", () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

describe("a case gives the recorded figures", () => {
  test.each(chosen.map((given) => [given.name, given] as const))("%s", async (name, given) => {
    const outcome = plain(await trainCase(given, 1));
    if (recording) recorded[name] = outcome;
    else expect(outcome).toEqual(recorded[name]);
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

/** A case a line, so that a diff shows which changed. */
afterAll(() => {
  if (!recording) return;
  const lines = cases
    .filter(({ name }) => recorded[name])
    .map(({ name }) => `${JSON.stringify(name)}: ${JSON.stringify(recorded[name])}`);
  writeFileSync(FILE, `{\n${lines.join(",\n")}\n}\n`);
});
