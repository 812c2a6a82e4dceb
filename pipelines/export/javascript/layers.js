/**
 * Layers: the steps that a row of numbers takes through the network, in prediction.
 *
 * A layer is its description, as the model file has it, and its arrays by name. Layers that work only in training
 * (dropout, noise) pass on their input unchanged.
 *
 * @module
 */

import { ACTIVATIONS } from "./activations.js";

/**
 * A row of which nearly every number is zero: the columns of those that are not, and these numbers.
 *
 * @typedef {{ columns: Int32Array, values: Float32Array }} SparseRow
 * @typedef {Float32Array | SparseRow} Row
 * @typedef {{ kind: string, [setting: string]: any }} Description
 * @typedef {Record<string, import("./safetensors.js").Tensor>} Arrays
 */

/**
 * Return the shapes of the arrays that a layer has: those that are learned, and those that are only counted.
 *
 * @param {Description} layer
 * @returns {{ learned: [string, number[]][], counted: [string, number[]][] }}
 */
export function shapesOf(layer) {
  const width = [layer.width];
  switch (layer.kind) {
    case "dense":
      return { learned: [["W", [layer.fan_in, layer.fan_out]], ["b", [layer.fan_out]]], counted: [] };
    case "layer_norm":
      return { learned: [["gamma", width], ["beta", width]], counted: [] };
    case "batch_norm":
      return {
        learned: [["gamma", width], ["beta", width]],
        counted: [["running_mean", width], ["running_var", width]],
      };
    case "residual": {
      const inner = layer.layers.map(shapesOf);
      const named = (kind) =>
        inner.flatMap((shapes, i) => shapes[kind].map(([name, shape]) => [`${i}.${name}`, shape]));
      return { learned: named("learned"), counted: named("counted") };
    }
    default:
      return { learned: [], counted: [] };
  }
}

/**
 * Return what a layer makes of a row.
 *
 * @param {Description} layer
 * @param {Arrays} arrays
 * @param {Row} x
 * @returns {Row}
 * @throws {Error} where the kind of layer, or its activation, is none that this engine knows
 */
export function forward(layer, arrays, x) {
  switch (layer.kind) {
    case "dense":
      return dense(arrays, x);
    case "activate":
      return activate(layer.activation, /** @type {Float32Array} */ (x));
    case "layer_norm":
      return layerNorm(layer, arrays, /** @type {Float32Array} */ (x));
    case "batch_norm":
      return batchNorm(layer, arrays, /** @type {Float32Array} */ (x));
    case "residual":
      return residual(layer, arrays, /** @type {Float32Array} */ (x));
    case "dropout":
    case "gaussian_noise":
      return x;
    default:
      throw new Error(`the network has a layer of the kind ${layer.kind}, which this engine does not know`);
  }
}

/**
 * y = x W + b. Weights of 8 bits are scaled once they are added up: one scale for each unit.
 *
 * @param {Arrays} arrays `W` [fan_in, fan_out], `b` [fan_out]; `W.scale` [fan_out] where W has 8 bits; `W.places`
 *   [fan_in] where W lacks the rows that say nothing: which row of W an input has, or -1
 * @param {Row} x
 */
function dense({ W, b, "W.scale": scale, "W.places": places }, x) {
  const n = b.data.length;
  const sums = new Float64Array(n);
  const { values, columns } = x instanceof Float32Array ? { values: x, columns: null } : x;
  const factors = [];
  const starts = [];
  for (let j = 0; j < values.length; j++) {
    const input = columns ? columns[j] : j;
    const place = places ? places.data[input] : input;
    if (values[j] === 0 || place < 0) continue;
    factors.push(values[j]);
    starts.push(place * n);
  }
  let j = 0;
  for (; j < factors.length - 3; j += 4) addFour(sums, factors, starts, j, W.data);
  for (; j < factors.length; j++) addScaled(sums, factors[j], W.data, starts[j]);
  const y = new Float32Array(n);
  for (let k = 0; k < n; k++) y[k] = (scale ? sums[k] * scale.data[k] : sums[k]) + b.data[k];
  return y;
}

/** Add four rows of weights, each times its factor: the sums are fetched and put back once for all of them. */
function addFour(sums, factors, starts, j, weights) {
  const [f0, f1, f2, f3] = [factors[j], factors[j + 1], factors[j + 2], factors[j + 3]];
  const [s0, s1, s2, s3] = [starts[j], starts[j + 1], starts[j + 2], starts[j + 3]];
  for (let k = 0; k < sums.length; k++) {
    sums[k] += f0 * weights[s0 + k] + f1 * weights[s1 + k] + (f2 * weights[s2 + k] + f3 * weights[s3 + k]);
  }
}

/** Add a row of weights, times a value. */
function addScaled(sums, value, weights, start) {
  for (let k = 0; k < sums.length; k++) sums[k] += value * weights[start + k];
}

/** @param {string} name @param {Float32Array} x */
function activate(name, x) {
  const bend = ACTIVATIONS[name];
  if (!bend) throw new Error(`the network has the activation ${name}, which this engine does not know`);
  return x.map(bend);
}

/** xhat = (x - mean) / sqrt(var + eps) over the row; y = gamma xhat + beta. */
function layerNorm(/** @type {Description} */ { eps }, { gamma, beta }, /** @type {Float32Array} */ x) {
  let mean = 0;
  for (const value of x) mean += value / x.length;
  let variance = 0;
  for (const value of x) variance += (value - mean) ** 2 / x.length;
  const std = Math.sqrt(variance + eps);
  return x.map((value, k) => (gamma.data[k] * (value - mean)) / std + beta.data[k]);
}

/** The same with each unit's mean and variance as training met them. */
function batchNorm(/** @type {Description} */ { eps }, arrays, /** @type {Float32Array} */ x) {
  const { gamma, beta, running_mean: mean, running_var: variance } = arrays;
  return x.map(
    (value, k) => (gamma.data[k] * (value - mean.data[k])) / Math.sqrt(variance.data[k] + eps) + beta.data[k],
  );
}

/** y = x + inner(x) */
function residual(/** @type {Description} */ { layers }, arrays, /** @type {Float32Array} */ x) {
  let inner = /** @type {Row} */ (x);
  layers.forEach((layer, i) => {
    /** @type {Arrays} */
    const own = {};
    for (const [name, array] of Object.entries(arrays)) {
      if (name.startsWith(`${i}.`)) own[name.slice(`${i}.`.length)] = array;
    }
    inner = forward(layer, own, inner);
  });
  return x.map((value, k) => value + inner[k]);
}
