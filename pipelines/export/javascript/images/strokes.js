/**
 * Strokes: from a photograph of ink on paper to the drawing alone.
 *
 * Ground, darkness, strokes, parts, edges: the five steps of `pipelines/features/images/strokes.py`. A shadow dims paper
 * and ink alike and cancels out; ink is the darkest thing that has the shape of a drawing. Chalk on a board is ink on
 * paper in the negative: both are looked at, and the drawing with the longer and sharper outline counts.
 *
 * @module
 */

import { clip, largest, median, quantile, round } from "../statistics.js";
import { cutOut, moved } from "./drawing.js";
import { gaussianBlur, largestAround } from "./filters.js";
import { bareParts } from "./frames.js";
import { filled, groundBeside } from "./ground.js";
import { bytesOf, edge, floatsOf, negative, surrounded } from "./plane.js";
import {
  boxOf,
  connectedRegions,
  gap,
  heightOf,
  longerSide,
  outlineOf,
  pixelsOf,
  placesOf,
  sumsOver,
  widthOf,
} from "./regions.js";
import { reduce, resize, resizeNearest } from "./resizing.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./plane.js").Plane<Float32Array>} Floats */

/**
 * A picture before its ground: `darkness`, from 0 for paper to 1 for black, is the share of the ground's light that is
 * missing, `drop` the same in levels; `contrast` is the largest difference of brightness close by, and `grain` what of
 * it is everywhere.
 *
 * @typedef {{ drop: Floats, darkness: Floats, contrast: Plane, grain: number }} Sheet
 * @typedef {{ sheet: Sheet, region: Plane, ink: number, weight: number }} Found
 */

const single = Math.fround; // where a last digit decides on which side of a threshold a pixel is
const LONGER_SIDE = 240; // of the picture that is worked on, in pixels: at least this, below twice
const LEVELS = [0.6, 0.5, 0.4, 0.32, 0.25, 0.2, 0.16, 0.13, 0.1, 0.08]; // darkness at which strokes are looked for
const EDGES = [0.5, 0.6, 0.7]; // of the ink's darkness
const LIKELY_INK = 0.35; // of the greatest darkness
const SMALLEST = 0.05; // the drawing's longer side, as a share of the picture's shorter side
const TRIED = 4; // regions at each level, the heaviest
const FAINTEST = 10; // levels between ink and ground
const SHARP = 0.4; // contrast at an edge, as a share of that;
const OUTLINED = 0.85; // share of the outline that must have it
const SOLID = 0.72; // a block fills this share of its box,
const SQUAT = 0.45; // and the box is no narrower than this
const PART_AREA = 0.03; // as shares of the main region's area,
const PART_GAP = 0.2; // longer side
const PART_INK = 0.75; // and darkness
const HOLE = 0.5; // least weight of a stroke, as a share of that of what may be its hole
const FRAME = 0.15; // of the shorter side

/**
 * Find the drawing in a picture.
 *
 * @param {Plane} picture grey
 * @returns {import("./drawing.js").Drawing | null} null where no strokes stand out from the ground
 */
export function drawingIn(picture) {
  let found = moreLikely(picture);
  let framed = picture;
  if (!found) {
    framed = withFrame(picture);
    found = moreLikely(framed);
  }
  if (!found) return null;
  const frame = (framed.height - picture.height) / 2;
  const { width, height } = found.region;
  return moved(drawingOf(found), -frame, -frame, framed.width / width, framed.height / height);
}

/** Put the colour of its edge around a picture, for drawings that go over the edge. @param {Plane} picture */
function withFrame(picture) {
  const by = Math.max(1, round(FRAME * Math.min(picture.width, picture.height)));
  return surrounded(picture, by, Math.trunc(median(edge(picture, true))));
}

/**
 * Return the dark or the bright strokes, those of more weight; but a stroke rather than the hole within it.
 *
 * @param {Plane} picture
 * @returns {Found | null}
 */
function moreLikely(picture) {
  const dark = darkStrokes(ofWorkingSize(picture));
  const bright = darkStrokes(ofWorkingSize(negative(picture)));
  if (!dark || !bright) return dark ?? bright;
  const [less, more] = bright.weight > dark.weight ? [dark, bright] : [bright, dark];
  return less.weight >= HOLE * more.weight && isWithin(more.region, less.region) ? less : more;
}

/** Tell whether the box of a region lies inside the box of another. @param {Plane} region @param {Plane} other */
function isWithin(region, other) {
  const [[left, top, right, bottom], [leftOf, topOf, rightOf, bottomOf]] = [region, other].map((mask) =>
    boxOf(mask, (mark) => mark > 0),
  );
  return left > leftOf && top > topOf && right < rightOf && bottom < bottomOf;
}

/** @param {Plane} picture */
function ofWorkingSize(picture) {
  const longer = Math.max(picture.width, picture.height);
  if (longer >= 2 * LONGER_SIDE) return reduce(picture, Math.floor(longer / LONGER_SIDE));
  if (longer >= LONGER_SIDE / 2) return picture;
  const size = (length) => Math.max(1, round((length * LONGER_SIDE) / longer));
  return resize(picture, size(picture.width), size(picture.height), "bicubic");
}

/** @param {Plane} picture @returns {Found | null} */
function darkStrokes(picture) {
  const smooth = gaussianBlur(picture, (Math.max(picture.width, picture.height) / LONGER_SIDE) * 0.8);
  const { level, basins } = filled(picture);
  const firstDarkness = floatsOf(
    smooth,
    (light, i) => Math.max(1 - single(light / Math.max(level.data[i], 16)), 0) * basins.data[i],
  );
  const sheet = sheetOf(smooth, groundBeside(picture, likelyInk(firstDarkness)), basins);
  for (const least of LEVELS) {
    const piece = bestRegion(sheet, least);
    if (piece === null) continue;
    const ink = medianWithin(sheet.darkness, piece);
    for (const share of EDGES) {
      const region = bestRegion(sheet, share * ink);
      if (region === null) continue;
      const weight = medianWithin(sheet.drop, region) ** 2 * outlineOf(region).length;
      return { sheet, region, ink, weight };
    }
  }
  return null;
}

