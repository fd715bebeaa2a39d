/** Run folders: one writer at a time, nothing in them but a run, and metrics that never reach beyond their checkpoint. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { ComparisonFolder } from "../../src/node/comparison-folder.ts";
import { LOCK_FILE, lockFolder } from "../../src/node/lock.ts";
import { RunFolder, readMetrics } from "../../src/node/run-folder.ts";
import type { Position } from "../../src/training/checkpoint.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { temporaryFolders } from "../support/folder.ts";

const newFolder = temporaryFolders();
const config = resolveConfig({ name: "a", data: { path: "bars" } });
/** The id of a process that has ended. */
const deadProcess = () => spawnSync(process.execPath, ["-e", ""]).pid;

describe("the lock", () => {
  it("is held once, and free after release", () => {
    const folder = newFolder();
    const release = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: "usage" }));
    release();
    release();
    expect(readdirSync(folder)).toEqual([]);
    lockFolder(folder)();
  });

  it("is one lock, however the folder's path is written", () => {
    const folder = newFolder();
    const release = lockFolder(folder);
    for (const other of [relative(process.cwd(), folder), `${folder}/`, `${folder}/../${basename(folder)}`])
      expect(() => lockFolder(other), other).toThrow(expect.objectContaining({ code: "usage" }));
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
    release();
    lockFolder(relative(process.cwd(), folder))();
  });

  it.each([
    ["a process that has ended", () => `${deadProcess()} ${hostname()} 1\n`],
    ["an earlier process of this one's id", () => `${process.pid} ${hostname()} 1\n`],
    ["a crash between making and writing it", () => ""],
    ["nobody: it holds something else", () => `x ${hostname()}`],
  ])("of %s is taken over", (_whose, content) => {
    const folder = newFolder();
    writeFileSync(join(folder, LOCK_FILE), content());
    const release = lockFolder(folder);
    expect(readFileSync(join(folder, LOCK_FILE), "utf8")).toMatch(new RegExp(`^${process.pid} `));
    release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["a living process", `${process.ppid} ${hostname()} 1\n`, /process \d+ is training in this folder/],
    ["another machine", "12 elsewhere.example 1\n", /process 12 on elsewhere\.example .* remove .*run\.lock/],
  ])("of %s is respected", (_whose, content, message) => {
    const folder = newFolder();
    writeFileSync(join(folder, LOCK_FILE), content);
    expect(() => lockFolder(folder)).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringMatching(message) }),
    );
    expect(readFileSync(join(folder, LOCK_FILE), "utf8")).toBe(content);
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
  });
});

describe("the folder", () => {
  it("is made with its parents, and again after a start that left only a lock", () => {
    const path = join(newFolder(), "x", "y");
    RunFolder.create(config, path).close();
    writeFileSync(join(path, LOCK_FILE), `${deadProcess()} ${hostname()} 1\n`);
    const folder = RunFolder.create(config, path);
    folder.writeConfig(config);
    expect(folder.config()).toEqual(config);
    expect(folder.config(["--train.threads=3"]).train.threads).toBe(3);
    folder.close();
    expect(() => RunFolder.create(config, path)).toThrow(/holds a run that has saved no checkpoint; remove it/);
    writeFileSync(join(path, "last.safetensors"), "weights");
    expect(() => RunFolder.create(config, path)).toThrow(
      /already holds a run; go on with it by "bispike train --resume/,
    );
    rmSync(join(path, "last.safetensors"));
    const again = RunFolder.open(path);
    expect([again.last(), again.best(), again.readJson("summary.json")]).toEqual([undefined, undefined, undefined]);
    again.close();
  });

  it("counts as empty with what a kill in the middle of a write has left, of a run and of a comparison", () => {
    const path = newFolder();
    const leftover = (name: string) => `.${name}.1-00000000-0000000000000000.tmp`;
    for (const name of ["plan.json", "last.safetensors"]) writeFileSync(join(path, leftover(name)), "half");
    RunFolder.create(config, path).close();
    new ComparisonFolder(path).lock()();
    writeFileSync(join(path, `${leftover("plan.json")}.keep`), "mine");
    expect(() => RunFolder.create(config, path)).toThrow(/expected a new or empty folder for the run, found 1 files/);
    expect(() => new ComparisonFolder(path).lock()).toThrow(/or a new or empty one, found 1 files/);
  });

  it("refuses a summary that is not a JSON object", () => {
    const folder = RunFolder.create(config, join(newFolder(), "run"));
    for (const text of ["{", "[]", "1"]) {
      writeFileSync(folder.file("summary.json"), text);
      expect(() => folder.readJson("summary.json")).toThrow(expect.objectContaining({ code: "checkpoint" }));
    }
    folder.close();
  });
});

describe("metrics", () => {
  const step = (number: number) => JSON.stringify({ kind: "step", step: number, seconds: number });
  const epoch = (number: number, last: number) =>
    JSON.stringify({ kind: "epoch", epoch: number, step: last, seconds: last + 0.5 });
  const sums = { loss: 0, correct: 0, images: 0, silent: [] };
  const at = (stepsDone: number, epochs: number, batch: number): Position => ({
    step: stepsDone,
    epoch: epochs,
    batch,
    sums,
    best: null,
  });
  const lines = [step(2), step(4), epoch(1, 4), step(6), step(8), epoch(2, 8)];

  it.each([
    ["no checkpoint", undefined, 0, 0],
    ["the start", at(0, 0, 0), 0, 0],
    ["the middle of an epoch", at(3, 0, 3), 1, 2],
    // Saved between an epoch's last step and its end: the epoch's line will be written again.
    ["the last step of an epoch", at(4, 0, 4), 2, 4],
    ["the end of an epoch", at(4, 1, 0), 3, 4.5],
    ["between two lines", at(7, 1, 3), 4, 6],
    ["the end", at(8, 2, 0), 6, 8.5],
  ])("are cut back to %s", (_where, position, kept, seconds) => {
    const folder = RunFolder.create(config, join(newFolder(), "run"));
    writeFileSync(folder.file("metrics.jsonl"), `${lines.join("\n")}\n{"kind":"st`);
    expect(folder.cutMetrics(position)).toBe(seconds);
    const text = readFileSync(folder.file("metrics.jsonl"), "utf8");
    expect(text).toBe(
      lines
        .slice(0, kept)
        .map((line) => `${line}\n`)
        .join(""),
    );
    folder.close();
  });

  it("are read whole, without a last line that is still being written", () => {
    const file = join(newFolder(), "metrics.jsonl");
    writeFileSync(file, `${step(2)}\n${epoch(1, 4)}\n{"kind":`);
    expect(readMetrics(file).map(({ kind, step }) => [kind, step])).toEqual([
      ["step", 2],
      ["epoch", 4],
    ]);
    for (const bad of ["{}", "null", "x", '{"kind":"step"}']) {
      writeFileSync(file, `${step(2)}\n${bad}\n`);
      expect(() => readMetrics(file)).toThrow(
        expect.objectContaining({
          code: "checkpoint",
          message: expect.stringMatching(/metrics\.jsonl: line 2: expected/),
        }),
      );
    }
    mkdirSync(`${file}.d`);
    expect(() => readMetrics(`${file}.d`)).toThrow(expect.objectContaining({ code: "platform" }));
    expect(() => readMetrics(`${file}.none`)).toThrow(/there is no such file/);
  });
});
