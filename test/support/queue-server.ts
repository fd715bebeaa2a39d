/** A real Valkey or Redis server on loopback, as Debian has them (`apt-get install valkey-server`), with its own port and folder. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";

/** The server's command; undefined where neither is installed. */
export const SERVER = ["valkey-server", "redis-server"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

export interface RunningServer {
  readonly url: string;
  /** SIGTERM, and its end. */
  readonly stop: () => Promise<void>;
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Starts the server and waits until it takes connections. What it keeps lies in `folder`. */
export async function startServer(folder: string, port: number, password?: string): Promise<RunningServer> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const kept = ["--appendonly", "yes", "--appendfsync", "always"];
  const locked = password === undefined ? [] : ["--requirepass", password];
  const child = spawn(SERVER!, [...args, ...kept, ...locked], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await ready(child);
  const stop = () => {
    child.kill("SIGTERM");
    return gone;
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.once("error", reject);
    child.once("close", () => reject(new Error(`the server ended:\n${log}`)));
    child.stdout?.on("data", (bytes: Buffer) => {
      log += bytes.toString();
      if (log.includes("Ready to accept connections")) resolve();
    });
  });
}
