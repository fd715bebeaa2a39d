/** What a cell of a table is: a number, a missing value, a date or a name. */

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const MISSING = /^(?:|nan|na|n\/a|null|none)$/i;
const DATES = [
  // 2016-07-01, 2016/7/1 01:00, 2016-07-01T01:00:00Z
  /^\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ].*)?$/,
  // 1.7.2016, 01/07/16 1:00
  /^\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?:[T ].*)?$/,
  // 01:00, 01:00:00.5
  /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/,
];
const TIME_NAME = /^(?:|date|time|datetime|date_time|timestamp|index|unnamed: 0)$/i;

/** Whether a cell is a decimal number: digits with an optional sign, point and exponent, nothing else. */
export function isNumber(cell: string): boolean {
  return NUMBER.test(cell);
}

/** Whether a cell stands for "missing": empty, NaN, NA, N/A, null, none, in any case. */
export function isMissing(cell: string): boolean {
  return MISSING.test(cell);
}

/** Whether a cell is a date or a time of day. */
export function isDate(cell: string): boolean {
  return DATES.some((pattern) => pattern.test(cell));
}

/** Whether a name is one that the first column has when it holds the rows' times: date, time, index, none, ... */
export function isTimeName(name: string): boolean {
  return TIME_NAME.test(name);
}
