/** Wording of configuration errors: what a value is, and which known name a misspelt one is nearest to. */

/** A short account of a value for an error message. @example describeValue("4") // 'the text "4"' */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return `the text ${JSON.stringify(clip(value))}`;
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return `a section with ${Object.keys(value).length} keys`;
  return `a ${typeof value}`;
}

/** Text cut to 60 characters. */
export function clip(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/**
 * The known dotted key nearest to a misspelt one, or undefined if none is near. A key written in the wrong
 * section counts as near: its last part alone is compared too.
 *
 * @example nearest("epoch", ["train.epochs", "data"]) // "train.epochs"
 */
export function nearest(dotted: string, known: readonly string[]): string | undefined {
  if (dotted.length > 80) return undefined;
  let best: { key: string; distance: number } | undefined;
  for (const key of known) {
    // The whole key wins a tie with the last part, so that a slip within a section stays in it.
    const whole = editDistance(fold(dotted), fold(key));
    const distance = Math.min(whole, editDistance(fold(lastPart(dotted)), fold(lastPart(key))) + 0.5);
    if (best === undefined || distance < best.distance) best = { key, distance };
  }
  const allowed = Math.max(1.5, Math.min(3.5, lastPart(dotted).length / 2));
  return best !== undefined && best.distance <= allowed ? best.key : undefined;
}

const lastPart = (dotted: string) => dotted.slice(dotted.lastIndexOf(".") + 1);
/** learning_rate, learning-rate and learningRate are one spelling. */
const fold = (text: string) => text.toLowerCase().replace(/[_-]/g, "");

/** Levenshtein distance: insertions, deletions and replacements of one character each. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
