/** How many rows a net may be asked to run: kernels write where they are told, so a wrong count is refused before it reaches them. */
import { BispikeError } from "../errors.ts";

/** @throws BispikeError "usage" unless `count` is a whole number from 0 to `most` */
export function assertRows(what: string, count: number, most: number): void {
  if (!(Number.isInteger(count) && count >= 0 && count <= most))
    throw new BispikeError("usage", `${what}: expected 0 to ${most}, got ${count}`);
}
