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
