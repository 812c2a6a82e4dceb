/**
 * A drawing: strokes cut out of a picture.
 *
 * @module
 */

import { cut } from "./plane.js";
import { boxOf } from "./regions.js";

/**
 * @typedef {object} Drawing
 * @property {import("./plane.js").Plane<Float32Array>} coverage how much of each pixel is stroke, from 0 to 1
 * @property {number} breadth mean breadth of the strokes, in pixels
 * @property {number[]} [box] left, top, right and bottom in the picture that it was cut out of
 * @property {Drawing | null} [bare] it without what was drawn around or under it, as a digit without its circle
 */

/**
 * Return the drawing in a picture that is so many times larger, from a place in that picture on.
 *
 * @param {Drawing} drawing
 * @param {number} left
 * @param {number} top
 * @param {number} across
 * @param {number} down
 * @returns {Drawing}
 */
export function moved(drawing, left, top, across, down = across) {
  const [x0, y0, x1, y1] = /** @type {number[]} */ (drawing.box);
  const box = [left + across * x0, top + down * y0, left + across * x1, top + down * y1];
  return { ...drawing, box, bare: drawing.bare && moved(drawing.bare, left, top, across, down) };
}

/**
 * Return the drawing that covers half of a pixel or more; null if it covers that much of none.
 *
 * @param {import("./plane.js").Plane<Float32Array>} coverage of the picture that it is cut out of
 * @returns {Drawing | null}
 */
export function cutOut(coverage) {
  const box = boxOf(coverage, (share) => share >= 0.5);
  if (box === null) return null;
  const drawn = cut(coverage, ...box);
  return { coverage: drawn, breadth: breadth(drawn), box };
}

/**
 * Return the mean breadth of strokes, in pixels: twice their area, divided by the length of their outline.
 *
 * The outline's length is the sum of the slopes: going over an edge from 0 to 1, however soft, adds its length.
 *
 * @param {{ width: number, height: number, data: ArrayLike<number> }} picture 1 where there is a stroke, else 0
 */
export function breadth({ width, height, data }) {
  const at = (x, y) => (x >= 0 && y >= 0 && x < width && y < height ? data[y * width + x] : 0);
  let outline = 0;
  let area = 0;
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x <= width; x++) {
      const here = at(x, y);
      area += here;
      outline += Math.hypot(here - at(x, y - 1), here - at(x - 1, y));
    }
  }
  return (2 * area) / Math.max(outline, 1e-6);
}
