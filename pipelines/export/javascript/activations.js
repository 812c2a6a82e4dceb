/**
 * Activation functions: each changes every number on its own, between layers.
 *
 * They are those of `backprop_core.activations`, formula by formula.
 *
 * @module
 */

const LEAK = 0.01;
const INV_SQRT_2PI = 0.3989422804014327;
const TAIL = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];

/** @param {number} z */
const logistic = (z) => 0.5 * (1 + Math.tanh(0.5 * z));

/**
 * P(Z <= z) of a standard normal Z: Abramowitz and Stegun 1964, formula 26.2.17.
 *
 * @param {number} z
 */
function normalCdf(z) {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  let tail = 0;
  for (let k = TAIL.length - 1; k >= 0; k--) tail = (tail + TAIL[k]) * t;
  tail *= INV_SQRT_2PI * Math.exp(-0.5 * z * z);
  return z < 0 ? tail : 1 - tail;
}

/** @type {Record<string, (z: number) => number>} */
export const ACTIVATIONS = {
  identity: (z) => z,
  relu: (z) => Math.max(z, 0),
  leaky_relu: (z) => Math.max(z, LEAK * z),
  tanh: Math.tanh,
  logistic,
  softplus: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  silu: (z) => z * logistic(z),
  gelu: (z) => z * normalCdf(z),
};
