/** The benchmark of sequences: measured without PyTorch too, kept and resumed; its verdicts are those of the figures; peers get the recipe. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { RaceRow } from "../../bench/sequence/contest.mjs";
import { SequenceSource } from "../../bench/sequence/data.mjs";
import type { MemoryRow } from "../../bench/sequence/memory.mjs";
import { SEQUENCE_NETS, SEQUENCE_RECIPE, sequencePeerArguments } from "../../bench/sequence/nets.mjs";
import { sequencesText } from "../../bench/sequence/report.mjs";
import { resolveSequenceConfig } from "../../src/training/config.ts";
import { temporaryFolders } from "../support/folder.ts";

const bench = fileURLToPath(new URL("../../bench", import.meta.url));
const newFolder = temporaryFolders();

async function run(script: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [join(bench, script), ...args]);
}

interface Row {
  readonly what: string;
  readonly name: string;
  readonly medianMs?: number;
  readonly size?: number;
  readonly arenaMiB?: number;
  readonly addedMiB?: number;
}

it("measures steps, streams and memory of ours without PyTorch, and on resuming measures nothing again", async () => {
  const file = join(newFolder(), "sequences.json");
  const quick = ["--quick", "--only", "sequences", "--threads", "1", "--python", "/no/such/python", "--json", file];
  const first = await run("run.mjs", ...quick);
  expect(first.stderr).toContain("Without PyTorch only ours is measured");
  const kept = readFileSync(file, "utf8");
  const { done, sections } = JSON.parse(kept) as Record<string, { sequences: never }>;
  const rows: Row[] = sections!.sequences;
  const names = (what: string) => rows.filter((row) => row.what === what).map(({ name }) => name);
  expect(names("step")).toEqual(["bispike", "bispike, BPTT", "bispike", "bispike, BPTT"]);
  expect(names("stream")).toEqual(["bispike", "bispike"]);
  for (const row of rows) expect(row.medianMs ?? row.addedMiB).toBeGreaterThan(0);
  expect(first.stdout).toContain("| regression, 6 inputs, 300 neurons |");

  if (process.platform === "linux") {
    const windows = rows.filter((row) => row.what === "window memory" && row.name === "bispike");
    expect(windows.map(({ size }) => size)).toEqual([16, 32]);
    expect(windows[1]!.arenaMiB!).toBeGreaterThan(windows[0]!.arenaMiB!);
    // What the engine gives a stream does not depend on how long it is.
    const [short, long] = rows.filter((row) => row.what === "stream memory");
    expect(long!.size).toBe(10 * short!.size!);
    expect(long!.arenaMiB).toBe(short!.arenaMiB);
  }

  const second = await run("run.mjs", ...quick, "--resume");
  expect(second.stderr).not.toContain("sequences:");
  expect(JSON.parse(readFileSync(file, "utf8")).done).toEqual(done);
}, 180_000);

const race = (what: RaceRow["what"], threads: number, name: string, roundsMs: number[]): RaceRow => ({
  ...{ what, net: "made net", dataset: "made", threads, name, roundsMs, positions: what === "step" ? 2000 : 1 },
  ...{ medianMs: roundsMs[1]!, fastestMs: roundsMs[0]!, perceptionRates: [0.1], environment: null },
  torch: name.includes("PyTorch") ? "9.9" : null,
});
const point = (what: MemoryRow["what"], name: string, size: number, addedMiB: number): MemoryRow => ({
  ...{ what, name, size, addedMiB, peakMiB: addedMiB + 60, arenaMiB: 6, liveMiB: 12 },
});
const steps = (threads: number, ours: number) => [
  race("step", threads, "bispike", [ours, ours, ours]),
  race("step", threads, "bispike, BPTT", [8, 8, 8]),
  race("step", threads, "BSD in PyTorch", [60, 80, 100]),
  race("step", threads, "BPTT in PyTorch", [40, 48, 50]),
];
const made = [
  ...steps(1, 10),
  ...steps(2, 16),
  race("stream", 1, "bispike", [0.01, 0.02, 0.03]),
  race("stream", 1, "BPTT in PyTorch", [0.05, 0.06, 0.06]),
  ...[16, 32].flatMap((size) => [
    point("window memory", "bispike", size, size),
    point("window memory", "bispike, BPTT", size, size / 2),
    point("window memory", "BPTT in PyTorch", size, 4 * size),
  ]),
  point("stream memory", "bispike", 1000, 10),
  point("stream memory", "bispike", 100000, 10.5),
];

it("judges BSD against the faster peer, and our backprop against theirs alone", () => {
  const text = sequencesText(made).join("\n\n").replace(/ +/g, " ");
  const faster = "**4.80×** (4.00–5.00), 48.0 ms";
  expect(text).toContain(
    `| made net | 1 | BSD | 10.0 | 200000 | **8.00×** (6.00–10.0), 80.0 ms | ${faster} | ≥ 4×, met |`,
  );
  expect(text).toContain("| made net | 1 | BPTT | 8.00 | 250000 | – | **6.00×** (5.00–6.25), 48.0 ms | – |");
  // 48 / 16 = 3, though 80 / 16 = 5.
  expect(text).toMatch(/\| made net \| 2 \| BSD \|.*5\.00×.*3\.00×.*≥ 4×, missed/);
  expect(text).toContain("| made net | 1 | 20.0 | **3.00×** (2.00–5.00), 60.0 µs |");
  expect(text).toContain("| 32 | 32.0 | 16.0 | 128 | 0.25× |");
  expect(text).toContain("added at the peak 1.05× (target: flat, ≤ 1.1×, met), live 1.00×");
  const grown = [...made.slice(0, -1), point("stream memory", "bispike", 100000, 12)];
  expect(sequencesText(grown).join("\n")).toContain("1.20× (target: flat, ≤ 1.1×, missed)");
  expect(sequencesText(steps(1, 10)).join("\n")).not.toContain("stream");
});

it("writes them into RESULTS.md as a part of their own, with a picture of memory where memory was measured", async () => {
  const folder = newFolder();
  const results = join(folder, "RESULTS.md");
  const file = join(folder, "made.json");
  const machine = { cpu: "made up", cores: 2, node: "v20", load: 0 };
  const write = (rows: readonly object[]) => {
    writeFileSync(results, "# Results\n\n<!-- bench:begin -->\nold\n<!-- bench:end -->\n");
    writeFileSync(file, JSON.stringify({ machine, quick: false, done: {}, sections: { sequences: rows } }));
    return run("report.mjs", file, "--root", folder);
  };
  await write(made);
  const written = readFileSync(results, "utf8");
  expect(written).toContain("### Sequences\n\nTraining steps of one recurrent stage");
  expect(written).toContain("(docs/sequence-memory.svg)");
  const picture = readFileSync(join(folder, "docs", "sequence-memory.svg"), "utf8");
  for (const label of ["BPTT in PyTorch", "positions a window", "A stream that learns"])
    expect(picture).toContain(label);

  await write(steps(1, 10));
  expect(readFileSync(results, "utf8")).not.toContain("sequence-memory.svg");
});

/** experiments/alice.yaml under the paper's rule, as RESULTS.md gives the options. */
const OF_COSINES = [
  ...["--rule.affinity=cosines", "--rule.temperature=0.05", "--rule.recallFeatures=rate"],
  ...["--rule.rivals=literal", "--rule.homeostasis.weight=0"],
];

