/** Raw configuration values as a comparison sees them: flattened, compared, shown, and made into folder names. */
import { crc32 } from "../engine/checksum.ts";
import type { RawSection, RawValue } from "../training/config-raw.ts";

/** Dotted keys and values of a section, in order; lists are values. @example flatten({ rule: { name: "bsd" } }) // [["rule.name", "bsd"]] */
export function flatten(section: RawSection, prefix = ""): [string, RawValue][] {
  return Object.entries(section).flatMap(([key, value]) =>
    isSection(value) ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value] as [string, RawValue]],
  );
}

export function isSection(value: RawValue | undefined): value is RawSection {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy of a section without a dotted key. */
export function without(section: RawSection, dotted: string): RawSection {
  const [first = "", ...others] = dotted.split(".");
  const copy: RawSection = Object.assign(Object.create(null), section);
  const child = copy[first];
  if (others.length === 0) delete copy[first];
  else if (isSection(child)) copy[first] = without(child, others.join("."));
  return copy;
}

/** Whether two values are the same; what a variant is called does not count. */
export function sameValue(a: RawValue, b: RawValue): boolean {
  return JSON.stringify(unnamed(a)) === JSON.stringify(unnamed(b));
}

/** A variant without what it is called. */
function unnamed(value: RawValue): RawValue {
  return isSection(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== "name")) : value;
}

/** A value for people: text without quotes, sections by their name or as key=value. @example showValue([512, 256]) // "[512, 256]" */
export function showValue(value: RawValue): string {
  if (typeof value === "string") return value;
  if (isSection(value) && typeof value.name === "string") return value.name;
  if (isSection(value))
    return flatten(value)
      .map(([key, child]) => `${key}=${showValue(child)}`)
      .join(" ");
  return JSON.stringify(value).replaceAll(",", ", ");
}

/** The same with what a named section holds. @example describeValue({ name: "slow", "rule.name": "dll" }) // "slow (rule.name=dll)" */
export function describeValue(value: RawValue): string {
  const shown = showValue(value);
  return isSection(value) && shown === value.name ? `${shown} (${showValue(unnamed(value))})` : shown;
}

/** Longest piece of a folder's name that a value gives. */
const LONGEST = 40;

/**
 * A value as part of a folder's name: the same for ever, and different for different values. Numbers, plain words and lists of numbers as they
 * are; of anything else what a name may have, and a checksum.
 *
 * @example
 * nameValue([512, 256]); // "512-256"
 */
export function nameValue(value: RawValue): string {
  const plainValue = unnamed(value);
  const json = JSON.stringify(isSection(plainValue) ? Object.fromEntries(flatten(plainValue).sort()) : plainValue);
  const numbers = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
  const plain = numbers ? value.join("-") : typeof value === "string" ? value : json;
  if (/^[A-Za-z0-9-][\w.+-]*$/.test(plain) && !plain.endsWith(".") && plain.length <= LONGEST) return plain;
  const readable = plain
    .replace(/[^\w.+-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, LONGEST)
    .replace(/[^A-Za-z0-9]+$/, "");
  const sum = crc32(new TextEncoder().encode(json)).toString(16).padStart(8, "0");
  return readable === "" ? sum : `${readable}-${sum}`;
}
