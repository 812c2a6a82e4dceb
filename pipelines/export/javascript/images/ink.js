/**
 * Ink: how much darker than the ground each pixel is, and from where on that is a stroke.
 *
 * Grain is how much neighbouring pixels differ where nothing is drawn; faint strokes in grain are seen after a blur.
 * Otsu's threshold parts ground from ink. Then each pixel is compared with the darkest ones close by: half as dark as
 * these is the edge of the stroke. See `pipelines/features/images/ink.py`.
 *
 * Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076
 *
 * @module
 */

import { clip, largest, median, quantile, round, selected, smallest } from "../statistics.js";
import { breadth } from "./drawing.js";
import { largestAround } from "./filters.js";
import { bytesOf, cut, floatsOf, plane, surrounded } from "./plane.js";
import { resize, transposed } from "./resizing.js";

/** @typedef {import("./plane.js").Plane} Marks bytes that are 0 or 1 */
/** @typedef {import("./plane.js").Plane<Float32Array>} Floats */

const single = Math.fround; // where a last digit decides which way a level is rounded
const FAINTEST = 8; // levels between ink and ground
const GRAINS = 4; // times the grain: ink
const PEAK = 5; // the darkest of each part
const CLEAR = 12; // and ink that needs no blur
const FAINT = 0.12; // of the darkest ink
const COARSE = 12; // pixels; a drawing with a shorter side is edges all over

/**
 * @typedef {object} Ink dark ink on a bright ground
 * @property {Floats} drop by how many levels each pixel is darker than the ground
 * @property {Floats} closeBy the same of the darkest ink close to each pixel
 * @property {number} contrast the same of the darkest ink of all
 * @property {number} peak what a part of the drawing has at its darkest, at least
 * @property {number} width about that of a stroke, in pixels
 */

/**
 * Find ink in a picture. One whose longer side is shorter than `least` is enlarged, so that edges can be found between
 * its pixels.
 *
 * @param {import("./plane.js").Plane} picture dark ink on bright ground
 * @param {number} least in pixels
 * @returns {{ ink: Ink | null, times: number }} `times`, by which it was enlarged
 */
export function inkOn(picture, least) {
  let levels = floatsOf(picture);
  let grain = grainOf(levels);
  [levels, grain] = blurredEnough(levels, grain);
  const longer = Math.max(levels.width, levels.height);
  const times = longer < least ? Math.ceil(least / longer) : 1;
  if (times > 1) levels = resize(levels, times * levels.width, times * levels.height, "bicubic");
  const threshold = otsu(bytesOf(levels, (level) => Math.trunc(clip(level + 0.5, 0, 255))).data);
  const bright = levels.data.filter((level) => level > threshold);
  if (!bright.length || largest(levels.data) - smallest(levels.data) < FAINTEST) return { ink: null, times };
  const ground = single(median(bright));
  const drop = floatsOf(levels, (level) => ground - level);
  const nPixels = drop.data.length;
  const contrast = selected(drop.data.slice(), nPixels - Math.max(1, Math.floor(nPixels / 200)));
  if (contrast < Math.max(FAINTEST, GRAINS * grain)) return { ink: null, times };
  const width = Math.max(2, breadth(bytesOf(drop, (level) => Number(level > 0.5 * contrast))));
  const floor = Math.max(GRAINS * grain, FAINT * contrast);
  const closeBy = floatsOf(darkestCloseBy(drop, width), (level) => Math.max(level, floor));
  return { ink: { drop, closeBy, contrast, peak: Math.max(PEAK * grain, FAINT * contrast), width }, times };
}

/** Return which pixels are stroke. @param {Ink} ink @returns {Marks} */
export const marksOf = ({ drop, closeBy }) => bytesOf(drop, (level, i) => Number(level > 0.5 * closeBy.data[i]));

/**
 * Return how much of each pixel is stroke, of those marked pixels that are kept.
 *
 * @param {Ink} ink
 * @param {Marks} kept
 */
export function coverageOf({ drop, closeBy, width }, kept) {
  const steep = clip(width / 4, 1, 2.5); // a line of many pixels has narrow edges
  const near = spread(kept).data;
  const share = (level, i) => single(single(level / closeBy.data[i]) - 0.5);
  return floatsOf(drop, (level, i) => (near[i] ? clip(0.5 + steep * share(level, i), 0, 1) : 0));
}

