/**
 * Drawings on an even ground: the plain way to find one, for scans, screens and small pictures.
 *
 * Otsu's threshold parts the levels in two; the part that most of the picture's edge belongs to is ground. Where the
 * edge belongs to both in about equal shares, either may be: then there are two readings, and the network decides.
 * Where the ground is uneven only because light falls on it from one side, it is made even first. Specks that are far
 * smaller than the rest are no part of the drawing, nor is a frame around all of it. What stands in a ring or on a
 * line may be meant alone. See `pipelines/features/images/even_ground.py`.
 *
 * @module
 */

import { largest, placeOfLargest, round, selected, smallest } from "../statistics.js";
import { cutOut, moved } from "./drawing.js";
import { bareParts, findFrames } from "./frames.js";
import { evenOutLight } from "./gradual_light.js";
import { coverageOf, inkOn, marksOf, otsu, spread } from "./ink.js";
import { bytesOf, cut, negative, shareOfEdge } from "./plane.js";
import { connectedRegions, gap, heightOf, longerSide, pixelsOf, sumsOver, widthOf } from "./regions.js";
import { reduce } from "./resizing.js";

/**
 * @typedef {import("./plane.js").Plane} Plane
 * @typedef {import("./regions.js").Box} Box
 * @typedef {object} Reading one way to see a picture
 * @property {import("./drawing.js").Drawing} drawing
 * @property {boolean} even whether the ground is as even as this way takes it to be
 * @property {number} nDrawings how many of about the same size stand side by side or below each other
 * @property {boolean} full whether the drawing reaches from edge to edge, as in a picture that was cut out tightly
 */

const SIDE = 96; // of the picture that is worked on, in pixels: at least this where the picture has it, below twice
const SMALL = 48; // smaller pictures are enlarged
const UNDECIDED = 0.25; // share of the edge that the other part has, from which either may be ground
const SOME_OF_EDGE = 0.15; // marked shares of the picture's edge: doubtful,
const MOST_OF_EDGE = 0.4; // and no drawing
const NEAR_SIDE = 48; // pixels of the working picture: smaller drawings are looked at from nearer
const SHEET = 0.25; // a block fills so much of its box, and a sheet so much of the picture
const SQUAT = 0.45;
const SOLID = 0.75;
const SPECK = 0.04; // of the main region's mass: parts,
const ALIKE = 0.3; // and further drawings
const WHOLE_SIDE = 0.9; // share of a side of the picture that a drawing does not cover
const DARK = 0.7; // least share of the darkest ink's drop that a drawing has close to the picture's edge
const LIT_SIDE = 240; // pixels of the longer side; twice this or more is reduced before its light is evened out
const SOFT = 0.25; // of a stroke's width, the breadth of its soft edge in a picture cut out tightly
const UNEVEN = 0.12; // of the contrast: what the ground may vary across the picture
const GROWN = 1.25; // a drawing that is so many times as large from nearer has lines of the paper in it

/**
 * Return the drawings that a picture may show, the likelier one first: up to two.
 *
 * @param {Plane} picture grey
 * @returns {Reading[]}
 */
export function evenReadings(picture) {
  const small = ofWorkingSize(picture);
  const threshold = otsu(small.data);
  const share = shareOfEdge(bytesOf(small, (level) => Number(level > threshold)));
  const ways = share >= 0.5 ? [picture, negative(picture)] : [negative(picture), picture];
  const undecided = UNDECIDED < share && share < 1 - UNDECIDED;
  return (undecided ? ways : ways.slice(0, 1))
    .map(readInEvenLight)
    .filter((reading) => reading !== null)
    .map((reading) => ({ ...reading, even: reading.even && !(reading.full && undecided) }));
}

/** Read dark ink on bright ground; where the ground is uneven, read it as it would be in even light. */
function readInEvenLight(picture) {
  const reading = readNearer(picture);
  const longer = Math.max(picture.width, picture.height);
  if (reading?.even || longer < SIDE) return reading;
  const times = Math.max(1, Math.floor(longer / LIT_SIDE));
  const lit = evenOutLight(times > 1 ? reduce(picture, times) : picture);
  const again = lit && readNearer(lit);
  return again?.even && !again.full ? { ...again, drawing: moved(again.drawing, 0, 0, times) } : reading;
}

