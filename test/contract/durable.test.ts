/** Order of the steps of a durable write, what failures leave behind, and the log of JSON lines. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BispikeError, type ErrorCode } from "../../src/errors.ts";
import { appendLine, syncFile, truncateLines, writeDurably } from "../../src/node/durable.ts";
import { temporaryFolders } from "../support/folder.ts";

/** Real calls, recorded; a test can make one fail as a broken disk would. */
vi.mock("node:fs", async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const spied = { ...real };
  for (const name of ["openSync", "writeSync", "fsyncSync", "closeSync", "renameSync", "ftruncateSync"] as const) {
    Object.assign(spied, { [name]: vi.fn(real[name] as (...given: unknown[]) => unknown) });
  }
  return spied;
});

const newFolder = temporaryFolders();
afterEach(() => {
  vi.resetAllMocks(); // back to the real calls
});

const { openSync, writeSync, fsyncSync, closeSync, renameSync } = fs;
const calls = { openSync, writeSync, fsyncSync, closeSync, renameSync };

function failWith(name: keyof typeof calls, code: string): void {
  vi.mocked(calls[name] as () => unknown).mockImplementationOnce(() => {
    throw Object.assign(new Error("planted"), { code });
  });
}

function refused(code: ErrorCode, run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BispikeError);
    expect((error as BispikeError).code).toBe(code);
    return (error as BispikeError).message;
  }
  return expect.fail("succeeded");
}

