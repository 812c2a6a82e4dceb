/**
 * Resizing: the same picture with fewer pixels or more, bit by bit as Pillow does it.
 *
 * Each new pixel is a weighted mean of old ones. The filter says how much an old one counts by its distance; where the
 * picture shrinks, the filter is widened, so that nothing falls between two pixels. Bytes are weighed with whole
 * numbers, 22 bits behind the point, and rounded to bytes after each of the two directions.
 *
 * @module
 */

import { clip } from "../statistics.js";
import { plane } from "./plane.js";

/**
 * @template {Uint8Array | Float32Array | Int32Array} [T=Uint8Array]
 * @typedef {import("./plane.js").Plane<T>} Plane
 */

const BITS = 22;

/** @param {number} x */
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** @param {number} x */
function cubic(x) {
  const a = -0.5;
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** How far a filter reaches, in pixels, and how much a pixel counts. */
const FILTERS = {
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, weight: cubic },
  lanczos: { reach: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * @template {Plane<any>} P
 * @param {P} picture of bytes or floats
 * @param {number} width
 * @param {number} height
 * @param {keyof typeof FILTERS} filter
 * @returns {P}
 */
export function resize(picture, width, height, filter) {
  const inWidth = (of) => (width === of.width ? of : across(of, width, filter));
  const inHeight = (of) => (height === of.height ? of : transposed(across(transposed(of), height, filter)));
  // The order shows in the last digit of a byte. It is that of Pillow 13: where the height shrinks by far more, it first.
  const heightFirst = picture.height - height > 2 * Math.max(0, picture.width - width);
  return heightFirst ? inWidth(inHeight(picture)) : inHeight(inWidth(picture));
}

/** @template {Plane<any>} P @param {P} picture @param {number} width @param {keyof typeof FILTERS} filter @returns {P} */
function across(picture, width, filter) {
  const inBytes = picture.data instanceof Uint8Array;
  const data = new picture.data.constructor(width * picture.height);
  weights(picture.width, width, filter, inBytes).forEach(({ start, shares }, x) => {
    for (let y = 0; y < picture.height; y++) {
      const place = y * picture.width + start;
      let total = inBytes ? 2 ** (BITS - 1) : 0;
      for (let k = 0; k < shares.length; k++) total += picture.data[place + k] * shares[k];
      data[y * width + x] = inBytes ? clip(Math.floor(total / 2 ** BITS), 0, 255) : total;
    }
  });
  return /** @type {P} */ (plane(width, picture.height, data));
}

/** Return for each new pixel the first old one that counts, and how much each from there on does. */
function weights(nOld, nNew, filter, inBytes) {
  const { reach, weight } = FILTERS[filter];
  const scale = nOld / nNew;
  const widened = Math.max(1, scale);
  return Array.from({ length: nNew }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach * widened + 0.5));
    const stop = Math.min(nOld, Math.trunc(centre + reach * widened + 0.5));
    const raw = Array.from({ length: stop - start }, (_, k) => weight((k + start - centre + 0.5) / widened));
    const total = raw.reduce((a, b) => a + b, 0) || 1;
    const shares = raw.map((share) => share / total);
    if (!inBytes) return { start, shares };
    return { start, shares: shares.map((share) => Math.trunc(share * 2 ** BITS + (share < 0 ? -0.5 : 0.5))) };
  });
}

/** @template {Plane<any>} P @param {P} of @returns {P} */
export function transposed({ width, height, data }) {
  const turned = new data.constructor(data.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) turned[x * height + y] = data[y * width + x];
  return /** @type {any} */ (plane(height, width, turned));
}

/**
 * Average over squares of pixels; those at the right and at the bottom may be smaller.
 *
 * @template {Plane<any>} P
 * @param {P} picture of bytes or floats
 * @param {number} factor side of a square
 * @returns {P}
 */
export function reduce(picture, factor) {
  if (factor === 1) return picture;
  const width = Math.ceil(picture.width / factor);
  const height = Math.ceil(picture.height / factor);
  const inBytes = picture.data instanceof Uint8Array;
  const data = new picture.data.constructor(width * height);
  for (let y = 0; y < height; y++) {
    const bottom = Math.min(picture.height, (y + 1) * factor);
    for (let x = 0; x < width; x++) {
      const right = Math.min(picture.width, (x + 1) * factor);
      const n = (bottom - y * factor) * (right - x * factor);
      let total = inBytes ? Math.floor(n / 2) : 0;
      for (let v = y * factor; v < bottom; v++) {
        for (let u = x * factor; u < right; u++) total += picture.data[v * picture.width + u];
      }
      // Pillow divides bytes by a product with 2^32 / (256 n), cut to a whole number.
      data[y * width + x] = inBytes ? Math.floor((total * Math.floor(2 ** 24 / n)) / 2 ** 24) : total / n;
    }
  }
  return /** @type {P} */ (plane(width, height, data));
}

/**
 * Take the nearest old pixel for each new one.
 *
 * @template {Plane<any>} P
 * @param {P} picture
 * @param {number} width
 * @param {number} height
 * @returns {P}
 */
export function resizeNearest(picture, width, height) {
  const columns = nearest(picture.width, width);
  const data = new picture.data.constructor(width * height);
  nearest(picture.height, height).forEach((row, y) =>
    columns.forEach((column, x) => (data[y * width + x] = picture.data[row * picture.width + column])),
  );
  return /** @type {P} */ (plane(width, height, data));
}

/** @param {number} nOld @param {number} nNew */
function nearest(nOld, nNew) {
  const places = [];
  for (let i = 0, at = nOld / nNew / 2; i < nNew; i++, at += nOld / nNew) places.push(Math.min(nOld - 1, Math.trunc(at)));
  return places;
}
