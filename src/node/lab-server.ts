/** Serves the lab: the built site, the data sets at hand, and the run folders it is given, on loopback unless told otherwise. */

import { spawn } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import sirv from "sirv";
import { locate } from "../data/load.ts";
import { BispikeError } from "../errors.ts";
import { RUN_FILES } from "./run-folder.ts";

export interface LabOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Run folders whose metrics the page may follow. */
  readonly runs: readonly string[];
}

/** Where `npm run build:lab` puts the site. */
const SITE = fileURLToPath(new URL("../lab/", import.meta.url));

/** Data sets the page asks for, and their files. */
const SETS = ["mnist", "fashion-mnist"] as const;
const DATA_FILE = /^\/data\/(mnist|fashion-mnist)\/((?:train|t10k)-(?:images-idx3|labels-idx1)-ubyte)\.gz$/;
/** Of a run folder nothing else is served. */
const FOLLOWED = [RUN_FILES.config, RUN_FILES.metrics, RUN_FILES.observations, RUN_FILES.summary] as const;
const RUN = /^\/runs\/(\d{1,4})(?:\/([a-z.]+))?$/;

/**
 * What every answer says. The first two make shared memory available; the policy lets nothing in that the site itself does not carry, and no code
 * from strings but WebAssembly.
 */
const LAB_HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

export interface LabServer {
  /** Where the page is. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the server.
 *
 * @throws BispikeError "platform" when the site is not built or the port is taken, "checkpoint" for a folder that holds no run
 * @example
 * const lab = await serveLab({ host: "127.0.0.1", port: 4173, runs: [] });
 * console.log(lab.url); // http://127.0.0.1:4173/
 */
export async function serveLab({ host, port, runs }: LabOptions): Promise<LabServer> {
  if (!existsSync(join(SITE, "index.html")))
    throw new BispikeError("platform", `the lab is not built: ${SITE}index.html is missing; run npm run build:lab`);
  for (const run of runs) {
    if (!existsSync(join(run, RUN_FILES.config)))
      throw new BispikeError("checkpoint", `${run}: expected a run folder with ${RUN_FILES.config}, found none there`);
  }
  // Names of assets change with what is in them; the page that names them is asked for anew.
  const setHeaders = (response: ServerResponse, path: string) =>
    response.setHeader("Cache-Control", path.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache");
  const site = sirv(SITE, { etag: true, setHeaders });
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(LAB_HEADERS)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      refuse(response, 405, "only GET is served");
      return;
    }
    if (!isOurHost(request, host)) {
      refuse(response, 403, "this server answers to its own address only");
      return;
    }
    answer(request, response, runs, site).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error instanceof BispikeError ? error.message : "the server failed");
    });
  });
  await listen(server, host, port);
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** On loopback, a page of another site must not reach us by a name of its own that points here (DNS rebinding). */
function isOurHost(request: IncomingMessage, host: string): boolean {
  if (!["127.0.0.1", "::1", "localhost"].includes(host)) return true;
  const name = (request.headers.host ?? "").replace(/:\d+$/, "");
  return ["127.0.0.1", "[::1]", "localhost"].includes(name);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  runs: readonly string[],
  site: ReturnType<typeof sirv>,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://lab").pathname;
  if (path === "/runs.json") {
    send(response, "application/json", JSON.stringify(runs.map((run) => basename(resolve(run)))));
    return;
  }
  const run = RUN.exec(path);
  if (run) {
    const folder = runs[Number(run[1])];
    const file = FOLLOWED.find((name) => name === run[2]);
    if (folder === undefined) refuse(response, 404, "no such run");
    else if (run[2] === undefined) send(response, "application/json", JSON.stringify(sizesOf(folder)), "no-store");
    else if (file === undefined) refuse(response, 404, `of a run only ${FOLLOWED.join(", ")} are served`);
    else sendRange(request, response, join(folder, file));
    return;
  }
  const data = DATA_FILE.exec(path);
  if (data) {
    await sendData(response, data[1] as (typeof SETS)[number], data[2]!);
    return;
  }
  site(request, response, () => refuse(response, 404, "not found"));
}

