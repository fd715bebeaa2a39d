/** Kernels write where they are told, so a wrong count of rows, or a class that is none, fails before it reaches them. */
import { BispikeError } from "../errors.ts";

/**
 * @param count rows, or a class from 0
 * @param least Default 0
 * @throws BispikeError "usage" unless `count` is a whole number from `least` to `most`
 */
export function assertRows(what: string, count: number, most: number, least = 0): void {
  if (!(Number.isInteger(count) && count >= least && count <= most))
    throw new BispikeError("usage", `${what}: expected ${least} to ${most}, got ${count}`);
}