/** Return the marked pixels and those up to so many rows and columns away. @param {Marks} marks */
export const spread = (marks, by = 1) => largestAround(marks, by);

/**
 * Return the level that parts bytes in two with the greatest variance between the parts.
 *
 * @param {ArrayLike<number>} levels
 */
export function otsu(levels) {
  const counts = new Float64Array(256);
  for (let i = 0; i < levels.length; i++) counts[levels[i]]++;
  const mean = counts.reduce((total, count, level) => total + count * level, 0) / levels.length;
  let below = 0;
  let weighted = 0;
  const between = counts.map((count, level) => {
    below += count;
    weighted += count * level;
    return (mean * below - weighted) ** 2 / Math.max(below * (levels.length - below), 1e-9);
  });
  const best = largest(between) * (1 - 1e-9);
  const places = [...between.keys()].filter((level) => between[level] >= best);
  return places.reduce((a, b) => a + b, 0) / places.length + 0.5;
}

/**
 * Return the standard deviation of what differs from pixel to pixel, measured on second differences both ways, of which
 * the smaller half decides.
 *
 * @param {Floats} levels
 */
function grainOf({ width, height, data }) {
  if (Math.min(width, height) < COARSE) return 0;
  const down = (x, y) => data[y * width + x] - 0.5 * (data[(y - 1) * width + x] + data[(y + 1) * width + x]);
  const sizes = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 2; x < width - 2; x++) sizes.push(Math.abs(down(x, y) - 0.5 * (down(x - 1, y) + down(x + 1, y))));
  }
  return median(sizes) / (0.6745 * 1.5);
}

/**
 * Blur until ink stands out from the grain, but no further than strokes allow; return what the grain is then.
 *
 * @param {Floats} levels
 * @param {number} grain
 * @returns {[Floats, number]}
 */
function blurredEnough(levels, grain) {
  if (grain < 1) return [levels, grain];
  const [low, middle, high] = [0.02, 0.5, 0.98].map((share) => quantile(levels.data, share));
  const contrast = Math.max(high - middle, middle - low) - 2 * grain;
  const sigma = Math.min(Math.max(levels.width, levels.height) / 28, (0.28 * CLEAR * grain) / Math.max(contrast, 1));
  if (sigma < 0.35) return [levels, grain];
  return [gaussian(levels, sigma), grain * Math.min(1, 0.28 / sigma)];
}

/** @param {Floats} levels @param {number} sigma */
function gaussian(levels, sigma) {
  const reach = Math.max(1, Math.trunc(3 * sigma + 0.5));
  const raw = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const total = raw.reduce((sum, weight) => single(sum + weight), 0);
  const weights = raw.map((weight) => weight / total);
  const across = ({ width, height, data }) => {
    const blurred = new Float32Array(data.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let mean = 0;
        for (let i = -reach; i <= reach; i++) {
          mean = single(mean + single(weights[i + reach] * data[y * width + clip(x + i, 0, width - 1)]));
        }
        blurred[y * width + x] = mean;
      }
    }
    return plane(width, height, blurred);
  };
  // Down first, then across.
  return across(transposed(across(transposed(levels))));
}

/** Return how dark the darkest ink close to each pixel is. @param {Floats} drop @param {number} width of a stroke */
function darkestCloseBy(drop, width) {
  const cell = Math.max(1, round(width / 2));
  const rows = Math.ceil(drop.height / cell);
  const columns = Math.ceil(drop.width / cell);
  const highest = plane(columns, rows, new Float32Array(columns * rows).fill(-Infinity));
  drop.data.forEach((level, i) => {
    const place = Math.floor(Math.floor(i / drop.width) / cell) * columns + Math.floor((i % drop.width) / cell);
    highest.data[place] = Math.max(highest.data[place], level);
  });
  // A cell that the picture does not fill has 0 beside it, and so has the border.
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if ((x + 1) * cell > drop.width || (y + 1) * cell > drop.height) {
        highest.data[y * columns + x] = Math.max(highest.data[y * columns + x], 0);
      }
    }
  }
  const around = largestAround(surrounded(highest, 2), 2);
  const darkest = floatsOf(cut(around, 2, 2, columns + 2, rows + 2), (level) => Math.max(level, 0));
  return cut(resize(darkest, columns * cell, rows * cell, "bilinear"), 0, 0, drop.width, drop.height);
}
