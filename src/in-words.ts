/** Values in the words of an error message. */

/** A short account of an argument. @example inWords("3") // 'the text "3"' */
export function inWords(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`;
  if (typeof value !== "object")
    return typeof value === "function" ? "a function" : `the ${typeof value} ${String(value)}`;
  if (value instanceof Promise) return "a promise, which is to be awaited";
  if (Array.isArray(value)) return "a list";
  const name = value.constructor?.name ?? "Object";
  return name === "Object" ? "an object" : `an object of class ${name}`;
}