/** IDX files as gzip: as they are where they are stored so, packed on the way where not. */
async function sendData(response: ServerResponse, name: string, file: string): Promise<void> {
  const folder = await locate(name).catch((error: unknown) => {
    if (error instanceof BispikeError) return error;
    throw error;
  });
  if (folder instanceof BispikeError) {
    refuse(response, 404, folder.message);
    return;
  }
  const packed = join(folder, `${file}.gz`);
  const plain = join(folder, file);
  if (!existsSync(packed) && !existsSync(plain)) {
    refuse(response, 404, `${file} is not there`);
    return;
  }
  response.setHeader("Content-Type", "application/gzip");
  // A class that resets its runs need not fetch them again, nor wait for a server that has gone.
  response.setHeader("Cache-Control", "max-age=86400");
  if (existsSync(packed)) {
    response.setHeader("Content-Length", statSync(packed).size);
    // Closes the file when the reader goes; a file that cannot be read on ends the answer early.
    pipeline(createReadStream(packed), response, () => {});
    return;
  }
  // Fast, not small: over loopback the network costs nothing.
  pipeline(createReadStream(plain), createGzip({ level: 1 }), response, () => {});
}

/** Bytes of each of the run's files there is now: a page looks here for what has grown. */
function sizesOf(folder: string): Record<string, number> {
  return Object.fromEntries(
    FOLLOWED.flatMap((name) => {
      const kind = statSync(join(folder, name), { throwIfNoEntry: false });
      return kind?.isFile() ? [[name, kind.size]] : [];
    }),
  );
}

/** A file that may be growing: as much of it as there is now, or the bytes first-last that are asked for. */
function sendRange(request: IncomingMessage, response: ServerResponse, file: string): void {
  const kind = statSync(file, { throwIfNoEntry: false });
  if (!kind?.isFile()) {
    refuse(response, 404, "not there");
    return;
  }
  const { size } = kind;
  const asked = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(request.headers.range ?? "");
  const first = asked ? Number(asked[1]) : 0;
  const last = Math.min(size, asked?.[2] ? Number(asked[2]) + 1 : size) - 1;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Accept-Ranges", "bytes");
  if (asked && first > last) {
    response.setHeader("Content-Range", `bytes */${size}`);
    refuse(response, 416, `there are ${size} bytes`);
    return;
  }
  if (asked) {
    response.statusCode = 206;
    response.setHeader("Content-Range", `bytes ${first}-${last}/${size}`);
  }
  response.setHeader("Content-Length", last - first + 1);
  if (last < first || request.method === "HEAD") response.end();
  // Shorter by now, it ends early, which the reader takes for a failed answer and asks again.
  else pipeline(createReadStream(file, { start: first, end: last }), response, () => {});
}

function send(response: ServerResponse, type: string, text: string, caching?: string): void {
  response.setHeader("Content-Type", type);
  if (caching) response.setHeader("Cache-Control", caching);
  response.end(text);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  send(response, "text/plain; charset=utf-8", `${message}\n`);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? `port ${port} is taken; give another by --port, or 0 for any`
          : cause.code === "EACCES"
            ? `port ${port} needs rights this process does not have; give one above 1023 by --port`
            : `${cause.message}; check --host`;
      reject(new BispikeError("platform", `cannot listen on ${host}: ${why}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

// Opens an address in the browser of this machine, by what its system has for that.

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** What opens a browser is done by then, or has become one. */
const PATIENCE = 1500;

/** False where there is nothing to open it with. */
export function openInBrowser(url: string): Promise<boolean> {
  const [command, ...before] = OPENERS[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(command!, [...before, url], { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
    child.once("spawn", () => child.unref());
    setTimeout(() => resolve(true), PATIENCE).unref();
  });
}
