/** Choosing columns by name or place, and names that tell columns apart. */
import { BispikeError } from "../../errors.ts";

const LISTED = 12;

/** In messages: who chose the columns. */
export const COLUMNS_TRAINED = "columns that the net was trained on";

/**
 * Places of the wanted columns: text is a name, a number a place from 0.
 *
 * @param where option and file, for messages
 * @throws BispikeError "config" for one that does not exist, one given twice, or none at all
 * @example
 * columnsOf(["HUFL", "OT"], ["OT"], "targets"); // [1]
 */
export function columnsOf(
  names: readonly string[],
  wanted: readonly (string | number)[],
  where: string,
): readonly number[] {
  if (wanted.length === 0) throw new BispikeError("config", `${where}: expected a column, got an empty list`);
  const places = wanted.map((column) => placeOf(names, column, where));
  places.forEach((place, index) => {
    if (places.indexOf(place) !== index) {
      throw new BispikeError("config", `${where}: column ${JSON.stringify(names[place])} is given twice`);
    }
  });
  return places;
}

function placeOf(names: readonly string[], column: string | number, where: string): number {
  if (typeof column === "string") {
    const place = names.indexOf(column);
    if (place >= 0) return place;
    throw new BispikeError(
      "config",
      `${where}: there is no column ${JSON.stringify(column)}; there are ${listNames(names)}`,
    );
  }
  if (Number.isInteger(column) && column >= 0 && column < names.length) return column;
  const hint = names.includes(String(column)) ? `; the column named ${column} is meant by the text "${column}"` : "";
  throw new BispikeError(
    "config",
    `${where}: expected a column's place from 0 to ${names.length - 1}, got ${column}${hint}`,
  );
}

/** `"a", "b" and 3 more`. */
export function listNames(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return (
    names
      .slice(0, LISTED)
      .map((name) => JSON.stringify(name))
      .join(", ") + more
  );
}

/**
 * Refuses names that do not tell columns apart.
 *
 * @throws BispikeError "data" for an empty or repeated name
 */
export function checkNames(names: readonly string[], where: string): void {
  const seen = new Map<string, number>();
  names.forEach((name, place) => {
    if (name === "") throw new BispikeError("data", `${where}: value column ${place + 1} has no name`);
    const before = seen.get(name);
    if (before !== undefined) {
      throw new BispikeError(
        "data",
        `${where}: value columns ${before + 1} and ${place + 1} are both named ${JSON.stringify(name)}; names must differ`,
      );
    }
    seen.set(name, place);
  });
}
