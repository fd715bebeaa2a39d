/** Everything the package's entry points export, called as a forgotten argument, a forgotten `await` or an object of another kind would have it: nothing but typed errors, and nothing made of nonsense. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import * as autoencoder from "../../src/autoencoder.ts";
import * as distributed from "../../src/distributed.ts";
import { BispikeError } from "../../src/errors.ts";
import * as formats from "../../src/formats.ts";
import * as core from "../../src/index.ts";
import * as measurement from "../../src/measurement.ts";
import * as nir from "../../src/nir.ts";
import * as node from "../../src/node/index.ts";
import * as onnx from "../../src/onnx.ts";
import * as sequence from "../../src/sequence.ts";

const entries = { ".": core, autoencoder, distributed, sequence, measurement, onnx, formats, nir, node };

const nonsense: Readonly<Record<string, () => unknown[]>> = {
  nothing: () => [],
  null: () => [null],
  "an object": () => [{}],
  "a number": () => [5],
  "a text": () => ["x"],
  "what was not awaited": () => [Promise.resolve()],
};

/** Names that are not called, and why. */
const notCalled: Readonly<Record<string, string>> = {
  BispikeError: "takes whatever a message is made of",
  spawnThread: "starts a thread, and is called by a team alone",
  serve: "is a thread's whole life, and is given what a team made",
};

/** Names that may return, of which nonsense, and why. */
const mayReturn: Readonly<Record<string, readonly [of: readonly string[], why: string]>> = {
  Arena: [["nothing", "an object"], "its options may all be left out"],
  "Team.create": [["nothing", "an object"], "its options may all be left out"],
  canDrawText: [["nothing", "an object"], "its options may all be left out"],
  criteriaTable: [["nothing"], "the table of this library's own rules"],
  createTeam: [["nothing", "null", "a number"], "no number of threads means one a core"],
  coreCount: [Object.keys(nonsense), "takes nothing"],
  packageVersion: [Object.keys(nonsense), "takes nothing"],
  describeEnvironment: [["a number"], "so many threads"],
  channelPair: [["an object"], "limits may be of some frames"],
  isRealRule: [["a text"], "a rule that somebody registered is not among the real ones"],
  featuresFor: [["a text"], "there are none for most data sets"],
  blurKernel: [["a number"], "a deviation"],
  peakSignalToNoise: [["a number"], "an error"],
  FeatureStatistics: [["a number"], "a width"],
};

// biome-ignore lint/suspicious/noExplicitAny: calls without types are the point
type Anything = any;

const isClass = (value: unknown) => /^class\b/.test(Function.prototype.toString.call(value));

/** What can be called of an entry point: functions, classes, and what hangs on classes. */
function callables(module: object): [name: string, call: (...given: unknown[]) => unknown][] {
  return Object.entries(module).flatMap(([name, value]: [string, Anything]) => {
    if (typeof value !== "function") return [];
    if (!isClass(value)) return [[name, (...given: unknown[]) => value(...given)] as const];
    const own = Object.getOwnPropertyNames(value).filter((key) => typeof value[key] === "function");
    return [
      [name, (...given: unknown[]) => new value(...given)] as const,
      ...own.map((key) => [`${name}.${key}`, (...given: unknown[]) => value[key](...given)] as const),
    ];
  }) as [string, (...given: unknown[]) => unknown][];
}

/** What a call throws, now, later or at a generator's first value; undefined where it throws nothing. */
async function thrown(call: () => unknown): Promise<unknown> {
  try {
    const result = (await call()) as Anything;
    if (typeof result?.next === "function") await result.next();
    await result?.close?.();
    return undefined;
  } catch (error) {
    return error ?? "nothing at all";
  }
}

describe("every entry point", () => {
  // Texts are paths to some of them.
  const [home, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), "bispike-nonsense-"))];
  beforeAll(() => process.chdir(folder));
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });

  it("is among those looked at", () => {
    const names = Object.keys(manifest.exports).map((name) => name.replace("./", ""));
    expect(Object.keys(entries).toSorted()).toEqual(names.filter((name) => name !== "package.json").toSorted());
    const all = Object.values(entries).flatMap((module) => callables(module).map(([name]) => name));
    for (const name of [...Object.keys(notCalled), ...Object.keys(mayReturn)]) expect(all).toContain(name);
  });

  it.each([
    ["RunFolder", node.RunFolder, ["run", () => {}], "RunFolder.create or RunFolder.open"],
    ["BackpropTwin", measurement.BackpropTwin, [{}, {}, {}], "BackpropTwin.ofPair or BackpropTwin.ofReal"],
    ["ProbeMeter", measurement.ProbeMeter, [1, 0.01, []], "ProbeMeter.fit"],
  ])("%s names its makers where its constructor is called, of right arguments, too", (name, made, given, makers) => {
    const message = `new ${name}: its constructor is private; make one by ${makers}`;
    expect(() => new (made as Anything)(...given)).toThrow(expect.objectContaining({ code: "usage", message }));
  });

  describe.each(Object.entries(entries))("%s", (_entry, module) => {
    it.each(callables(module).filter(([name]) => !(name in notCalled)))("%s", async (name, call) => {
      for (const [what, given] of Object.entries(nonsense)) {
        const error = await thrown(() => call(...given()));
        if (error === undefined) expect(mayReturn[name]?.[0] ?? [], `${name} of ${what} returned`).toContain(what);
        else expect(error, `${name} of ${what}`).toBeInstanceOf(BispikeError);
        // Not a word that the machine made of a value.
        if (error !== undefined)
          expect((error as Error).message, `${name} of ${what}`).not.toMatch(/\[object|undefined: |^undefined/);
      }
    });
  });
});