/** Read dark ink on bright ground; where it is small in the picture, look at its surroundings alone. */
function readNearer(picture) {
  const times = timesOf(picture);
  const found = read(ofWorkingSize(picture));
  if (found === null) return null;
  const { width, height } = found.reading.drawing.coverage;
  const reading = { ...found.reading, drawing: moved(found.reading.drawing, 0, 0, times) };
  if (times === 1 || Math.max(width, height) >= NEAR_SIDE) return reading;
  const [left, top, right, bottom] = found.box.map((place) => times * place);
  const margin = Math.floor(Math.max(right - left, bottom - top) / 2) + times;
  const crop = cut(picture, left - margin, top - margin, right + margin, bottom + margin);
  const near = read(ofWorkingSize(crop));
  if (near === null) return reading;
  // From nearer, lines of the paper may be seen that were too fine before. With them, the drawing seems larger.
  const asLarge = timesOf(crop) * longerSide(near.box) <= GROWN * longerSide([left, top, right, bottom]);
  const even = reading.even && (reading.nDrawings > 1 || (near.reading.even && asLarge));
  const [beside, above] = [Math.max(0, left - margin), Math.max(0, top - margin)];
  const drawing = moved(near.reading.drawing, beside, above, timesOf(crop));
  return { ...near.reading, drawing, nDrawings: reading.nDrawings, even };
}

/** Return by how many times a picture is reduced, so that it is worked on at no more than twice `SIDE`. */
const timesOf = ({ width, height }) => Math.max(1, Math.floor(Math.max(width, height) / SIDE));

/** @param {Plane} picture */
const ofWorkingSize = (picture) => (timesOf(picture) > 1 ? reduce(picture, timesOf(picture)) : picture);

/**
 * Read dark ink on bright ground.
 *
 * @param {Plane} picture
 * @returns {{ reading: Reading, box: Box } | null} `box` is that of the drawing in the picture
 */
function read(picture) {
  const { ink, times } = inkOn(picture, SMALL);
  if (ink === null) return null;
  const marked = marksOf(ink);
  const parts = partsOf(marked, ink);
  if (parts === null || shareOfEdge(parts.kept) > MOST_OF_EDGE) return null;
  const { kept, nDrawings, ruled } = parts;
  const drawing = cutOut(coverageOf(ink, kept));
  if (drawing === null) return null;
  const { box } = drawing;
  if (times === 1 && Math.max(picture.width, picture.height) >= SIDE && isSheet(kept, box)) return null;
  const full = nDrawings === 1 && reachesFromEdgeToEdge(ink, kept);
  const softEdge = full ? Math.max(1, round(SOFT * ink.width)) : 1;
  const even =
    (full || (!ruled && shareOfEdge(marked) < SOME_OF_EDGE)) &&
    unevenness(ink.drop, spread(nDrawings > 1 ? marked : kept, softEdge)) / ink.contrast < UNEVEN;
  const bare = parts.bare.data.includes(1) ? cutOut(coverageOf(ink, parts.bare)) : null;
  const reading = { drawing: moved({ ...drawing, bare }, 0, 0, 1 / times), even, nDrawings, full: full && even };
  return { reading, box: /** @type {Box} */ (box.map((place) => Math.floor(place / times))) };
}

/**
 * Tell whether a drawing reaches from top to bottom, or from left to right. Lines of the paper are less dark. What covers
 * all of a side is a table, unless it reaches the other three as well.
 */
function reachesFromEdgeToEdge({ drop, contrast, width: stroke }, kept) {
  const { width, height } = kept;
  const near = Math.max(1, round(stroke));
  const dark = bytesOf(kept, (mark, place) => Number(mark && drop.data[place] >= DARK * contrast));
  const sides = [
    { side: cut(kept, 0, 0, width, 1), band: cut(dark, 0, 0, width, near) },
    { side: cut(kept, 0, height - 1, width, height), band: cut(dark, 0, height - near, width, height) },
    { side: cut(kept, 0, 0, 1, height), band: cut(dark, 0, 0, near, height) },
    { side: cut(kept, width - 1, 0, width, height), band: cut(dark, width - near, 0, width, height) },
  ];
  const reached = sides.map(({ side, band }) => side.data.includes(1) && band.data.includes(1));
  const covered = sides.map(({ side }) => nMarked(side) / side.data.length);
  if (reached.includes(false) && Math.max(...covered) > WHOLE_SIDE) return false;
  return (reached[0] && reached[1]) || (reached[2] && reached[3]);
}

