/** How many rows a net may be asked to run: kernels write where they are told, so a wrong count is refused before it reaches them. */
import { BispikeError } from "../errors.ts";

/**
 * @param least Default 0
 * @throws BispikeError "usage" unless `count` is a whole number from `least` to `most`
 */
export function assertRows(what: string, count: number, most: number, least = 0): void {
  if (!(Number.isInteger(count) && count >= least && count <= most))
    throw new BispikeError("usage", `${what}: expected ${least} to ${most}, got ${count}`);
}
