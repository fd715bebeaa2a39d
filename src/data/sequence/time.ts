/** Points in time as text. */
import { BispikeError } from "../../errors.ts";

const PER_MILLISECOND = { ns: 1_000_000n, us: 1000n, ms: 1n } as const;
/** Furthest that a JavaScript date reaches, in milliseconds from 1970. */
const LAST = 8_640_000_000_000_000n;

/**
 * ISO 8601 of a count of units since 1970, in UTC as pandas' times without a zone are, without what is zero at the end:
 * "2012-03-01 00:05:00".
 *
 * @throws BispikeError "data" beyond the years that dates have
 * @example
 * toIso(1330560300000000000n, "ns"); // "2012-03-01 00:05:00"
 */
export function toIso(count: bigint, unit: "s" | "ms" | "us" | "ns"): string {
  const milliseconds = unit === "s" ? count * 1000n : count / PER_MILLISECOND[unit];
  if (milliseconds > LAST || milliseconds < -LAST) {
    throw new BispikeError("data", `expected a time of the calendar, found ${count} ${unit} from 1970`);
  }
  const text = new Date(Number(milliseconds)).toISOString();
  return text.replace("T", " ").replace(/(?:\.000)?Z$/, "");
}
