/**
 * Shades: from what a canvas holds to opaque planes of bytes, grey or red, green and blue.
 *
 * What is transparent lies on a white page, on which dark strokes are seen; unless far more is seen on black, as of
 * white strokes. Where all of a picture is transparent, its colours count. In a drawing of two colours that are equally
 * bright, one of red, green and blue shows what is drawn.
 *
 * @module
 */

import { largest, placeOfLargest, smallest, sum } from "../statistics.js";
import { bytesOf, plane } from "./plane.js";

/**
 * A picture in one plane (grey) or three (red, green, blue).
 *
 * @typedef {import("./plane.js").Plane[]} Picture
 */

const SEEN_BETTER = 2; // times the contrast on white, from which on black is the ground
const CLEARER = 2; // times the contrast of the brightness, from which one colour is taken for it
const SAMPLED = 256; // pixels of the longer side at which contrasts of colours are compared

/**
 * Return the planes of pixels that stand side by side in memory.
 *
 * @param {{ width: number, height: number, data: ArrayLike<number> }} pixels 1, 3 or 4 bytes a pixel; the fourth is
 *   opacity
 * @returns {Picture}
 * @throws {RangeError} where the numbers do not fit the size
 */
export function planesOf({ width, height, data }) {
  const nChannels = data.length / (width * height);
  if (!(width > 0 && height > 0) || ![1, 3, 4].includes(nChannels)) {
    throw new RangeError(`a picture of ${width} x ${height} pixels has 1, 3 or 4 bytes a pixel, not ${data.length} in all`);
  }
  const channel = (k) => {
    const levels = new Uint8Array(width * height);
    for (let i = 0, at = k; i < levels.length; i++, at += nChannels) levels[i] = data[at];
    return plane(width, height, levels);
  };
  if (nChannels < 4) return Array.from({ length: nChannels }, (_, k) => channel(k));
  return opaque([0, 1, 2].map(channel), channel(3));
}

/** @param {Picture} colours @param {import("./plane.js").Plane} opacity @returns {Picture} */
function opaque(colours, opacity) {
  if (smallest(opacity.data) === 255 || largest(opacity.data) === 0) return colours;
  const [onWhite, onBlack] = [255, 0].map((ground) => colours.map((colour) => laidOn(ground, colour, opacity)));
  return contrast(onBlack) > SEEN_BETTER * contrast(onWhite) ? onBlack : onWhite;
}

/** Lay a colour on a ground, rounding as Pillow does. */
function laidOn(ground, colour, { data: opacity }) {
  return bytesOf(colour, (level, i) => {
    if (opacity[i] === 0) return ground;
    const share = opacity[i] * 128;
    const sum = level * share + ground * (255 * 128 - share) + (0x80 << 7);
    return ((sum >> 8) + sum) >> 8 >> 7;
  });
}

/**
 * Return the brightness of each pixel: luma, ITU-R BT.601, in whole numbers as Pillow adds it up.
 *
 * @param {Picture} picture
 */
export function grey(picture) {
  if (picture.length === 1) return picture[0];
  const [red, green, blue] = picture;
  return bytesOf(red, (r, i) => (r * 19595 + green.data[i] * 38470 + blue.data[i] * 7471 + 0x8000) >> 16);
}

/**
 * Return how bright a drawing's pixels are: `grey`, or the level of red, green or blue if that shows far more.
 *
 * @param {Picture} picture
 */
export function clearestGrey(picture) {
  const luma = grey(picture);
  const apart = Math.max(1, Math.floor(Math.max(luma.width, luma.height) / SAMPLED));
  const contrasts = picture.map((colour) => deviation(sampled(colour, apart)));
  const clearest = placeOfLargest(contrasts);
  return contrasts[clearest] > CLEARER * deviation(sampled(luma, apart)) ? picture[clearest] : luma;
}

/** Return every so many pixels of every so many rows. */
function sampled({ width, height, data }, apart) {
  const levels = [];
  for (let y = 0; y < height; y += apart) for (let x = 0; x < width; x += apart) levels.push(data[y * width + x]);
  return levels;
}

/** Return the standard deviation of the brightness. @param {Picture} picture */
const contrast = (picture) => deviation(grey(picture).data);

/** @param {ArrayLike<number>} levels */
function deviation(levels) {
  const mean = sum(levels) / levels.length;
  let squares = 0;
  for (let i = 0; i < levels.length; i++) squares += (levels[i] - mean) ** 2;
  return Math.sqrt(squares / levels.length);
}
