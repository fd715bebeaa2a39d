/**
 * The axis `variant`: keys that change together, such as a rule and the learning rate that suits it. Its values are sections of dotted keys:
 *
 *   compare: { axes: { variant: [{ rule.name: bsd, train.learningRate: 0.006 }, { name: slow, rule.name: dll, train.learningRate: 0.003 }] } }
 *
 * `name` is what tables and pictures call a variant: no setting, and no part of its folder's name.
 */
import type { RawValue } from "../training/config-raw.ts";
import { isSection } from "./values.ts";

export const VARIANT = "variant";

/** What a value of an axis sets in the experiment: dotted keys and their values. */
export function settingsOf(key: string, value: RawValue): [string, RawValue][] {
  return key === VARIANT && isSection(value) ? Object.entries(value).filter(([k]) => k !== "name") : [[key, value]];
}

/** Variants without the keys that the command line has fixed. */
export function withoutFixed(variants: readonly RawValue[], fixed: ReadonlyMap<string, RawValue>): RawValue[] {
  return variants.map((variant) => {
    if (!isSection(variant)) return variant;
    return Object.fromEntries(Object.entries(variant).filter(([key]) => !fixed.has(key)));
  });
}

/**
 * @param taken keys that vary by themselves
 * @returns what is wrong with the variants; undefined for nothing
 */
export function faultOf(variants: readonly RawValue[], isKey: RegExp, taken: readonly string[]): string | undefined {
  for (const variant of variants) {
    const keys = isSection(variant) ? Object.keys(variant).filter((key) => key !== "name") : [];
    if (isSection(variant) && "name" in variant && typeof variant.name !== "string")
      return `name: expected text, got ${JSON.stringify(variant.name)}`;
    const odd = keys.find((key) => !isKey.test(key));
    const double = keys.find((key) => taken.includes(key));
    if (odd !== undefined) return `expected dotted keys such as rule.name, got ${JSON.stringify(odd)}`;
    if (double !== undefined) return `${double} varies by itself already; leave it to one of the two`;
    if (keys.length === 0)
      return `expected sections of dotted keys, such as { rule.name: bsd, train.learningRate: 0.01 }, got ${JSON.stringify(variant)}`;
  }
  return undefined;
}
