/**
 * Image features: the brightness of every pixel, after a picture was brought to one small size.
 *
 * A picture is scaled as a whole, and what is missing to its proportions is filled with the colour of its own edge.
 * Where the network learned from drawings that were all brought to one size and place, the drawing in the picture is
 * found first; often it can be seen in more than one way, and then the network decides by which it is surest of. See
 * `pipelines/features/images/extractor.py` and `readings.py`.
 *
 * @module
 */

import { median, placeOfLargest, round } from "../statistics.js";
import { evenReadings } from "./even_ground.js";
import { gradientFeatures } from "./gradients.js";
import { hardPixelsIn } from "./hard_pixels.js";
import { edge, plane } from "./plane.js";
import { resize } from "./resizing.js";
import { clearestGrey, grey, planesOf } from "./shades.js";
import { drawingOnASheet } from "./sheet.js";
import { framed, isFilled, obeys } from "./stroke_framing.js";
import { drawingIn } from "./strokes.js";

/**
 * @typedef {object} Settings of the extractor, as the model file has them
 * @property {number} width
 * @property {number} height
 * @property {"grey" | "colour"} channels
 * @property {"whole" | "strokes"} [framing]
 * @property {number} [drawing_side]
 * @property {number} [stroke_breadth]
 * @property {"gradients"} [features] what a row is described by; brightness where it is left out
 *
 * @typedef {object} Readings the ways to see a picture
 * @property {Uint8Array[]} rows
 * @property {number[]} preferences by which the odds of the rows are weighed
 * @property {number} nDrawings how many stand side by side
 */

const PREFERENCES = [1, 0.05, 0.05]; // of the readings, the likeliest first
const BARE = 3; // preference of a drawing without ring and underline; few include one
const PHOTOGRAPH = 80; // pixels of the longer side, from which a picture may be one
const SAME = 0.5; // share of their common area from which two boxes are of one drawing
const SUREST = 1e-6; // what is left for all other classes at least

/**
 * Return the readings of a picture as rows of bytes: the three colours of a pixel stand side by side.
 *
 * @param {Settings} settings
 * @param {{ width: number, height: number, data: ArrayLike<number> }} pixels 1, 3 or 4 bytes a pixel
 * @returns {Readings}
 * @throws {Error} where strokes are to be found and none stand out
 */
export function readingsOf(settings, pixels) {
  const planes = planesOf(pixels);
  if (settings.framing === "strokes") return drawings(settings, clearestGrey(planes));
  const inColours = settings.channels === "colour";
  const wanted = inColours ? [0, 1, 2].map((k) => planes[planes.length === 3 ? k : 0]) : [grey(planes)];
  return onlyReading(sideBySide(wanted.map((colour) => fitted(colour, settings))));
}

/** @param {Uint8Array} row @returns {Readings} */
const onlyReading = (row) => ({ rows: [row], preferences: [1], nDrawings: 1 });

/** @param {import("./plane.js").Plane[]} planes */
function sideBySide(planes) {
  const n = planes.length;
  return Uint8Array.from({ length: n * planes[0].data.length }, (_, i) => planes[i % n].data[Math.floor(i / n)]);
}

/** @param {Settings} settings @param {import("./plane.js").Plane} picture @returns {Readings} */
function drawings(settings, picture) {
  const { width, height, drawing_side: side = 0, stroke_breadth: breadth = 0 } = settings;
  if (picture.width === width && picture.height === height && obeys(picture, side)) return onlyReading(picture.data);
  const { found, nDrawings } = drawingsIn(picture);
  if (!found.length) {
    if (isFilled(settings, side)) return onlyReading(fitted(picture, settings).data);
    throw new Error("no strokes were found on the ground; take the picture closer and sharper, with the whole drawing in it");
  }
  const ways = found.slice(0, PREFERENCES.length).map((drawing, i) => ({ drawing, preference: PREFERENCES[i] }));
  const bare = ways.map(({ drawing }) => drawing.bare).find((drawing) => drawing);
  if (bare) ways.push({ drawing: bare, preference: BARE });
  return {
    rows: ways.map(({ drawing }) => framed(drawing, width, height, side, breadth)),
    preferences: ways.map(({ preference }) => preference),
    nDrawings,
  };
}

/** Return the drawings that a picture may show, the likeliest first, and how many stand side by side. */
function drawingsIn(picture) {
  const small = hardPixelsIn(picture);
  if (small) return drawingsIn(small);
  const plain = evenReadings(picture);
  const found = plain.map((reading) => reading.drawing);
  if (plain.length && (plain[0].even || Math.max(picture.width, picture.height) < PHOTOGRAPH)) {
    return { found, nDrawings: plain[0].nDrawings };
  }
  let nDrawings = plain.length ? plain[0].nDrawings : 0;
  const thorough = drawingIn(picture);
  if (thorough) {
    found.splice(plain[0]?.full ? 1 : 0, 0, thorough);
    nDrawings = 1;
  }
  const sheet = drawingOnASheet(picture);
  if (sheet && !(thorough && overlap(thorough.box, sheet.drawing.box))) {
    found.unshift(sheet.drawing);
    nDrawings = sheet.nDrawings;
  }
  return { found, nDrawings };
}

/** Tell whether two boxes share more than half of what they cover together. */
function overlap(one, other) {
  const wide = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const high = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  const shared = Math.max(0, wide) * Math.max(0, high);
  const both = [one, other].reduce((area, [left, top, right, bottom]) => area + (right - left) * (bottom - top), 0);
  return shared > SAME * (both - shared);
}

/** Scale a plane to fit, and fill the rest with the median of its outermost pixels. */
function fitted(colour, { width, height }) {
  if (colour.width === width && colour.height === height) return colour;
  const scale = Math.min(width / colour.width, height / colour.height);
  const wide = Math.max(1, round(colour.width * scale));
  const high = Math.max(1, round(colour.height * scale));
  const small = resize(colour, wide, high, "lanczos");
  if (wide === width && high === height) return small;
  const frame = plane(width, height, new Uint8Array(width * height).fill(Math.trunc(median(edge(small, true)))));
  const [left, top] = [Math.floor((width - wide) / 2), Math.floor((height - high) / 2)];
  for (let y = 0; y < high; y++) frame.data.set(small.data.subarray(y * wide, (y + 1) * wide), (top + y) * width + left);
  return frame;
}

/**
 * Return the features of a row of bytes: brightness from 0 to 1, or what the picture's gradients tell.
 *
 * @param {Settings} settings
 * @param {Uint8Array} row
 */
export function featuresOf({ features, width, height, channels }, row) {
  if (features === "gradients") return gradientFeatures(row, width, height, channels === "colour" ? 3 : 1);
  return Float32Array.from(row, (level) => level / 255);
}

/**
 * Return the place of the reading that the network is surest of.
 *
 * @param {Float32Array[]} probabilities of each reading
 * @param {number[]} preferences by which the odds of the readings are weighed
 */
export const surest = (probabilities, preferences) =>
  placeOfLargest(probabilities.map((row, which) => odds(Math.max(...row)) * preferences[which]));

const odds = (probability) => probability / Math.max(1 - probability, SUREST);
