/**
 * Gradient features: which way brightness changes in each part of a picture, and which colours are there.
 *
 * The picture is parted into cells, and each cell tells how much of its brightness rises in each of eight directions,
 * whatever the light; the same is told of the picture at half its size, and so on. Blocks of the picture tell how their
 * colours are spread. See `pipelines/features/images/gradients.py`.
 *
 * @module
 */

import { clip, round } from "../statistics.js";

/**
 * @typedef {{ width: number, height: number, data: Float32Array }} Floats one plane
 * @typedef {[number, number]} Grid rows and columns
 */

const DIRECTIONS = 8;
const CELLS = 8; // along the longer side
const SMALLEST_CELL = 4; // pixels
const SMALLEST_OCTAVE = 12; // pixels of the longer side
const BLOCKS = 4; // along the longer side
const LEVELS = 8;
const FAINTEST = 0.02; // of the brightness range: cells with weaker slopes than this are taken for even
const OPPONENT_REACH = 0.4; // red against green, and blue against yellow, hardly go further

/**
 * Return the gradient features of a picture.
 *
 * @param {Uint8Array} row the colours of a pixel side by side
 * @param {number} width
 * @param {number} height
 * @param {number} nChannels 1 or 3
 * @returns {Float32Array}
 */
export function gradientFeatures(row, width, height, nChannels) {
  const planes = Array.from({ length: nChannels }, (_, k) =>
    plane(width, height, (i) => Math.fround(row[i * nChannels + k] / 255)),
  );
  const features = [];
  let octave = planes;
  for (let number = 0; number === 0 || Math.max(octave[0].width, octave[0].height) >= SMALLEST_OCTAVE; number++) {
    const cells = gridOf(octave[0], CELLS >> number);
    features.push(...ofLight(cellHistograms(octave, cells), cells));
    octave = octave.map(halved);
  }
  features.push(...colourShares(planes.map(halved), gridOf({ width, height }, BLOCKS)));
  return Float32Array.from(features);
}

/** @param {number} width @param {number} height @param {(place: number) => number} value @returns {Floats} */
function plane(width, height, value) {
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { width, height, data };
}

/** Return into how many rows and columns of about square cells a picture is parted. @returns {Grid} */
function gridOf({ width, height }, along) {
  const cell = Math.max(SMALLEST_CELL, Math.max(height, width) / Math.max(1, along));
  return [Math.max(1, round(height / cell)), Math.max(1, round(width / cell))];
}

/**
 * Return how much brightness rises in each direction in each cell; direction k points to 45° k, from "to the right" by
 * "down".
 *
 * @param {Floats[]} planes
 * @param {Grid} cells
 * @returns {Float32Array[]} of each direction, [rows * columns]
 */
function cellHistograms(planes, cells) {
  const { across, down } = steepestSlopes(planes);
  return Array.from({ length: DIRECTIONS }, (_, k) => {
    const angle = Math.fround((2 * Math.PI * k) / DIRECTIONS);
    const [cos, sin] = [Math.fround(Math.cos(angle)), Math.fround(Math.sin(angle))];
    const rises = plane(planes[0].width, planes[0].height, (i) => {
      const rise = Math.max(0, across[i] * cos + down[i] * sin);
      return (rise * rise) / (Math.sqrt(across[i] ** 2 + down[i] ** 2) + 1e-6);
    });
    return pooled(rises, cells);
  });
}

/** Return the slopes to the right and down, of the channel in which they are steepest. @param {Floats[]} planes */
function steepestSlopes(planes) {
  const { width, height } = planes[0];
  const across = new Float32Array(width * height);
  const down = new Float32Array(width * height);
  const squares = new Float32Array(width * height).fill(-1);
  for (const { data } of planes) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const place = y * width + x;
        const row = y * width;
        const right = 0.5 * (data[row + Math.min(x + 1, width - 1)] - data[row + Math.max(x - 1, 0)]);
        const below = 0.5 * (data[Math.min(y + 1, height - 1) * width + x] - data[Math.max(y - 1, 0) * width + x]);
        const square = Math.fround(right * right + below * below);
        if (square <= squares[place]) continue;
        squares[place] = square;
        across[place] = right;
        down[place] = below;
      }
    }
  }
  return { across, down };
}

