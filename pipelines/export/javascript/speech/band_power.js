/**
 * Band power: how loud each hundredth of a second is in a few bands of frequency.
 *
 * @module
 */

import { Fourier } from "../fourier.js";
import { round, sum } from "../statistics.js";

export const HOP_SECONDS = 0.01;
const WINDOW_SECONDS = 0.032;
const BAND_EDGES = [100, 250, 450, 750, 1200, 1800, 2600, 3800]; // in Hz

/**
 * Measure the power of each frame in each band. Frame t covers a Hann window around the middle of the t-th hop; beyond
 * its ends the waveform counts as zero.
 *
 * @param {Float64Array} waveform
 * @param {number} rate
 * @returns {Float32Array[]} of each frame, [n_bands]
 */
export function bandPower(waveform, rate) {
  const hop = round(HOP_SECONDS * rate);
  const length = round(WINDOW_SECONDS * rate);
  const lead = Math.floor((length - hop) / 2);
  const hann = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
  const fourier = new Fourier(hann);
  const bands = bandsOf(length, rate);
  return Array.from({ length: Math.ceil(waveform.length / hop) }, (_, t) => {
    const power = fourier.power(waveform, t * hop - lead);
    const levels = new Float32Array(bands.length);
    bands.forEach(([low, high], band) => (levels[band] = sum(power.subarray(low, high)) / length ** 2));
    return levels;
  });
}

/** Return the first frequency in each band, and one past the last. @param {number} length @param {number} rate */
function bandsOf(length, rate) {
  const edges = BAND_EDGES.filter((edge) => edge < rate / 2);
  const first = edges.map((edge) => Math.ceil((edge * length) / rate));
  return first.slice(1).map((high, b) => [first[b], high]);
}
