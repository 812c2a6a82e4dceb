/**
 * Regions: which marked pixels of a picture hang together, also diagonally (8-connectivity).
 *
 * Rosenfeld and Pfaltz 1966, https://doi.org/10.1145/321356.321357
 *
 * @module
 */

import { bytesOf, plane } from "./plane.js";

/**
 * A box: left, top, right and bottom; right and bottom are one past the last pixel.
 *
 * @typedef {[number, number, number, number]} Box
 * @typedef {import("./plane.js").Plane} Plane
 */

/**
 * Number the regions of a picture, in the order in which its rows, read as a text, meet them.
 *
 * @param {Plane} marked
 * @returns {{ regions: import("./plane.js").Plane<Int32Array>, boxes: Box[] }} `regions` is 0 where nothing is marked;
 *   region k has the box k - 1
 */
export function connectedRegions(marked) {
  const { width, height } = marked;
  const numbers = new Int32Array(width * height);
  /** @type {Box[]} */
  const boxes = [];
  /** @type {number[]} */
  const ahead = [];
  for (let start = 0; start < numbers.length; start++) {
    if (!marked.data[start] || numbers[start]) continue;
    /** @type {Box} */
    const box = [width, height, 0, 0];
    boxes.push(box);
    numbers[start] = boxes.length;
    ahead.push(start);
    while (ahead.length) {
      const place = /** @type {number} */ (ahead.pop());
      const x = place % width;
      const y = (place - x) / width;
      grow(box, x, y);
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const beside = v * width + u;
          if (marked.data[beside] && !numbers[beside]) {
            numbers[beside] = boxes.length;
            ahead.push(beside);
          }
        }
      }
    }
  }
  return { regions: plane(width, height, numbers), boxes };
}

/** @param {Box} box @param {number} x @param {number} y */
function grow(box, x, y) {
  box[0] = Math.min(box[0], x);
  box[1] = Math.min(box[1], y);
  box[2] = Math.max(box[2], x + 1);
  box[3] = Math.max(box[3], y + 1);
}

/**
 * Return the box around all pixels for which a condition holds, or null.
 *
 * @param {{ width: number, height: number, data: ArrayLike<number> }} of
 * @param {(value: number) => boolean} holds
 * @returns {Box | null}
 */
export function boxOf({ width, height, data }, holds) {
  /** @type {Box} */
  const box = [width, height, 0, 0];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (holds(data[y * width + x])) grow(box, x, y);
  return box[2] ? box : null;
}

/**
 * Return which pixels belong to the chosen regions.
 *
 * @param {import("./plane.js").Plane<Int32Array>} regions
 * @param {boolean[]} chosen
 */
export const pixelsOf = (regions, chosen) =>
  bytesOf(regions, (number) => Number(number > 0 && chosen[number - 1]));

/** Return the places of marked pixels. @param {Plane} marked @returns {number[]} */
export function placesOf(marked) {
  const places = [];
  marked.data.forEach((mark, place) => mark && places.push(place));
  return places;
}

/** Return the places of marked pixels at the picture's edge, or beside, above or below one that is not marked. */
export function outlineOf(marked) {
  const { width, height, data } = marked;
  return placesOf(marked).filter((place) => {
    const [x, y] = [place % width, Math.floor(place / width)];
    const inner = x > 0 && y > 0 && x < width - 1 && y < height - 1;
    return !(inner && data[place - width] && data[place + width] && data[place - 1] && data[place + 1]);
  });
}

/** Add up a number over the pixels of each region. */
export function sumsOver(regions, n, value) {
  const sums = new Float64Array(n);
  regions.data.forEach((region, place) => region && (sums[region - 1] += value(place)));
  return sums;
}

/** How far two boxes are apart, in pixels; below 0 where they overlap. @param {Box} a @param {Box} b */
export const gap = (a, b) => Math.max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3]);

/** @param {Box} box */
export const widthOf = (box) => box[2] - box[0];

/** @param {Box} box */
export const heightOf = (box) => box[3] - box[1];

/** @param {Box} box */
export const longerSide = (box) => Math.max(widthOf(box), heightOf(box));
