/** `bispike lab` as a server: what it gives, what it refuses, and how it begins and ends. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { LabServer, serveLab } from "../../src/node/lab-server.ts";
import { startCli } from "../support/cli.ts";
import { temporaryFolders } from "../support/folder.ts";

const newFolder = temporaryFolders();
const open: LabServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function runFolder(): string {
  const folder = join(newFolder(), "first-seed1");
  mkdirSync(folder);
  writeFileSync(join(folder, "config.yaml"), "name: first\n");
  writeFileSync(join(folder, "last.safetensors"), "secret");
  return folder;
}

// The built one, which carries the site.
const { serveLab: serveBuilt } = (await import("../../dist/node/lab-server.js" as string)) as {
  serveLab: typeof serveLab;
};

async function serve(runs: readonly string[]): Promise<LabServer> {
  const server = await serveBuilt({ host: "127.0.0.1", port: 0, runs });
  open.push(server);
  return server;
}

test("a run's logs are given as they grow, by ranges, and nothing else of its folder", async () => {
  const folder = runFolder();
  const { url } = await serve([folder]);
  const get = (path: string, range?: string) => fetch(new URL(path, url), range ? { headers: { range } } : {});
  expect(await (await get("runs.json")).json()).toEqual(["first-seed1"]);
  expect(await (await get("runs/0")).json()).toEqual({ "config.yaml": 12 });
  const metrics = join(folder, "metrics.jsonl");
  appendFileSync(metrics, '{"step":1}\n{"st');
  expect(await (await get("runs/0")).json()).toEqual({ "config.yaml": 12, "metrics.jsonl": 15 });
  const part = await get("runs/0/metrics.jsonl", "bytes=11-14");
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 11-14/15", '{"st']);
  appendFileSync(metrics, 'ep":2}\n');
  expect(await (await get("runs/0/metrics.jsonl", "bytes=11-")).text()).toBe('{"step":2}\n');
  expect(await (await get("runs/0/metrics.jsonl")).text()).toBe('{"step":1}\n{"step":2}\n');
  const beyond = await get("runs/0/metrics.jsonl", "bytes=22-");
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */22"]);
  for (const path of ["runs/0/last.safetensors", "runs/0/observations.jsonl", "runs/1", "runs/0/..%2fconfig.yaml"])
    expect((await get(path)).status, path).toBe(404);
  expect((await fetch(new URL("runs/0", url), { method: "POST" })).status).toBe(405);
});

test("an empty log is an empty answer", async () => {
  const folder = runFolder();
  writeFileSync(join(folder, "metrics.jsonl"), "");
  const { url } = await serve([folder]);
  const answer = await fetch(new URL("runs/0/metrics.jsonl", url));
  expect([answer.status, await answer.text()]).toEqual([200, ""]);
});

/** Of this process, in which the server runs: how often a file of this name is open. */
function openFiles(name: string): number {
  const files = readdirSync("/proc/self/fd").map((id) => {
    try {
      return readlinkSync(`/proc/self/fd/${id}`);
    } catch {
      return ""; // The listing's own, closed by now.
    }
  });
  return files.filter((file) => file.endsWith(`/${name}`)).length;
}

// 26 and 47 MB: more than connections take in that nobody reads from.
test.skipIf(!existsSync("/proc/self/fd")).for([
  ["as it is stored", "fashion-mnist", "train-images-idx3-ubyte.gz", existsSync("/usr/share/datasets/fashion-mnist")],
  ["packed on the way", "mnist", "train-images-idx3-ubyte", true],
] as const)("a reader that goes leaves no file open: data %s", async ([, set, file, isThere], { skip }) => {
  skip(!isThere, "this data set is not installed");
  const { url } = await serve([]);
  for (let k = 0; k < 3; k++) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const path = `data/${set}/train-images-idx3-ubyte.gz`;
      request(new URL(path, url), resolve).once("error", reject).end();
    });
    expect([answer.statusCode, openFiles(file)]).toEqual([200, 1]);
    // Browsers keep it: a reset does not fetch it anew.
    expect(answer.headers["cache-control"]).toBe("max-age=86400");
    answer.destroy();
    await vi.waitFor(() => expect(openFiles(file)).toBe(0), { timeout: 5000, interval: 20 });
  }
});

test("browsers keep what cannot change under its name, and ask for the page anew", async () => {
  const { url } = await serve([]);
  const caching = async (path: string) => (await fetch(new URL(path, url))).headers.get("cache-control");
  const page = await (await fetch(url)).text();
  const script = /assets\/[^"]+\.js/.exec(page)?.[0];
  expect([await caching(script!), await caching("")]).toEqual(["max-age=31536000, immutable", "no-cache"]);
});

test("a site that has its own name point here is refused", async () => {
  const { url } = await serve([]);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request(url, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once("error", reject);
    asked.end();
  });
  expect(status).toBe(403);
});

test("a folder that is no run is refused before anything is served", async () => {
  await expect(serve([newFolder()])).rejects.toThrow(/expected a run folder with config.yaml/);
});

test("the command says where it is, that a port is taken, and ends with Ctrl-C", async () => {
  const folder = newFolder();
  const lab = startCli(["lab", "--port", "0"], folder);
  await lab.shown("\n");
  const again = startCli(["lab", "--port", "65536"], folder);
  expect((await again.ended).code).toBe(2);
  lab.child.kill("SIGINT");
  const { code, stdout, stderr } = await lab.ended;
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);

  const { url } = await serve([]);
  const taken = await startCli(["lab", "--port", new URL(url).port], folder).ended;
  expect(taken.code).toBe(1);
  expect(taken.stderr).toMatch(/port \d+ is taken; give another by --port, or 0 for any/);
});
