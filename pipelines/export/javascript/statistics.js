/**
 * Statistics of rows of numbers, and rounding, as numpy has them.
 *
 * @module
 */

/** @typedef {ArrayLike<number>} Row */

/**
 * Return the quantile of a row, interpolated between the two nearest numbers.
 *
 * @param {Row} row not empty
 * @param {number} share from 0 to 1
 */
export function quantile(row, share) {
  const sorted = new Float64Array(row).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** Return the middle of a row, or the mean of the two in the middle. @param {Row} row not empty */
export const median = (row) => quantile(row, 0.5);

/** @param {Row} row */
export function sum(row) {
  let total = 0;
  for (let i = 0; i < row.length; i++) total += row[i];
  return total;
}

/** @param {Row} row not empty */
export function largest(row) {
  let most = -Infinity;
  for (let i = 0; i < row.length; i++) if (row[i] > most) most = row[i];
  return most;
}

/** @param {Row} row not empty */
export function smallest(row) {
  let least = Infinity;
  for (let i = 0; i < row.length; i++) if (row[i] < least) least = row[i];
  return least;
}

/** Return the place of the largest number, the first of equal ones. @param {Row} row */
export function placeOfLargest(row) {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}

/** Round to the nearest whole number, and halves to the even one. @param {number} value */
export function round(value) {
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** @param {number} value @param {number} low @param {number} high */
export const clip = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Return the stretches of marked places in a row.
 *
 * @param {number} n
 * @param {(place: number) => boolean} marked
 * @returns {[number, number][]} start of each, and one past its end
 */
export function runs(n, marked) {
  /** @type {[number, number][]} */
  const found = [];
  for (let start = 0; start < n; start++) {
    if (!marked(start)) continue;
    let stop = start + 1;
    while (stop < n && marked(stop)) stop++;
    found.push([start, stop]);
    start = stop;
  }
  return found;
}
