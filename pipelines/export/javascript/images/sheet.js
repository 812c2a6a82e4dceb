/**
 * A sheet: paper with a drawing on it that is held up somewhere in a scene, as before a webcam.
 *
 * The picture falls into regions without edges; the largest of these that is convex and has a drawing in its midst is
 * the sheet, unless the paper goes on behind its outline. Its light is made even by a plane, and everything around it is
 * taken away: then the drawing lies on an even ground. See `pipelines/features/images/sheet.py`.
 *
 * @module
 */

import { clip, largest, quantile, round, sum } from "../statistics.js";
import { moved } from "./drawing.js";
import { evenReadings } from "./even_ground.js";
import { gaussianBlur, largestAround } from "./filters.js";
import { isConvex } from "./frames.js";
import { DULLEST, WHITE, fit } from "./gradual_light.js";
import { spread } from "./ink.js";
import { bytesOf, cut, floatsOf, negative, surrounded } from "./plane.js";
import { connectedRegions, longerSide, outlineOf, placesOf, sumsOver } from "./regions.js";
import { reduce, resizeNearest } from "./resizing.js";

/**
 * @typedef {import("./plane.js").Plane} Plane
 * @typedef {import("./regions.js").Box} Box
 */

const LONGER_SIDE = 480; // pixels of the picture that is read,
const COARSE_SIDE = 160; // and of the one in which edges are looked for
const SMOOTH = [1.6, 2.5, 4.5]; // differences of neighbours on paper, at most, by those of the quietest quarter
const GAP = 1; // pixels to each side by which an outline may have gaps
const SMALLEST = 0.015; // least share of the picture that a sheet covers
const TRIED = 5; // regions that are examined
const FILLED = 0.45; // least share of its box that a sheet fills
const DRAWN = 0.12; // least length of what is drawn, as a share of the sheet's shorter side
const NEAR = 3; // pixels from the outline between which
const FAR = 7; // is looked for more of the same paper
const ALIKE = 0.1; // share of its light by which paper differs,
const GOES_ON = 0.6; // and share of alike pixels from which it goes on

/**
 * Find a sheet of paper in a scene, and the drawing on it.
 *
 * @param {Plane} pixels grey
 * @returns {import("./even_ground.js").Reading | null} null if there is no such sheet
 */
export function drawingOnASheet(pixels) {
  const times = timesFiner(pixels, LONGER_SIDE);
  const picture = reduce(pixels, times);
  const finer = timesFiner(picture, COARSE_SIDE);
  for (const { box, sheet, light } of sheetsIn(reduce(picture, finer))) {
    const [left, top, right, bottom] = box.map((place) => finer * place);
    const [reading] = evenReadings(alone(cut(picture, left, top, right, bottom), sheet, light));
    const least = DRAWN * Math.min(sheet.width, sheet.height);
    if (!reading?.even || longerSideOf(reading.drawing.coverage) < least) continue;
    return { ...reading, drawing: moved(reading.drawing, times * left, times * top, times) };
  }
  return null;
}

/** Yield what may be a sheet: its box, a mask of what in the box is the sheet, and how bright it is there. */
function* sheetsIn(picture) {
  const differences = differencesIn(picture);
  const quiet = Math.max(1, quantile(differences.data, 0.25));
  for (const most of SMOOTH) {
    for (const { box, region } of smoothRegions(bytesOf(differences, (levels) => Number(levels <= most * quiet)))) {
      const sheet = filled(region);
      if (!mayBeASheet(sheet, region)) continue;
      const light = lightOn(picture, box, region);
      if (!goesOn(picture, box, sheet, light)) yield { box, sheet, light: cut(light, ...box) };
    }
  }
}

const longerSideOf = ({ width, height }) => Math.max(width, height);

/** Return how many times finer a picture is than one of a longer side. */
const timesFiner = (picture, side) => Math.max(1, Math.floor(longerSideOf(picture) / side));

