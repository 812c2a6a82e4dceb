/**
 * Statistics of rows of numbers, and rounding, as numpy has them.
 *
 * @module
 */

/** @typedef {ArrayLike<number>} Row */

/**
 * Return the number at a place of the sorted row; the numbers before it are then not greater, and those after it not
 * smaller (Hoare 1961, quickselect). Sorting all of a picture takes five times as long.
 *
 * @param {Float32Array | Float64Array} row not empty; it is put in another order
 * @param {number} place from 0
 */
export function selected(row, place) {
  let low = 0;
  let high = row.length - 1;
  while (low < high) {
    const pivot = row[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (row[i] < pivot) i++;
      while (row[j] > pivot) j--;
      if (i > j) break;
      [row[i], row[j]] = [row[j], row[i]];
      i += 1;
      j -= 1;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return row[place];
}

/**
 * Return the quantile of a row, interpolated between the two nearest numbers.
 *
 * @param {Row} row not empty
 * @param {number} share from 0 to 1
 */
export function quantile(row, share) {
  const copy = new Float64Array(row);
  const place = share * (copy.length - 1);
  const below = Math.floor(place);
  const low = selected(copy, below);
  return place === below ? low : low + (smallest(copy.subarray(below + 1)) - low) * (place - below);
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
