/** A file replaced by `writeDurably` is whole after SIGKILL at any moment. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { writeDurably } from "../../src/node/durable.ts";
import { temporaryFolders } from "../support/folder.ts";

const KILLS = 25;
const BYTES = 4_000_000;
const newFolder = temporaryFolders();

function fromHere(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The module under test as JavaScript, for a child process that knows no TypeScript: as it was built. */
const module = fromHere("../../dist/node/durable.js");

/** The letter of a whole version; anything else fails. */
function versionOf(bytes: Buffer): string {
  expect(bytes.length).toBe(32 + BYTES);
  const body = bytes.subarray(32);
  expect(createHash("sha256").update(body).digest().equals(bytes.subarray(0, 32))).toBe(true);
  return String.fromCharCode(body[0] ?? 0);
}

it(`holds all of A or all of B after each of ${KILLS} kills`, async () => {
  const folder = newFolder();
  const target = join(folder, "last.safetensors");
  const moments = new RandomStream(1, "kill");
  const found = new Set<string>();
  let caughtWriting = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [fromHere("../support/durable-writer.mjs"), module, target, String(BYTES)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    await Promise.race([once(child.stdout, "data"), exited]);
    // The first kill waits for a target to exist; later ones come at once or within some writes.
    await sleep(moments.uniform() * 60);
    while (kill === 0 && !readdirSync(folder).includes("last.safetensors")) await sleep(5);
    child.kill("SIGKILL");
    expect((await exited)[1]).toBe("SIGKILL");
    found.add(versionOf(readFileSync(target)));
    const left = readdirSync(folder).filter((name) => name !== "last.safetensors");
    expect(left.length, "leftovers of earlier kills are removed").toBeLessThanOrEqual(1);
    caughtWriting += left.length;
  }
  expect([...found].every((letter) => letter === "A" || letter === "B")).toBe(true);
  expect(caughtWriting, "some kills came in the middle of a write").toBeGreaterThan(0);

  writeDurably(target, "done");
  expect(readdirSync(folder)).toEqual(["last.safetensors"]);
  expect(readFileSync(target, "utf8")).toBe("done");
});

it.skipIf(process.platform === "win32")("keeps the old file when the system stops a write halfway", () => {
  const folder = newFolder();
  const target = join(folder, "last.safetensors");
  writeDurably(target, "old");
  // A limit on the size of files is the one full disk that every machine can make: some blocks are written, then EFBIG.
  const { stderr } = spawnSync(
    "sh",
    [
      "-c",
      'ulimit -f 200; exec "$@"',
      "sh",
      process.execPath,
      fromHere("../support/durable-writer.mjs"),
      module,
      target,
      String(BYTES),
    ],
    { encoding: "utf8" },
  );
  expect(stderr).toMatch(/cannot write .*last\.safetensors: the file is larger than this system allows/);
  expect(readdirSync(folder)).toEqual(["last.safetensors"]);
  expect(readFileSync(target, "utf8")).toBe("old");
});