it("measures the net of experiments/alice.yaml, under its rule with the options of cosines", () => {
  const yaml = readFileSync(new URL("../../experiments/alice.yaml", import.meta.url), "utf8");
  const { data, network, rule, train } = resolveSequenceConfig(parse(yaml), OF_COSINES);
  const [net] = SEQUENCE_NETS;
  const { steps, tau, threshold, population, block, temperature, weightDecay, clip } = SEQUENCE_RECIPE;
  expect({ window: data.window, hidden: network.hidden, rows: train.batch }).toEqual({
    ...{ window: net!.window, hidden: [net!.hidden], rows: net!.rows },
  });
  expect(network).toMatchObject({ steps, norm: true, tau, recurrentRecall: true, population });
  expect(network.threshold).toEqual({ perception: threshold, recall: threshold });
  expect(rule).toMatchObject({
    ...{ name: "bsd", loss: "infonce", centred: true, rivals: SEQUENCE_RECIPE.rivals },
    block,
    temperature,
  });
  expect(rule).toMatchObject({ affinity: "cosines", recallFeatures: "rate" });
  expect(rule).toMatchObject({ weight: 1, stimulusWeight: 1, homeostasis: { weight: 0 } });
  expect(train).toMatchObject({ weightDecay, clip, clipScope: "stage", learningRate: SEQUENCE_RECIPE.learningRate });
});

it("gives the peers the same windows and sizes as ours", async () => {
  const source = new SequenceSource();
  try {
    for (const net of SEQUENCE_NETS) {
      const data = await source.data(net, 2);
      const files = await source.write(data, "peer");
      const args = sequencePeerArguments(net, data, files, 3);
      const value = (name: string) => args[args.indexOf(`--${name}`) + 1]!;
      const { inputs, targets, parts } = data.set;
      const [bytes, elements] = inputs.kind === "symbols" ? [2, inputs.symbols.length] : [4, inputs.values.length];
      expect(readFileSync(value("stimuli")).length).toBe(bytes * elements);
      expect(Number(value("inputs"))).toBe(net.kind === "symbols" ? targets.width : net.inputs);
      const starts = new Int32Array(Uint8Array.from(readFileSync(value("starts"))).buffer);
      expect(starts).toEqual(data.starts);
      expect(starts.length).toBe(2 * net.rows);
      expect(new Set(starts).size).toBe(starts.length);
      for (const start of starts) expect(start + net.window).toBeLessThanOrEqual(parts.train.to);
      expect(value("pretrain")).toBe("3");
    }
  } finally {
    await source.close();
  }
});
