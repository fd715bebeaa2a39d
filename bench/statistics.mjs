// @ts-check
/** Medians, and timing of several jobs in turns. */

/**
 * The middle value; the mean of the two middle ones where their number is even.
 *
 * @param {readonly number[]} values at least one
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Times jobs in turns (a b c a b c ...), so that a busy spell of the machine meets all of them alike. Each runs once untimed first.
 *
 * @param {readonly (() => void)[]} jobs
 * @param {number} repeat timed runs of each
 * @returns {number[][]} milliseconds, [job][run]
 */
export function timeInTurns(jobs, repeat) {
  /** @type {number[][]} */
  const times = jobs.map(() => []);
  for (const job of jobs) job();
  for (let run = 0; run < repeat; run++) {
    for (const [index, job] of jobs.entries()) {
      const start = performance.now();
      job();
      times[index]?.push(performance.now() - start);
    }
  }
  return times;
}

/**
 * Exponent e of the best fit values ~ sizes^e: the slope of the straight line through their logarithms.
 *
 * @param {readonly number[]} sizes positive, at least two different ones
 * @param {readonly number[]} values positive, one a size
 */
export function exponent(sizes, values) {
  const x = sizes.map(Math.log);
  const y = values.map(Math.log);
  const meanX = x.reduce((sum, value) => sum + value, 0) / x.length;
  const meanY = y.reduce((sum, value) => sum + value, 0) / y.length;
  let products = 0;
  let squares = 0;
  for (const [index, value] of x.entries()) {
    products += (value - meanX) * ((y[index] ?? Number.NaN) - meanY);
    squares += (value - meanX) ** 2;
  }
  return products / squares;
}