/** Return by how many levels the pixels around each pixel differ. @param {Plane} picture */
function differencesIn(picture) {
  const calm = gaussianBlur(picture, 0.8);
  const highest = largestAround(calm, 1);
  const lowest = smallestAround(calm, 1);
  return bytesOf(highest, (level, i) => level - lowest.data[i]);
}

const smallestAround = (picture, reach) => negative(largestAround(negative(picture), reach));

/** Return the largest smooth regions that are connected by more than a gap: their boxes and masks of these. */
function smoothRegions(smooth) {
  const { width, height } = smooth;
  const { regions, boxes } = connectedRegions(smallestAround(smooth, GAP));
  const areas = sumsOver(regions, boxes.length, () => 1);
  const order = boxes.map((_, k) => k).sort((a, b) => areas[b] - areas[a]);
  const large = order.slice(0, TRIED).filter((k) => areas[k] >= SMALLEST * width * height);
  return large.map((k) => {
    const [x0, y0, x1, y1] = boxes[k];
    /** @type {Box} */
    const box = [Math.max(0, x0 - GAP), Math.max(0, y0 - GAP), Math.min(width, x1 + GAP), Math.min(height, y1 + GAP)];
    return { box, region: spread(bytesOf(cut(regions, ...box), (number) => Number(number === k + 1)), GAP) };
  });
}

/** Return a region with its holes. @param {Plane} region */
function filled(region) {
  const around = surrounded(bytesOf(region, (mark) => 1 - mark), 1, 1);
  const { regions } = connectedRegions(around);
  const outside = regions.data[0];
  return bytesOf(cut(regions, 1, 1, region.width + 1, region.height + 1), (number) => Number(number !== outside));
}

/** Tell whether a filled region is convex, and something large enough is in its midst. */
function mayBeASheet(sheet, region) {
  const { width, height, data } = sheet;
  if (sum(data) < FILLED * data.length) return false;
  if (!isConvex(outlineOf(sheet), width)) return false;
  const { boxes } = connectedRegions(bytesOf(sheet, (mark, i) => Number(mark && !region.data[i])));
  return boxes.length > 0 && largest(boxes.map(longerSide)) >= DRAWN * Math.min(width, height);
}

/** Return how bright the paper would be in all of a picture: a plane that is fitted to a region, a mask of the box. */
function lightOn(picture, [left, top, right, bottom], region) {
  const levels = cut(picture, left, top, right, bottom).data;
  const places = placesOf(region);
  const terms = places.map((place) => [1, place % region.width, Math.floor(place / region.width)]);
  const [level, across, down] = fit(terms, places.map((place) => levels[place]), terms.map(() => 1));
  return floatsOf(picture, (_, i) => {
    const [x, y] = [(i % picture.width) - left, Math.floor(i / picture.width) - top];
    return Math.max(level + across * x + down * y, DULLEST);
  });
}

/** Tell whether most of what is close to a sheet is as bright as the sheet, or nothing is there at all. */
function goesOn(picture, [left, top, right, bottom], sheet, light) {
  const mask = bytesOf(picture, (_, i) => {
    const [x, y] = [i % picture.width, Math.floor(i / picture.width)];
    const inBox = x >= left && x < right && y >= top && y < bottom;
    return inBox ? sheet.data[(y - top) * sheet.width + x - left] : 0;
  });
  const [near, far] = [spread(mask, NEAR).data, spread(mask, FAR).data];
  const beside = Array.from(far.keys()).filter((i) => far[i] && !near[i]);
  const alike = beside.filter((i) => Math.abs(picture.data[i] - light.data[i]) <= ALIKE * light.data[i]);
  return beside.length === 0 || alike.length > GOES_ON * beside.length;
}

/** Return a sheet in even light, with nothing around it: of the size of a picture that may be finer. */
function alone(picture, sheet, light) {
  const [within, there] = [sheet, light].map((of) => resizeNearest(of, picture.width, picture.height).data);
  return bytesOf(picture, (value, i) => {
    const lit = Math.fround(value * Math.fround(WHITE / there[i]));
    return within[i] ? clip(round(lit), 0, 255) : WHITE;
  });
}
