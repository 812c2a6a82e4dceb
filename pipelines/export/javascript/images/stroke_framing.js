/**
 * Framing of strokes: a drawing in its place, at its size, as in the pictures that the network learned from.
 *
 * MNIST's digits have a longer side of 20 pixels in a field of 28, and their centre of mass in its middle (LeCun,
 * Bottou, Bengio and Haffner 1998, https://doi.org/10.1109/5.726791). See `pipelines/features/images/stroke_framing.py`.
 *
 * @module
 */

import { clip, largest, round } from "../statistics.js";
import { largestAround } from "./filters.js";
import { bytesOf, edge, surrounded } from "./plane.js";
import { boxOf, longerSide } from "./regions.js";
import { resize } from "./resizing.js";

/** @typedef {import("./plane.js").Plane} Plane */

const [DARK, BRIGHT] = [32, 128]; // levels up to the first are ground, and from the second on they are stroke
const GROUND = 1 / 3; // least share of the pixels that are ground, in a field that its drawing fills
const THINNEST = 0.7; // strokes thinner than this share of the usual breadth are broadened

/**
 * Tell whether a picture keeps to a convention: its drawing is about `side` long. If this leaves room in the field, the
 * median of the edge is dark, and the centre of mass is within a pixel of the middle. If it leaves none, at least a third
 * of the pixels is dark, and what is bright has the same room on both sides, to an eighth of the field.
 *
 * @param {Plane} picture
 * @param {number} side in pixels
 */
export function obeys(picture, side) {
  const box = boxOf(picture, (level) => level > DARK);
  const longer = box ? longerSide(box) : 0;
  if (longer > side + 1 || longer < side - 2) return false;
  if (isFilled(picture, side)) {
    const dark = picture.data.filter((level) => level <= DARK).length >= GROUND * picture.data.length;
    const [left, top, right, bottom] = boxOf(picture, (level) => level >= BRIGHT) ?? [0, 0, picture.width, picture.height];
    const across = Math.abs(left - (picture.width - right)) / picture.width;
    const down = Math.abs(top - (picture.height - bottom)) / picture.height;
    return dark && Math.max(across, down) <= 1 / 4;
  }
  const rim = edge(picture, true);
  const dark = 2 * rim.filter((level) => level <= DARK).length > rim.length;
  const [x, y] = centreOfMass(picture);
  const central =
    Math.abs(x - Math.floor(picture.width / 2)) < 1 && Math.abs(y - Math.floor(picture.height / 2)) < 1;
  return dark && central;
}

/**
 * Tell whether drawings that long reach from edge to edge of a field.
 *
 * @param {{ width: number, height: number }} field
 * @param {number} side in pixels
 */
export const isFilled = ({ width, height }, side) => side >= Math.max(width, height) - 1;

/** Return x and y in pixels; -1 where the picture is black. @param {Plane} picture */
function centreOfMass({ width, data }) {
  let [mass, atX, atY] = [0, 0, 0];
  data.forEach((level, place) => {
    mass += level;
    atX += level * (place % width);
    atY += level * Math.floor(place / width);
  });
  return mass > 0 ? [atX / mass, atY / mass] : [-1, -1];
}

/**
 * Bring a drawing to a convention.
 *
 * @param {import("./drawing.js").Drawing} drawing
 * @param {number} width of the field, in pixels
 * @param {number} height
 * @param {number} side longer side of the drawing's box in it
 * @param {number} usualBreadth of strokes; those that would be much thinner are broadened
 * @returns {Uint8Array} [height * width]
 */
export function framed(drawing, width, height, side, usualBreadth) {
  let coverage = bytesOf(drawing.coverage, (share) => round(Math.fround(255 * share)));
  const scale = side / Math.max(coverage.width, coverage.height);
  const missing = (THINNEST * usualBreadth) / scale - drawing.breadth;
  if (missing > 0) {
    const by = round(missing / 2);
    coverage = largestAround(surrounded(coverage, by), by);
  }
  const small = scaled(coverage, side);
  const [x, y] = centreOfMass(small);
  const left = clip(round(Math.floor(width / 2) - Math.fround(x)), 0, width - small.width);
  const top = clip(round(Math.floor(height / 2) - Math.fround(y)), 0, height - small.height);
  const field = new Uint8Array(width * height);
  for (let row = 0; row < small.height; row++) {
    const start = row * small.width;
    field.set(small.data.subarray(start, start + small.width), (top + row) * width + left);
  }
  return field;
}

/** Average over areas until the longer side is `side`; the whitest pixel becomes white. */
function scaled(coverage, side) {
  const longer = Math.max(coverage.width, coverage.height);
  const size = (length) => Math.max(1, round((length * side) / longer));
  const small = resize(coverage, size(coverage.width), size(coverage.height), "box");
  const gain = Math.fround(255 / Math.max(largest(small.data), 1));
  return bytesOf(small, (level) => round(Math.fround(level * gain)));
}