/** Return the directions of cells whatever their light, and their strength. @param {Float32Array[]} histograms */
function ofLight(histograms, [rows, columns]) {
  const square = histograms[0].map((_, cell) => histograms.reduce((total, of) => total + of[cell] ** 2, 0));
  const near = square.map((_, cell) => {
    const [y, x] = [Math.floor(cell / columns), cell % columns];
    let total = 0;
    for (let v = y - 1; v <= y + 1; v++) {
      for (let u = x - 1; u <= x + 1; u++) total += square[clip(v, 0, rows - 1) * columns + clip(u, 0, columns - 1)];
    }
    return total / 9;
  });
  const lit = histograms.flatMap((of) =>
    Array.from(of, (value, cell) => Math.sqrt(value / Math.sqrt(near[cell] + FAINTEST ** 2 / 4))),
  );
  return [...lit, ...square.map((value) => Math.sqrt(Math.sqrt(value)))];
}

/** Return the roots of the shares of each level of each colour in each block. @param {Floats[]} planes @param {Grid} blocks */
function colourShares(planes, blocks) {
  return opposed(planes).flatMap((colour) =>
    Array.from({ length: LEVELS }, (_, level) => {
      const shares = plane(colour.width, colour.height, (i) =>
        Math.max(0, 1 - Math.abs(clip(colour.data[i], 0, 1) * (LEVELS - 1) - level)),
      );
      return Array.from(pooled(shares, blocks), Math.sqrt);
    }).flat(),
  );
}

/** Return brightness, red against green, and blue against yellow. @param {Floats[]} planes */
function opposed(planes) {
  if (planes.length === 1) return planes;
  const [red, green, blue] = planes.map((of) => of.data);
  const scale = 0.5 / OPPONENT_REACH;
  const of = (value) => plane(planes[0].width, planes[0].height, value);
  return [
    of((i) => (red[i] + green[i] + blue[i]) / 3),
    of((i) => (red[i] - green[i]) * scale + 0.5),
    of((i) => (blue[i] - 0.5 * (red[i] + green[i])) * scale + 0.5),
  ];
}

/**
 * Average over squares of two by two pixels; a last odd row or column is left out, unless it is the only one.
 *
 * @param {Floats} of
 */
function halved({ width, height, data }) {
  const [across, down] = [Math.min(2, width), Math.min(2, height)];
  const wide = Math.floor(width / across);
  return plane(wide, Math.floor(height / down), (i) => {
    const [x, y] = [(i % wide) * across, Math.floor(i / wide) * down];
    let total = 0;
    for (let v = 0; v < down; v++) for (let u = 0; u < across; u++) total += data[(y + v) * width + x + u];
    return total / (across * down);
  });
}

/** Return weighted means over cells. @param {Floats} map @param {Grid} cells @returns {Float32Array} [rows * columns] */
function pooled({ width, height, data }, [rows, columns]) {
  const [across, down] = [cellWeights(width, columns), cellWeights(height, rows)];
  const inRows = new Float32Array(height * columns);
  for (let y = 0; y < height; y++) {
    for (let column = 0; column < columns; column++) {
      let total = 0;
      for (let x = 0; x < width; x++) total += data[y * width + x] * across[column][x];
      inRows[y * columns + column] = total;
    }
  }
  return Float32Array.from({ length: rows * columns }, (_, cell) => {
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    let total = 0;
    for (let y = 0; y < height; y++) total += down[row][y] * inRows[y * columns + column];
    return total;
  });
}

/** Return how much each pixel of a side counts for each cell along it. @param {number} length @param {number} nCells */
function cellWeights(length, nCells) {
  return Array.from({ length: nCells }, (_, cell) => {
    const raw = Array.from({ length }, (__, i) => {
      const place = clip(((i + 0.5) * nCells) / length - 0.5, 0, nCells - 1);
      return Math.max(0, 1 - Math.abs(place - cell));
    });
    const total = raw.reduce((a, b) => a + b, 0);
    return Float32Array.from(raw, (weight) => weight / total);
  });
}