describe("writeDurably", () => {
  it("creates and replaces, bytes and text, empty and larger than one chunk", () => {
    const path = join(newFolder(), "file");
    for (const data of [Uint8Array.of(1, 2), "é\n", "", new Uint8Array((1 << 26) + 3).fill(7)]) {
      writeDurably(path, data);
      expect(fs.readFileSync(path).equals(Buffer.from(data as string))).toBe(true);
    }
    expect(fs.readdirSync(join(path, ".."))).toEqual(["file"]);
  });

  it("writes, syncs, closes, renames, then syncs the folder", () => {
    const folder = newFolder();
    const path = join(folder, "file");
    const steps: string[] = [];
    const opened = new Map<number, string>();
    const record = (name: keyof typeof calls, note: (given: unknown[], result: unknown) => string): void => {
      const mock = vi.mocked(calls[name] as (...given: unknown[]) => unknown);
      const call = mock.getMockImplementation() as (...given: unknown[]) => unknown;
      mock.mockImplementation((...given) => {
        const result = call(...given);
        steps.push(note(given, result));
        return result;
      });
    };
    const named = (file: unknown): string => opened.get(file as number) ?? "?";
    record("openSync", ([name], file) => {
      opened.set(file as number, name === folder ? "folder" : "temporary");
      return `open ${named(file)}`;
    });
    record("writeSync", ([file]) => `write ${named(file)}`);
    record("fsyncSync", ([file]) => `sync ${named(file)}`);
    record("closeSync", ([file]) => `close ${named(file)}`);
    record("renameSync", ([, to]) => (to === path ? "rename" : "rename elsewhere"));
    writeDurably(path, "new");
    const common = ["open temporary", "write temporary", "sync temporary", "close temporary", "rename"];
    const folderSteps = process.platform === "win32" ? [] : ["open folder", "sync folder", "close folder"];
    expect(steps).toEqual([...common, ...folderSteps]);
  });

  it("writes the rest after a short write", () => {
    const path = join(newFolder(), "file");
    const real = vi.mocked(fs.writeSync).getMockImplementation() as unknown as (
      file: number,
      bytes: Uint8Array,
      at: number,
      length: number,
    ) => number;
    vi.mocked(fs.writeSync as typeof real).mockImplementationOnce((file, bytes, at) => real(file, bytes, at, 2));
    writeDurably(path, "whole");
    expect(fs.readFileSync(path, "utf8")).toBe("whole");
  });

  it.each<[keyof typeof calls, string, ErrorCode, RegExp]>([
    ["writeSync", "ENOSPC", "platform", /cannot write .*file: the disk is full; free some space.*\(ENOSPC\)/],
    ["writeSync", "EDQUOT", "platform", /quota/],
    ["writeSync", "EFBIG", "platform", /ulimit/],
    ["fsyncSync", "EIO", "platform", /cannot write .*file: the system refused; check the disk \(EIO\)/],
    ["closeSync", "ENOSPC", "platform", /the disk is full/],
    ["openSync", "EACCES", "platform", /permission denied; make the folder writable/],
    ["openSync", "EPERM", "platform", /not permitted/],
    ["openSync", "EROFS", "platform", /read-only; choose another folder/],
    ["renameSync", "EACCES", "platform", /permission denied/],
  ])("%s failing with %s leaves the old file alone", (call, code, kind, message) => {
    const folder = newFolder();
    const path = join(folder, "file");
    writeDurably(path, "old");
    failWith(call, code);
    expect(refused(kind, () => writeDurably(path, "new"))).toMatch(message);
    expect(fs.readdirSync(folder)).toEqual(["file"]);
    expect(fs.readFileSync(path, "utf8")).toBe("old");
    writeDurably(path, "new");
    expect(fs.readFileSync(path, "utf8")).toBe("new");
  });

  // These need no mock and hold for root too, whom permissions do not stop.
  it("refuses a missing folder, a file in place of a folder, a folder in place of the file, a long name", () => {
    const folder = newFolder();
    expect(refused("checkpoint", () => writeDurably(join(folder, "none", "file"), "x"))).toMatch(/create the folder/);
    writeDurably(join(folder, "plain"), "x");
    expect(refused("checkpoint", () => writeDurably(join(folder, "plain", "file"), "x"))).toMatch(/is a file, not a/);
    fs.mkdirSync(join(folder, "taken"));
    expect(refused("checkpoint", () => writeDurably(join(folder, "taken"), "x"))).toMatch(/folder of that name/);
    expect(refused("checkpoint", () => writeDurably(join(folder, "x".repeat(300)), "x"))).toMatch(/too long/);
    expect(fs.readdirSync(folder).sort()).toEqual(["plain", "taken"]);
  });

  it("accepts a file system that cannot sync folders, but not a disk that fails to", () => {
    const path = join(newFolder(), "file");
    const real = vi.mocked(fs.fsyncSync).getMockImplementation() as (file: number) => void;
    for (const code of ["EINVAL", "EIO"]) {
      vi.mocked(fs.fsyncSync).mockImplementationOnce(real);
      failWith("fsyncSync", code);
      if (code === "EINVAL") writeDurably(path, "x");
      else expect(refused("platform", () => writeDurably(path, "x"))).toMatch(/EIO/);
    }
  });

  describe("removes what dead writers of this target left, and nothing else", () => {
    const DEAD = 4_194_305; // above the highest process id Linux gives out
    const RANDOM = "0123456789abcdef";
    const HOUR = 60 * 60 * 1000;

    /** This machine's part of a temporary file's name, and one that is not. */
    function machines(): readonly [here: string, elsewhere: string] {
      writeDurably(join(newFolder(), "file"), "x");
      const [, here] = /\.file\.\d+-([0-9a-f]{8})-[0-9a-f]{16}\.tmp$/.exec(
        String(vi.mocked(openSync).mock.calls[0]![0]),
      )!;
      return [here!, here === "00000000" ? "11111111" : "00000000"];
    }

    /** What is left of files of such names and ages in hours after a write of `file` beside them. */
    function leftOf(names: readonly string[], hours = 0): string[] {
      const folder = newFolder();
      const then = new Date(Date.now() - hours * HOUR);
      for (const name of names) {
        fs.writeFileSync(join(folder, name), "half");
        fs.utimesSync(join(folder, name), then, then);
      }
      writeDurably(join(folder, "file"), "x");
      return fs
        .readdirSync(folder)
        .filter((name) => name !== "file")
        .sort();
    }

    it("of this machine, those whose process is gone", () => {
      const [here] = machines();
      const stale = [`.file.${DEAD}-${here}-${RANDOM}.tmp`, `.file.${process.pid}-${here}-${RANDOM}.tmp`];
      const others = [
        `.file.${process.ppid}-${here}-${RANDOM}.tmp`, // a writer that lives
        `.file2.${DEAD}-${here}-${RANDOM}.tmp`,
        `.file.${DEAD}-${here}-${RANDOM}.tmp.keep`,
        ".file.notes",
        "file.tmp",
      ];
      for (const hours of [0, 25]) expect(leftOf([...stale, ...others], hours)).toEqual([...others].sort());
    });

    it("of another machine, whose processes are not seen from here, those older than a day", () => {
      const [, elsewhere] = machines();
      const names = [DEAD, process.pid, process.ppid].map((id) => `.file.${id}-${elsewhere}-${RANDOM}.tmp`);
      expect(leftOf(names, 23)).toEqual([...names].sort());
      expect(leftOf(names, 25)).toEqual([]);
    });
  });
});