/** @param {Plane} picture @param {Floats} ground @param {Plane} where @returns {Sheet} */
function sheetOf(picture, ground, where) {
  const drop = floatsOf(picture, (light, i) => Math.max(ground.data[i] - light, 0) * where.data[i]);
  const darkness = floatsOf(drop, (levels, i) => levels / Math.max(ground.data[i], 16));
  const contrast = contrastOf(picture);
  return { drop, darkness, contrast, grain: quantile(contrast.data, 0.3) };
}

/** @param {Plane} picture */
function contrastOf(picture) {
  const small = reduce(picture, Math.max(1, Math.floor(Math.max(picture.width, picture.height) / 160)));
  const highest = largestAround(small, 2);
  const lowest = largestAround(negative(small), 2);
  const difference = bytesOf(highest, (level, i) => level - (255 - lowest.data[i]));
  return resizeNearest(difference, picture.width, picture.height);
}

/** @param {Floats} darkness */
function likelyInk(darkness) {
  const cell = Math.max(1, Math.floor(Math.max(darkness.width, darkness.height) / 64));
  const least = Math.max(/** @type {number} */ (LEVELS.at(-1)), LIKELY_INK * largest(reduce(darkness, cell).data));
  return bytesOf(darkness, (share) => Number(share >= least));
}

/** Return the one of the regions of some darkness that is most likely the drawing, or null. */
function bestRegion(sheet, least) {
  const { darkness } = sheet;
  const { regions, boxes } = connectedRegions(bytesOf(darkness, (share) => Number(share >= least)));
  const mass = sumsOver(regions, boxes.length, (place) => darkness.data[place]);
  const smallestSide = SMALLEST * Math.min(darkness.width, darkness.height);
  const possible = [...boxes.keys()].filter((k) => longerSide(boxes[k]) >= smallestSide && isInside(boxes[k], darkness));
  for (const k of possible.sort((a, b) => mass[b] - mass[a]).slice(0, TRIED)) {
    const region = bytesOf(regions, (number) => Number(number === k + 1));
    if (!isSolid(region, boxes[k]) && isOutlined(sheet, region)) return region;
  }
  return null;
}

/** Tell whether a box stays clear of the picture's edge. */
const isInside = ([left, top, right, bottom], { width, height }) =>
  left > 0 && top > 0 && right < width && bottom < height;

/** Tell whether a region is a block, such as a sheet on the table; upright bars may be strokes. */
function isSolid(region, box) {
  const [wide, high] = [widthOf(box), heightOf(box)];
  return Math.min(wide, high) > SQUAT * Math.max(wide, high) && placesOf(region).length > SOLID * wide * high;
}

/** Tell whether the picture itself has edges around a region, where the ground or a level have cut it off. */
function isOutlined({ drop, contrast, grain }, region) {
  const depth = medianWithin(drop, region);
  const outline = outlineOf(region);
  const sharp = outline.filter((place) => contrast.data[place] >= SHARP * depth + grain);
  return depth >= FAINTEST && sharp.length / outline.length >= OUTLINED;
}

/** @param {Floats} values @param {Plane} region */
const medianWithin = (values, region) => median(placesOf(region).map((place) => values.data[place]));

/** @param {Found} found @returns {import("./drawing.js").Drawing} */
function drawingOf({ sheet, region, ink }) {
  const { whole, bare } = withParts(sheet, region, ink);
  return { ...cutOutOf(sheet, whole, ink), bare: bare.data.includes(1) ? cutOutOf(sheet, bare, ink) : null };
}

function cutOutOf(sheet, marked, ink) {
  const near = largestAround(marked, 1).data;
  const covered = (share) => single(single(share / single(ink)) - single(0.3)) / single(0.4);
  return cutOut(floatsOf(sheet.darkness, (share, i) => (near[i] ? clip(covered(share), 0, 1) : 0)));
}

/** Return which pixels belong to the region or to another part of the same drawing, and which without ring and underline. */
function withParts({ darkness }, region, ink) {
  const marked = bytesOf(region, (mark, i) => Number(mark || darkness.data[i] >= EDGES[0] * ink));
  const { regions, boxes } = connectedRegions(marked);
  const main = regions.data[region.data.indexOf(1)] - 1;
  const nothing = bytesOf(region, () => 0);
  if (!isInside(boxes[main], region)) return { whole: region, bare: nothing }; // at this level the drawing reaches into printed lines
  const area = sumsOver(regions, boxes.length, () => 1);
  const side = longerSide(boxes[main]);
  const isPart = boxes.map((box, k) => {
    if (k === main || longerSide(box) > side || gap(boxes[main], box) > PART_GAP * side) return false;
    if (area[k] < PART_AREA * area[main] || !isInside(box, region)) return false;
    const own = bytesOf(regions, (number) => Number(number === k + 1));
    return medianWithin(darkness, own) >= PART_INK * ink;
  });
  const whole = bytesOf(pixelsOf(regions, isPart), (mark, i) => Number(mark || region.data[i]));
  const withMain = isPart.map((holds, k) => holds || k === main);
  const bare = pixelsOf(regions, bareParts(regions, boxes, withMain, area));
  return { whole, bare: bytesOf(bare, (mark, i) => Number(mark && whole.data[i])) };
}