/** Tell whether what was found is rather a sheet of paper than a drawing: a solid block, large in the picture. */
function isSheet(kept, box) {
  const [wide, high] = [widthOf(box), heightOf(box)];
  const large = wide * high > SHEET * kept.data.length;
  return large && Math.min(wide, high) > SQUAT * Math.max(wide, high) && nMarked(kept) > SOLID * wide * high;
}

const nMarked = ({ data }) => data.reduce((total, mark) => total + mark, 0);

/**
 * Return which of the marked pixels are the drawing, how many there are, whether lines may be among them, and which of
 * the pixels are left without ring and underline; or null.
 *
 * @param {Plane} marked
 * @param {import("./ink.js").Ink} ink
 */
function partsOf(marked, { drop, peak }) {
  const { regions, boxes } = connectedRegions(marked);
  const mass = sumsOver(regions, boxes.length, (place) => drop.data[place]);
  const peaks = sumsOver(regions, boxes.length, (place) => Number(drop.data[place] >= peak));
  const frames = boxes.length > 1 ? findFrames(regions, boxes) : new Set();
  let kept = boxes.map((_, k) => peaks[k] > 0 && !frames.has(k));
  if (!kept.includes(true)) return null;
  const main = placeOfLargest(kept.map((keeps, k) => (keeps ? mass[k] : -1)));
  const nDrawings = sideBySide(boxes.filter((_, k) => kept[k] && mass[k] >= ALIKE * mass[main]));
  const reach = 0.25 * longerSide(boxes[main]);
  kept = kept.map((keeps, k) => keeps && mass[k] >= SPECK * mass[main] && gap(boxes[main], boxes[k]) <= reach);
  const ruled = linesOfPaper(boxes, kept, main, marked);
  const bare = bareParts(regions, boxes, kept, mass);
  return { kept: pixelsOf(regions, kept), nDrawings, ruled, bare: pixelsOf(regions, bare) };
}

/** Tell whether lines of the paper may be among the parts: main reaches two edges of the picture, or another one. */
function linesOfPaper(boxes, kept, main, { width, height }) {
  const edgesAt = ([left, top, right, bottom]) =>
    Number(left === 0) + Number(top === 0) + Number(right === width) + Number(bottom === height);
  return edgesAt(boxes[main]) >= 2 || boxes.some((box, k) => kept[k] && k !== main && edgesAt(box) > 0);
}

/** Count the boxes about as high as the highest, if together they are too wide or too high for one drawing. */
function sideBySide(boxes) {
  const highest = largest(boxes.map(heightOf));
  const alike = boxes.filter((box) => heightOf(box) >= 0.5 * highest);
  const range = (first, last) => {
    const ends = alike.flatMap((box) => [box[first], box[last]]);
    return largest(ends) - smallest(ends);
  };
  return Math.max(range(0, 2) / 1.25, range(1, 3) / 1.5) > highest ? alike.length : 1;
}

/**
 * Return how much the ground varies across the picture, in levels: the range over up to 6 x 6 cells of what the brighter
 * quarter of a cell's bare pixels shows. Beside a stroke, its soft edge darkens the others.
 */
function unevenness(drop, near) {
  const rows = Math.min(6, drop.height);
  const columns = Math.min(6, drop.width);
  const high = Math.floor(drop.height / rows);
  const wide = Math.floor(drop.width / columns);
  const levels = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const bare = [];
      for (let y = row * high; y < (row + 1) * high; y++) {
        for (let x = column * wide; x < (column + 1) * wide; x++) {
          const place = y * drop.width + x;
          if (!near.data[place]) bare.push(drop.data[place]);
        }
      }
      if (bare.length >= 0.25 * high * wide) levels.push(selected(Float32Array.from(bare), bare.length >> 2));
    }
  }
  return levels.length < 2 ? 0 : largest(levels) - smallest(levels);
}
