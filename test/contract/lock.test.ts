/** A folder's lock where processes meet: who holds it is told, none is lost on the way, and none but one's own is given back. */
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCK_FILE, lockFolder, lockOwner } from "../../src/node/lock.ts";
import { temporaryFolders } from "../support/folder.ts";

/** Real calls, which a test can have another process come between. */
vi.mock("node:fs", async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  return { ...real, linkSync: vi.fn(real.linkSync), renameSync: vi.fn(real.renameSync) };
});

const newFolder = temporaryFolders();
afterEach(() => {
  vi.restoreAllMocks();
  vi.resetAllMocks(); // back to the real calls
});

/** Above the highest process id Linux gives out. */
const DEAD = `4194305 ${hostname()} 1\n`;
const LIVING = `${process.ppid} ${hostname()} 1\n`;

function folderWith(content: string): { folder: string; read: () => string } {
  const folder = newFolder();
  fs.writeFileSync(join(folder, LOCK_FILE), content);
  return { folder, read: () => fs.readFileSync(join(folder, LOCK_FILE), "utf8") };
}

/** A file system without hard links, as exFAT is. */
function withoutLinks(): void {
  vi.mocked(fs.linkSync).mockImplementation(() => {
    throw Object.assign(new Error("planted"), { code: "EPERM" });
  });
}

describe("who holds a folder", () => {
  it("is told while the process lives", () => {
    expect(lockOwner(newFolder())).toBeUndefined();
    expect(lockOwner(folderWith(LIVING).folder)).toEqual({ process: process.ppid, host: hostname() });
    expect(lockOwner(folderWith("12 elsewhere.example 1\n").folder)).toEqual({
      process: 12,
      host: "elsewhere.example",
    });
    for (const content of [DEAD, "", `x ${hostname()}`, `0 ${hostname()} 1\n`, `-1 ${hostname()} 1\n`])
      expect(lockOwner(folderWith(content).folder), content).toBeUndefined();
  });

  it("may be another person's process, which cannot be asked and lives", () => {
    const { folder } = folderWith(DEAD);
    vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("planted"), { code: "EPERM" });
    });
    expect(lockOwner(folder)?.process).toBe(4194305);
    expect(() => lockFolder(folder)).toThrow(/process 4194305 is training in this folder/);
  });
});

describe.each([
  ["a file system with hard links", () => {}],
  ["one without", withoutLinks],
])("on %s", (_, arrange) => {
  it("a lock is taken, held and given back, and nothing else is left", () => {
    arrange();
    const folder = newFolder();
    const release = lockFolder(folder);
    expect(fs.readdirSync(folder)).toEqual([LOCK_FILE]);
    expect(fs.readFileSync(join(folder, LOCK_FILE), "utf8")).toMatch(new RegExp(`^${process.pid} ${hostname()} `));
    release();
    expect(fs.readdirSync(folder)).toEqual([]);
    const taken = folderWith(LIVING);
    expect(() => lockFolder(taken.folder)).toThrow(/is training in this folder/);
    expect([taken.read(), fs.readdirSync(taken.folder)]).toEqual([LIVING, [LOCK_FILE]]);
    const stale = folderWith(DEAD);
    lockFolder(stale.folder)();
    expect(fs.readdirSync(stale.folder)).toEqual([]);
  });

  it("a dead process's lock that another one has replaced meanwhile is that one's", () => {
    arrange();
    const { folder, read } = folderWith(DEAD);
    const rename = vi.mocked(fs.renameSync).getMockImplementation()!;
    // Between the look at the dead one's and its removal.
    vi.mocked(fs.renameSync).mockImplementationOnce((from, to) => {
      fs.writeFileSync(from, LIVING);
      rename(from, to);
    });
    expect(() => lockFolder(folder)).toThrow(new RegExp(`process ${process.ppid} is training in this folder`));
    expect([read(), fs.readdirSync(folder)]).toEqual([LIVING, [LOCK_FILE]]);
  });
});

it("of what is no folder, or is not there, is refused in words", () => {
  const folder = newFolder();
  fs.writeFileSync(join(folder, "file"), "");
  for (const [name, why] of [
    ["file", /^cannot write in .*file\/run\.lock: a part of the path is a file, not a folder/],
    ["none", /^cannot write in .*none\/run\.lock: there is no such file or folder/],
  ] as const)
    expect(() => lockFolder(join(folder, name))).toThrow(
      expect.objectContaining({ code: "platform", message: expect.stringMatching(why) }),
    );
  expect(fs.readdirSync(folder)).toEqual(["file"]);
});

it("giving it back leaves the lock of who took it over, and no listener", () => {
  const folder = newFolder();
  const listeners = process.listenerCount("exit");
  const release = lockFolder(folder);
  expect(process.listenerCount("exit")).toBe(listeners + 1);
  // As a person does who was told to remove the file, and starts another run.
  fs.writeFileSync(join(folder, LOCK_FILE), LIVING);
  release();
  expect(fs.readFileSync(join(folder, LOCK_FILE), "utf8")).toBe(LIVING);
  expect(process.listenerCount("exit")).toBe(listeners);
});

it("is given back as the process exits, by its listener", () => {
  const folder = newFolder();
  lockFolder(folder);
  const [release] = process.listeners("exit").slice(-1);
  release!.call(process, 0);
  expect(fs.readdirSync(folder)).toEqual([]);
});
