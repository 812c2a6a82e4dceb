/**
 * The ground: what a sheet would look like if nothing were written on it.
 *
 * Ink lies in a basin: from it, every way to the picture's edge leads over something brighter. Filling basins as water
 * would, to where it runs off, gives a first ground (Soille 2003, Morphological Image Analysis, section 6.3). Where ink
 * is known to be, the paper beside it is continued below it. See `pipelines/features/images/ground.py`.
 *
 * @module
 */

import { round } from "../statistics.js";
import { largestAround, medianAround } from "./filters.js";
import { bytesOf, cut, floatsOf, plane, surrounded } from "./plane.js";
import { resize, resizeNearest } from "./resizing.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./plane.js").Plane<Float32Array>} Floats */

const BASIN_SIDE = 128; // the longer side of the picture in which basins are filled, in pixels
const SIDE = 64; // of the picture in which paper is continued
const SHALLOW = 3; // levels; basins that are not deeper are grain
const MEDIAN_REACH = 2; // pixels of the median's square to each side

/**
 * Fill dark basins up to the lowest way out.
 *
 * @param {Plane} picture
 * @returns {{ level: Floats, basins: Plane }} the level up to which each pixel is filled, and which are in a basin or
 *   beside one
 */
export function filled(picture) {
  const small = shrunk(picture, BASIN_SIDE);
  const water = flooded(small);
  const deep = bytesOf(water, (level, i) => Number(level - small.data[i] > SHALLOW));
  const basins = resizeNearest(largestAround(deep, 2), picture.width, picture.height);
  // Beyond a basin's shore the water's level is that of the shore.
  return { level: back(largestAround(water, 1), picture), basins };
}

/**
 * Let water run off over the picture's edge: each pixel has the highest level on the lowest way from it to the edge.
 *
 * @param {Plane} floor
 */
function flooded({ width, height, data: floor }) {
  // From the top left and back again, until nothing changes; beyond the picture's edge is nothing to hold the water.
  const { width: wide, data: water } = surrounded(plane(width, height, new Uint8Array(floor.length).fill(255)), 1);
  const beside = [-wide - 1, -wide, -wide + 1, -1, 0, 1, wide - 1, wide, wide + 1];
  let changed = true;
  const settle = (x, y) => {
    const place = (y + 1) * wide + x + 1;
    let lowest = 255;
    for (const step of beside) lowest = Math.min(lowest, water[place + step]);
    const level = Math.max(lowest, floor[y * width + x]);
    if (level !== water[place]) {
      water[place] = level;
      changed = true;
    }
  };
  while (changed) {
    changed = false;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) settle(x, y);
    for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) settle(x, y);
  }
  return cut(plane(wide, height + 2, water), 1, 1, width + 1, height + 1);
}

/**
 * Return a picture without what is known to cover it.
 *
 * @param {Plane} picture
 * @param {Plane} covered where there is ink, or may be; what is beside it is ground
 * @returns {Floats} levels from 0 to 255
 */
export function groundBeside(picture, covered) {
  const small = shrunk(picture, SIDE);
  const marked = resize(bytesOf(covered, (mark) => 255 * mark), small.width, small.height, "box");
  const bare = bytesOf(largestAround(marked, 1), (level) => Number(level === 0));
  if (!bare.data.includes(1)) return floatsOf(picture, () => 255);
  const continued = bytesOf(continuedOver(floatsOf(small), bare), round);
  return back(medianAround(continued, MEDIAN_REACH), picture);
}

/** @param {Plane} picture @param {number} side */
function shrunk(picture, side) {
  const scale = side / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((length) => Math.max(1, round(length * scale)));
  return resize(picture, width, height, "box");
}

/** @param {Plane} small @param {Plane} picture whose size it is brought back to */
const back = (small, { width, height }) => resize(floatsOf(small), width, height, "bilinear");

/** Fill in what is not known with a mean of what is, in which near pixels count most. */
function continuedOver(values, known) {
  for (let radius = 1.5; known.data.includes(0); radius *= 2) {
    const weight = blurred(floatsOf(known), radius);
    const sums = blurred(floatsOf(values, (value, i) => (known.data[i] ? value : 0)), radius);
    const reached = known.data.map((knows, i) => Number(!knows && weight.data[i] > 0.02));
    const mean = (i) => sums.data[i] / Math.max(weight.data[i], 1e-6);
    values = floatsOf(values, (value, i) => (reached[i] ? mean(i) : value));
    known = bytesOf(known, (knows, i) => Number(knows || reached[i]));
  }
  return values;
}

/** Blur by a Gaussian, as if all beyond the edges were 0. */
function blurred({ width, height, data }, radius) {
  const weight = (distance) => Math.exp(-0.5 * (distance / radius) ** 2) / (radius * Math.sqrt(2 * Math.PI));
  const weights = Float64Array.from({ length: Math.max(width, height) }, (_, distance) => weight(distance));
  const across = new Float64Array(data.length);
  const both = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let total = 0;
      for (let u = 0; u < width; u++) total += weights[Math.abs(x - u)] * data[y * width + u];
      across[y * width + x] = total;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let total = 0;
      for (let v = 0; v < height; v++) total += weights[Math.abs(y - v)] * across[v * width + x];
      both[y * width + x] = total;
    }
  }
  return plane(width, height, both);
}
