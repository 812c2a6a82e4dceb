/**
 * Frames: what people draw around or under a drawing: the cell of a form, a circle around a digit, or an underline.
 *
 * A frame along the four sides of the picture is no part of the drawing. A ring that lies anywhere else may be a part, as
 * in a traffic sign, or not, and so may an underline: it is only told what is left without them. A ring bulges nowhere
 * inwards. See `pipelines/features/images/frames.py`.
 *
 * @module
 */

import { largest, placeOfLargest, smallest } from "../statistics.js";
import { bytesOf } from "./plane.js";
import { heightOf, longerSide, placesOf, sumsOver, widthOf } from "./regions.js";

/**
 * @typedef {import("./plane.js").Plane} Plane
 * @typedef {import("./regions.js").Box} Box
 */

const FRAMED = 0.8; // share of the picture that a frame takes in both directions, and of its sides that is drawn
const FILLED = 0.5; // largest share of its box that a frame covers; a sheet of paper covers more
const AROUND = 0.6; // least share of the rows and columns of what a ring goes around in which it is on both sides
const CONVEX = 0.9; // least share of a ring's pixels close to its convex hull,
const CLOSE = 0.1; // and how close, by its length
const DIRECTIONS = 16; // in which the hull is looked at
const FLAT = 0.25; // height of an underline, at most, by its width
const WIDE = 0.6; // width of an underline, at least, by the width
const HALF = 0.4; // and the height of what is above it
const RINGED = 0.2; // least length of what a ring goes around, as a share of the ring's; what is shorter may be a speck

/**
 * Return which regions go around the whole picture along its four sides.
 *
 * @param {Plane} regions numbered from 1
 * @param {Box[]} boxes of the regions
 */
export function findFrames(regions, boxes) {
  const { width, height, data } = regions;
  const frames = new Set();
  const sizes = sumsOver(regions, boxes.length, () => 1);
  boxes.forEach((box, k) => {
    const [left, top, right, bottom] = box;
    if (widthOf(box) < FRAMED * width || heightOf(box) < FRAMED * height) return;
    const rim = Math.max(1, Math.floor(Math.min(widthOf(box), heightOf(box)) / 12));
    const inside = (x, y) => data[y * width + x] === k + 1;
    if (sizes[k] > FILLED * widthOf(box) * heightOf(box)) return;
    const drawn = (length, anyAt) => count(length, anyAt) / length;
    const any = (holds) => Array.from({ length: rim }, (_, r) => r).some(holds);
    const sides = [
      drawn(widthOf(box), (i) => any((r) => inside(left + i, top + r))),
      drawn(widthOf(box), (i) => any((r) => inside(left + i, bottom - 1 - r))),
      drawn(heightOf(box), (i) => any((r) => inside(left + r, top + i))),
      drawn(heightOf(box), (i) => any((r) => inside(right - 1 - r, top + i))),
    ];
    if (Math.min(...sides) >= FRAMED) frames.add(k);
  });
  return frames;
}

/**
 * Return which of the kept regions are left without the rings around, and the lines under them; none if there are neither.
 *
 * @param {Plane} regions numbered from 1
 * @param {Box[]} boxes of the regions
 * @param {boolean[]} kept the regions to look at
 * @param {ArrayLike<number>} mass how much ink each region has
 */
export function bareParts(regions, boxes, kept, mass) {
  const ringed = ringedByOthers(regions, boxes, kept, mass);
  const inner = ringed.includes(true) ? ringed : kept;
  const lines = underlines(boxes, inner, mass);
  const bare = inner.map((holds, k) => holds && !lines[k]);
  return bare.some((holds, k) => holds !== kept[k]) ? bare : bare.map(() => false);
}

/** Return which of the kept regions are flat and lie below the heaviest that is not flat. */
function underlines(boxes, kept, mass) {
  const flat = boxes.map((box) => heightOf(box) <= FLAT * widthOf(box));
  const upright = kept.map((holds, k) => holds && !flat[k]);
  if (!upright.includes(true)) return upright;
  const [left, top, right, bottom] = boxes[placeOfLargest(upright.map((holds, k) => (holds ? mass[k] : -1)))];
  return boxes.map((box, k) => {
    const below = box[1] >= bottom && box[0] < right && box[2] > left;
    const wide = widthOf(box) >= Math.max(WIDE * (right - left), HALF * (bottom - top));
    return kept[k] && flat[k] && below && wide;
  });
}

/** Return which of the kept regions stand inside of a ring, or of the innermost of several rings. */
function ringedByOthers(regions, boxes, kept, mass) {
  let inner = kept;
  let ringed = kept.map(() => false);
  while (inner.includes(true)) {
    const ring = placeOfLargest(inner.map((holds, k) => (holds ? longerSide(boxes[k]) : -1)));
    const [left, top, right, bottom] = boxes[ring];
    inner = inner.map((holds, k) => {
      const [x0, y0, x1, y1] = boxes[k];
      return holds && x0 > left && y0 > top && x1 < right && y1 < bottom;
    });
    const main = placeOfLargest(inner.map((holds, k) => (holds ? mass[k] : -1)));
    if (!inner.includes(true) || longerSide(boxes[main]) < RINGED * longerSide(boxes[ring])) break;
    if (!goesAround(regions, ring + 1, boxes[main])) break;
    if (!isConvex(placesOf(bytesOf(regions, (number) => Number(number === ring + 1))), regions.width)) break;
    ringed = inner;
  }
  return ringed;
}

/** Tell whether a region is found on both sides of a box, in most of its rows and columns. */
function goesAround({ width, height, data }, region, [left, top, right, bottom]) {
  const inRow = (y, x0, x1) => {
    for (let x = x0; x < x1; x++) if (data[y * width + x] === region) return true;
    return false;
  };
  const inColumn = (x, y0, y1) => {
    for (let y = y0; y < y1; y++) if (data[y * width + x] === region) return true;
    return false;
  };
  const beside = count(bottom - top, (i) => inRow(top + i, 0, left) && inRow(top + i, right, width));
  const across = count(right - left, (i) => inColumn(left + i, 0, top) && inColumn(left + i, bottom, height));
  return (beside + across) / (bottom - top + right - left) >= AROUND;
}

/**
 * Tell whether nearly all pixels are close to the edge of their convex hull. In each direction, the hull reaches as far
 * as its farthest pixel; a pixel's distance from the edge is the least of those in all directions.
 *
 * @param {number[]} places of the pixels
 * @param {number} width of the picture
 */
export function isConvex(places, width) {
  const xs = places.map((place) => place % width);
  const ys = places.map((place) => Math.floor(place / width));
  const distance = new Float64Array(xs.length).fill(Infinity);
  for (let k = 0; k < DIRECTIONS; k++) {
    const angle = (k * 2 * Math.PI) / DIRECTIONS;
    const [down, across] = [Math.sin(angle), Math.cos(angle)];
    const reach = xs.map((x, i) => ys[i] * down + x * across);
    const farthest = largest(reach);
    reach.forEach((value, i) => (distance[i] = Math.min(distance[i], farthest - value)));
  }
  const length = Math.max(largest(xs) - smallest(xs), largest(ys) - smallest(ys));
  return count(distance.length, (i) => distance[i] <= CLOSE * length) >= CONVEX * distance.length;
}

/** Return for how many of the numbers from 0 something holds. */
function count(length, holds) {
  let n = 0;
  for (let i = 0; i < length; i++) n += Number(holds(i));
  return n;
}