describe.skipIf(process.platform === "win32")("what is no file", () => {
  it("is written to and stays what it is: as root, /dev/null would be gone from the machine", async () => {
    const folder = newFolder();
    const [pipe, link] = [join(folder, "pipe"), join(folder, "link")];
    execFileSync("mkfifo", [pipe]);
    fs.symlinkSync("pipe", link);
    for (const path of [pipe, link]) {
      const reader = spawn("cat", [pipe]);
      let read = "";
      reader.stdout.on("data", (bytes: Buffer) => {
        read += bytes.toString();
      });
      const closed = once(reader, "close");
      writeDurably(path, "all of it");
      await closed;
      expect(read).toBe("all of it");
    }
    expect(fs.lstatSync(pipe).isFIFO()).toBe(true);
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    expect(fs.readdirSync(folder).sort()).toEqual(["link", "pipe"]);
  });

  it("takes the text where stdout is a file, before and after what is printed", () => {
    const folder = newFolder();
    const durable = new URL("../../dist/node/durable.js", import.meta.url).href;
    const script = `import { writeDurably } from ${JSON.stringify(durable)}; console.log("before"); writeDurably("/dev/stdout", "text\\n"); console.log("after");`;
    const out = fs.openSync(join(folder, "out"), "w");
    execFileSync(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", out, "inherit"] });
    fs.closeSync(out);
    expect(fs.readFileSync(join(folder, "out"), "utf8")).toBe("before\ntext\nafter\n");
  });

  it("says so where a device takes no more", () => {
    vi.mocked(writeSync as () => unknown).mockImplementationOnce(() => {
      throw Object.assign(new Error("planted"), { code: "ENOSPC" });
    });
    expect(refused("platform", () => writeDurably("/dev/null", "x"))).toMatch(
      /^cannot write \/dev\/null: the disk is full/,
    );
    expect(fs.statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("a log of JSON lines", () => {
  const stepBelow = (step: number) => (line: unknown) => (line as { step: number }).step < step;

  function logOf(text: string): string {
    const path = join(newFolder(), "metrics.jsonl");
    fs.writeFileSync(path, text);
    return path;
  }

  it("appends each line in one call", () => {
    const path = join(newFolder(), "metrics.jsonl");
    appendLine(path, { step: 1, note: "é\n" });
    appendLine(path, { step: 2 });
    syncFile(path);
    expect(fs.readFileSync(path, "utf8")).toBe('{"step":1,"note":"é\\n"}\n{"step":2}\n');
    expect(vi.mocked(fs.writeSync)).toHaveBeenCalledTimes(2);
  });

  it.each([
    ["at and after the step", '{"step":1}\n{"step":2}\n{"step":3}\n', 2, '{"step":1}\n'],
    ["everything", '{"step":5}\n', 0, ""],
    ["nothing", '{"step":1}\n{"step":2}\n', 9, '{"step":1}\n{"step":2}\n'],
    ["a torn last line", '{"step":1}\n{"st', 9, '{"step":1}\n'],
    ["a last line without its newline", '{"step":1}\n{"step":2}', 9, '{"step":1}\n'],
    ["a last line of zeros", '{"step":1}\n\0\0\0\n', 9, '{"step":1}\n'],
    ["a torn character", Buffer.from('{"a":"é"}\n{"a":"é').subarray(0, 17).toString("latin1"), 9, null],
    ["nothing of an empty file", "", 9, ""],
  ])("drops %s", (_name, text, step, expected) => {
    const path = logOf("");
    fs.writeFileSync(path, text, expected === null ? "latin1" : "utf8");
    const kept = truncateLines(path, expected === null ? () => true : stepBelow(step));
    const rest = fs.readFileSync(path, "utf8");
    expect(rest).toBe(expected ?? '{"a":"é"}\n');
    expect(kept).toBe(rest.split("\n").length - 1);
  });

  it("syncs what it cut", () => {
    const path = logOf('{"step":1}\n{"step":2}\n');
    truncateLines(path, stepBelow(2));
    expect(vi.mocked(fs.fsyncSync)).toHaveBeenCalledTimes(1);
    truncateLines(path, stepBelow(2));
    expect(vi.mocked(fs.ftruncateSync)).toHaveBeenCalledTimes(1);
  });

  it("takes a missing log for an empty one", () => {
    expect(truncateLines(join(newFolder(), "none"), () => true)).toBe(0);
  });

  it("refuses a broken line in the middle and leaves the log alone", () => {
    const text = '{"step":1}\n{"st\n{"step":3}\n';
    const path = logOf(text);
    expect(refused("checkpoint", () => truncateLines(path, stepBelow(9)))).toMatch(
      /line 2 is not JSON; remove that line/,
    );
    expect(fs.readFileSync(path, "utf8")).toBe(text);
  });

  it("refuses a log too large to be one, without reading it", () => {
    const path = logOf("");
    fs.truncateSync(path, 2 ** 29 + 1); // a sparse file
    expect(refused("checkpoint", () => truncateLines(path, stepBelow(9)))).toMatch(/536870913 bytes/);
  });

  it("tells of a short append, a missing folder, a folder in place", () => {
    const path = join(newFolder(), "metrics.jsonl");
    vi.mocked(fs.writeSync as () => number).mockImplementationOnce(() => 3);
    expect(refused("platform", () => appendLine(path, { step: 1 }))).toMatch(/only 3 of 11 bytes/);
    expect(refused("checkpoint", () => appendLine(join(path, "..", "none", "x"), {}))).toMatch(/create the folder/);
    expect(refused("checkpoint", () => appendLine(join(path, ".."), {}))).toMatch(/folder of that name/);
    expect(refused("checkpoint", () => syncFile(join(path, "..", "none")))).toMatch(/does not exist/);
  });

  it.skipIf(!fs.existsSync("/dev/full"))("tells of a full disk (a real one: /dev/full)", () => {
    expect(refused("platform", () => appendLine("/dev/full", { step: 1 }))).toMatch(/disk is full/);
  });
});
