/**
 * Hard pixels: the small picture that was enlarged without smoothing, so that each of its pixels became a block.
 *
 * Between two columns something changes only at the blocks' borders, which are equally far apart but for rounding. See
 * `pipelines/features/images/hard_pixels.py`.
 *
 * @module
 */

import { largest, round, smallest, sum } from "../statistics.js";
import { plane } from "./plane.js";
import { transposed } from "./resizing.js";

/** @typedef {import("./plane.js").Plane} Plane */

const LOOKED_AT = 128; // rows, and columns, of the picture
const SMALLEST_BLOCK = 4; // pixels
const MOST_ROUNDED = 1.3; // pixels by which borders may lie apart from equal distances, both sides taken together
const FEWEST = 8; // borders in both directions together
const FEWEST_PIXELS = 5; // of the small picture's shorter side
const NOT_SQUARE = 0.1; // about the share by which a block's sides may differ
const BORDER = 0.02; // least change at a border, by the greatest
const BETWEEN = 0.15; // share of all change that is elsewhere, at most

/**
 * @param {Plane} picture
 * @returns {Plane | null} null if there are no blocks
 */
export function hardPixelsIn(picture) {
  const { width, height } = picture;
  if (Math.min(width, height) < FEWEST_PIXELS * SMALLEST_BLOCK) return null;
  const across = bordersIn(picture);
  const down = bordersIn(transposed(picture));
  if (across === null || down === null || across.length + down.length < FEWEST) return null;
  const gaps = [...gapsBetween(across), ...gapsBetween(down)];
  if (smallest(gaps) < SMALLEST_BLOCK) return null;
  const single = gaps.filter((gap) => gap < 1.5 * smallest(gaps));
  const block = sum(single) / single.length;
  const columns = gridThrough(across, block, width);
  const rows = gridThrough(down, block, height);
  if (columns === null || rows === null || Math.min(columns.length, rows.length) <= FEWEST_PIXELS) return null;
  if (Math.abs(Math.log((columns[1] - columns[0]) / (rows[1] - rows[0]))) > NOT_SQUARE) return null;
  const [x, y] = [centres(columns, width), centres(rows, height)];
  const small = Uint8Array.from({ length: x.length * y.length }, (_, i) => {
    return picture.data[y[Math.floor(i / x.length)] * width + x[i % x.length]];
  });
  return plane(x.length, y.length, small);
}

const gapsBetween = (borders) => borders.slice(1).map((border, i) => border - borders[i]);

const centres = (lines, length) =>
  lines.slice(1).map((line, i) => Math.trunc(Math.min(length - 1, Math.max(0, (lines[i] + line) / 2))));

/** Return the columns at which blocks begin, except the first; or null if much changes between them. */
function bordersIn({ width, height, data }) {
  const every = Math.ceil(height / LOOKED_AT);
  const change = new Array(width - 1).fill(0);
  for (let y = 0; y < height; y += every) {
    for (let x = 0; x < width - 1; x++) change[x] += (data[y * width + x + 1] - data[y * width + x]) ** 2;
  }
  const least = BORDER * largest(change);
  const borders = change.flatMap((value, x) => (value > least ? [x + 1] : []));
  const between = sum(change.filter((value) => value <= least));
  return !borders.length || between > BETWEEN * sum(change) ? null : borders;
}

/** Return equally distant lines through the borders, from edge to edge; or null if there are none such. */
function gridThrough(borders, block, length) {
  const number = [0];
  gapsBetween(borders).forEach((gap, i) => number.push(number[i] + round(gap / block)));
  if (borders.length > 2) block = slope(number, borders);
  const beside = borders.map((border, i) => border - block * number[i]);
  if (largest(beside) - smallest(beside) > MOST_ROUNDED) return null;
  const first = (smallest(beside) + largest(beside)) / 2;
  const before = Math.floor(first / block + 0.5);
  const after = Math.floor((length - first) / block + 0.5);
  return Array.from({ length: before + after + 1 }, (_, k) => first + block * (k - before));
}

/** Return the slope of a straight line through points by least squares. */
function slope(x, y) {
  const [middle, height] = [sum(x) / x.length, sum(y) / y.length];
  const over = x.reduce((total, value, i) => total + (value - middle) * (y[i] - height), 0);
  return over / x.reduce((total, value) => total + (value - middle) ** 2, 0);
}
