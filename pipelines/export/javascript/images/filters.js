/**
 * Filters: each pixel made anew from those around it, bit by bit as Pillow does it. Beyond its edges a picture goes on
 * with its outermost pixels.
 *
 * @module
 */

import { clip } from "../statistics.js";
import { plane } from "./plane.js";
import { transposed } from "./resizing.js";

/**
 * @template {Uint8Array | Float32Array | Int32Array} [T=Uint8Array]
 * @typedef {import("./plane.js").Plane<T>} Plane
 */

/**
 * Take the largest of a square around each pixel.
 *
 * @template {Plane<any>} P
 * @param {P} picture
 * @param {number} reach how many pixels the square goes on to each side
 * @returns {P}
 */
export function largestAround(picture, reach) {
  return transposed(largestAcross(transposed(largestAcross(picture, reach)), reach));
}

/** @template {Plane<any>} P @param {P} picture @param {number} reach @returns {P} */
function largestAcross({ width, height, data }, reach) {
  const highest = new data.constructor(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let most = -Infinity;
      const last = Math.min(width - 1, x + reach);
      for (let u = Math.max(0, x - reach); u <= last; u++) most = Math.max(most, data[y * width + u]);
      highest[y * width + x] = most;
    }
  }
  return /** @type {any} */ (plane(width, height, highest));
}

/**
 * Take the middle one of a square around each pixel, sorted.
 *
 * @param {Plane} picture
 * @param {number} reach
 */
export function medianAround({ width, height, data }, reach) {
  const middle = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const around = [];
      for (let v = -reach; v <= reach; v++) {
        const row = clip(y + v, 0, height - 1) * width;
        for (let u = -reach; u <= reach; u++) around.push(data[row + clip(x + u, 0, width - 1)]);
      }
      middle[y * width + x] = around.sort((a, b) => a - b)[around.length >> 1];
    }
  }
  return plane(width, height, middle);
}

/**
 * Blur by about a Gaussian: three means over stretches of pixels one after another, in each direction.
 *
 * Gwosdek, Grewenig, Bruhn and Weickert 2011, https://doi.org/10.1007/978-3-642-24785-9_38
 *
 * @param {Plane} picture
 * @param {number} sigma
 */
export function gaussianBlur(picture, sigma) {
  const reach = boxReach(sigma);
  const thrice = (of) => meanAcross(meanAcross(meanAcross(of, reach), reach), reach);
  return transposed(thrice(transposed(thrice(picture))));
}

/** Return how far stretches go on to each side, in pixels and parts of one, so that three have the spread `sigma`. */
function boxReach(sigma) {
  const single = Math.fround;
  const variance = single((sigma * sigma) / 3);
  const whole = Math.floor((single(Math.sqrt(12 * variance + 1)) - 1) / 2);
  const part = single((2 * whole + 1) * (whole * (whole + 1) - 3 * variance));
  return single(whole + single(part / (6 * (variance - (whole + 1) * (whole + 1)))));
}

/** @param {Plane} picture @param {number} reach */
function meanAcross({ width, height, data }, reach) {
  const whole = Math.trunc(reach);
  const inner = Math.trunc(Math.fround(2 ** 24 / Math.fround(reach * 2 + 1)));
  const outer = Math.trunc((2 ** 24 - (whole * 2 + 1) * inner) / 2);
  const mean = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const at = (x) => data[y * width + clip(x, 0, width - 1)];
    let total = 0;
    for (let x = -whole - 1; x < whole; x++) total += at(x);
    for (let x = 0; x < width; x++) {
      total += at(x + whole) - at(x - whole - 1);
      const further = at(x - whole - 1) + at(x + whole + 1);
      mean[y * width + x] = Math.floor((total * inner + further * outer + 2 ** 23) / 2 ** 24);
    }
  }
  return plane(width, height, mean);
}
