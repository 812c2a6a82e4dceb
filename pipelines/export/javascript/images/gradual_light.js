/**
 * Gradual light: a picture of dark ink on bright paper as it would be in even light.
 *
 * The light is a quadratic surface through the paper's brightness in the cells of a coarse grid. What is below it, as
 * ink is, counts less. See `pipelines/features/images/gradual_light.py`.
 *
 * @module
 */

import { clip, round } from "../statistics.js";
import { bytesOf, plane, shareOfEdge } from "./plane.js";
import { resize } from "./resizing.js";

const CELLS = 32; // along each side of the picture
const BELOW = 0.05; // weight of a cell below the surface; one above it has 1
const ROUNDS = 10;
const CLOSE = 0.1; // share of the light by which a cell of paper may be below the surface,
const LEAST = 2; // and levels
const SHOWN = 0.9; // least share of the cells along the picture's edge that shows paper
export const DULLEST = 16; // levels: duller paper shows nothing
export const WHITE = 235; // and paper becomes this bright

/**
 * @param {import("./plane.js").Plane} picture
 * @returns {import("./plane.js").Plane | null} null if the light is not gradual
 */
export function evenOutLight(picture) {
  const level = resize(picture, CELLS, CELLS, "box").data;
  const surface = Array.from(level, (_, i) => quadratic(i % CELLS, Math.floor(i / CELLS), CELLS, CELLS));
  const lightAt = (weights) => surface.map((terms) => dot(terms, weights));
  let counts = new Array(level.length).fill(1);
  let light = [];
  for (let k = 0; k < ROUNDS; k++) {
    light = lightAt(fit(surface, level, counts));
    counts = light.map((value, i) => (level[i] >= value ? 1 : BELOW));
  }
  const paper = Uint8Array.from(light, (value, i) => Number(level[i] >= (1 - CLOSE) * value - LEAST));
  if (shareOfEdge(plane(CELLS, CELLS, paper)) < SHOWN) return null;
  const weights = fit(surface, level, paper);
  const { width, height } = picture;
  return bytesOf(picture, (value, i) => {
    const there = Math.max(DULLEST, dot(quadratic(i % width, Math.floor(i / width), width, height), weights));
    return clip(round(value * (WHITE / there)), 0, 255);
  });
}

/** Return 1, x, y, x², xy and y² at the centre of a cell, from 0 to 1. */
function quadratic(column, row, columns, rows) {
  const [x, y] = [(column + 0.5) / columns, (row + 0.5) / rows];
  return [1, x, y, x * x, x * y, y * y];
}

const dot = (a, b) => a.reduce((total, value, i) => total + value * b[i], 0);

/** Return the weights of a surface through levels by least squares, each level weighed by what it counts. */
export function fit(surface, level, counts) {
  const n = surface[0].length;
  const equations = Array.from({ length: n }, () => new Array(n + 1).fill(0));
  surface.forEach((terms, i) => {
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) equations[row][column] += counts[i] * terms[row] * terms[column];
      equations[row][n] += counts[i] * terms[row] * level[i];
    }
  });
  return solve(equations);
}

/** Solve linear equations, each with its right side at its end, by Gaussian elimination with pivots. */
function solve(equations) {
  const n = equations.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k; row < n; row++) if (Math.abs(equations[row][k]) > Math.abs(equations[pivot][k])) pivot = row;
    [equations[k], equations[pivot]] = [equations[pivot], equations[k]];
    for (let row = 0; row < n; row++) {
      if (row === k) continue;
      const times = equations[row][k] / equations[k][k];
      for (let column = k; column <= n; column++) equations[row][column] -= times * equations[k][column];
    }
  }
  return equations.map((row, k) => row[n] / row[k]);
}
