/**
 * A plane: one number for each pixel of a picture, row by row from the top left.
 *
 * Levels of brightness are bytes, marks are bytes that are 0 or 1, and what is measured is in single precision.
 *
 * @module
 */

import { sum } from "../statistics.js";

/**
 * @template {Uint8Array | Float32Array | Int32Array} [T=Uint8Array]
 * @typedef {{ width: number, height: number, data: T }} Plane
 */

/**
 * @template {Uint8Array | Float32Array | Int32Array} T
 * @param {number} width
 * @param {number} height
 * @param {T} data [width * height]
 * @returns {Plane<T>}
 */
export const plane = (width, height, data) => ({ width, height, data });

/**
 * Return a plane of bytes, in which each number is a function of the old one and its place.
 *
 * @param {Plane<any>} of
 * @param {(level: number, place: number) => number} value
 */
export const bytesOf = (of, value) => plane(of.width, of.height, filled(new Uint8Array(of.data.length), of.data, value));

/**
 * The same in single precision; without a function, the old numbers.
 *
 * @param {Plane<any>} of
 * @param {(level: number, place: number) => number} value
 */
export const floatsOf = (of, value = (level) => level) =>
  plane(of.width, of.height, filled(new Float32Array(of.data.length), of.data, value));

/** A plain loop: `from` with a function takes ten times as long. */
function filled(data, old, value) {
  for (let i = 0; i < data.length; i++) data[i] = value(old[i], i);
  return data;
}

/** Return the negative of a picture. */
export const negative = (picture) => bytesOf(picture, (level) => 255 - level);

/**
 * Cut out a part; what lies outside the plane is left out.
 *
 * @template {Plane<any>} P
 * @param {P} of
 * @param {number} left
 * @param {number} top
 * @param {number} right one past the last column
 * @param {number} bottom one past the last row
 * @returns {P}
 */
export function cut(of, left, top, right, bottom) {
  left = Math.max(0, left);
  top = Math.max(0, top);
  const width = Math.min(of.width, right) - left;
  const height = Math.min(of.height, bottom) - top;
  const data = new of.data.constructor(width * height);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * of.width + left;
    data.set(of.data.subarray(start, start + width), y * width);
  }
  return /** @type {P} */ (plane(width, height, data));
}

/**
 * Put rows and columns of one number around a plane.
 *
 * @template {Plane<any>} P
 * @param {P} of
 * @param {number} by
 * @param {number} value
 * @returns {P}
 */
export function surrounded(of, by, value = 0) {
  const width = of.width + 2 * by;
  const height = of.height + 2 * by;
  const data = new of.data.constructor(width * height).fill(value);
  for (let y = 0; y < of.height; y++) {
    data.set(of.data.subarray(y * of.width, (y + 1) * of.width), (y + by) * width + by);
  }
  return /** @type {P} */ (plane(width, height, data));
}

/**
 * Return the outermost pixels; with `corners`, those in the corners count twice, once for each side.
 *
 * @param {Plane<any>} of
 * @param {boolean} corners
 * @returns {number[]}
 */
export function edge({ width, height, data }, corners) {
  const pixels = [];
  const from = corners ? 0 : 1;
  for (let x = 0; x < width; x++) pixels.push(data[x], data[(height - 1) * width + x]);
  for (let y = from; y < height - from; y++) pixels.push(data[y * width], data[y * width + width - 1]);
  return pixels;
}

/** Return how much of a picture's edge is marked, each corner counted once, from 0 to 1. @param {Plane} marked */
export function shareOfEdge(marked) {
  const rim = edge(marked, false);
  return sum(rim) / rim.length;
}
