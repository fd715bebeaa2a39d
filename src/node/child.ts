/** Other Node processes whose output is read line by line, and which do not outlive this one; and tasks that run some at once. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ChildEnd {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last of what it wrote to stderr. */
  readonly stderr: string;
}

export interface Child {
  readonly ended: Promise<ChildEnd>;
  /** Asks it to stop (SIGTERM); it may go on for a while. */
  stop(): void;
}

/** Kept of stderr, in characters. */
const KEPT = 8192;

/** Kills the children that are still running. */
const running = new Set<() => void>();
process.on("exit", () => {
  for (const kill of running) kill();
});

/**
 * Starts a script in a process group of its own, so that a terminal's Ctrl-C reaches this process alone, which passes it on once.
 * When this process exits, the child is killed; when this process is killed, the child's output finds no reader.
 *
 * @param args the script and its arguments
 * @param onLine every line of its stdout
 * @example
 * const child = startChild([script, "train", "a.yaml", "--json"], (line) => console.log(JSON.parse(line)));
 * const { code } = await child.ended;
 */
export function startChild(args: readonly string[], onLine: (line: string) => void): Child {
  const child = spawn(process.execPath, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const kill = () => child.kill("SIGKILL");
  running.add(kill);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-KEPT);
  });
  const lines = createInterface({ input: child.stdout }).on("line", onLine);
  const read = new Promise<void>((resolve) => lines.once("close", resolve));
  const closed = new Promise<ChildEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stderr }));
  });
  const end = async () => {
    try {
      const [ended] = await Promise.all([closed, read]);
      return ended;
    } finally {
      running.delete(kill);
    }
  };
  return { ended: end(), stop: () => child.kill("SIGTERM") };
}

/** Runs tasks, some at once, in order. */

/**
 * Starts the tasks one after the other, `limit` at once, until all have ended or `stopped` says so; those under way are awaited.
 *
 * @param limit 1 or more
 * @param stopped asked before each start
 * @throws what a task throws, once those under way have ended; no more are started
 * @example
 * await runPool(files, 2, (file) => convert(file));
 */
export async function runPool<T>(
  tasks: readonly T[],
  limit: number,
  run: (task: T, index: number) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  let next = 0;
  let failed = false;
  const work = async () => {
    while (next < tasks.length && !failed && !stopped()) {
      const index = next++;
      try {
        await run(tasks[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(limit, tasks.length) }, work));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}
