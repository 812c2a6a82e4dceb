/**
 * Cepstra: the shape of the spectrum of speech, frame by frame, in a dozen numbers each (MFCC).
 *
 * The power of each frame is summed into mel bands, brought to decibels, and the curve over the bands is described by
 * its first few cosines. The fixed matrices are those of the model file. See `pipelines/features/speech/mfcc.py`.
 *
 * @module
 */

import { Fourier } from "../fourier.js";
import { clip, largest } from "../statistics.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */

const LOWEST_POWER = 1e-10;
const NO_MASKING = 200;

/**
 * Return the power at each frequency of each frame, with white noise that is softer than the word by so many decibels and
 * hides what is softer still; at 200 there is none. Frame t is centred at sample t * hop; beyond its ends the word counts
 * as zero.
 *
 * @param {Float64Array} word
 * @param {Float64Array} window [n_fft]
 * @param {number} hop in samples
 * @param {number} masking
 * @returns {Float64Array[]} of each frame, [1 + n_fft / 2]
 */
export function powerSpectra(word, window, hop, masking = NO_MASKING) {
  const fourier = new Fourier(window);
  const nFrames = 1 + Math.floor(word.length / hop);
  const share = masking < NO_MASKING ? 10 ** (-masking / 10) * sumOfSquares(window) : 0;
  const noise = (share * sumOfSquares(word)) / word.length;
  return Array.from({ length: nFrames }, (_, t) =>
    fourier.power(word, t * hop - window.length / 2).map((power) => power + noise),
  );
}

const sumOfSquares = (/** @type {Float64Array} */ row) => row.reduce((total, x) => total + x * x, 0);

/**
 * Return the power in each mel band of each frame in decibels; what is more than `topDb` below the loudest band of the
 * word is raised to there.
 *
 * @param {Float64Array[]} spectra
 * @param {Matrix} mel [n_mels, n_frequencies]
 * @param {number} topDb
 * @returns {Float64Array[]} of each frame, [n_mels]
 */
export function melDecibels(spectra, mel, topDb) {
  const decibels = spectra.map((power) =>
    mel.times(power).map((sum) => 10 * Math.log10(Math.max(sum, LOWEST_POWER))),
  );
  const floor = largest(decibels.map(largest)) - topDb;
  return decibels.map((frame) => frame.map((level) => Math.max(level, floor)));
}

/**
 * Return how each coefficient changes around each frame: a polynomial is fitted to `width` frames and its derivative
 * taken (Savitzky and Golay 1964, https://doi.org/10.1021/ac60214a047). Beyond its ends a word goes on with its first and
 * last frame.
 *
 * @param {Float64Array[]} cepstra
 * @param {number} width odd
 * @param {number} order 1 or 2
 * @returns {Float64Array[]}
 */
export function slopes(cepstra, width, order) {
  const half = (width - 1) / 2;
  const weights = slopeWeights(width, order);
  return cepstra.map((frame, t) => {
    const slope = new Float64Array(frame.length);
    for (let i = -half; i <= half; i++) {
      const beside = cepstra[clip(t + i, 0, cepstra.length - 1)];
      for (let k = 0; k < slope.length; k++) slope[k] += weights[i + half] * beside[k];
    }
    return slope;
  });
}

/** Return what each frame counts in the derivative, from the normal equations of least squares. */
function slopeWeights(width, order) {
  const times = Array.from({ length: width }, (_, i) => i - (width - 1) / 2);
  const squares = times.reduce((total, t) => total + t * t, 0);
  if (order === 1) return times.map((t) => t / squares);
  const fourths = times.reduce((total, t) => total + t ** 4, 0);
  return times.map((t) => (2 * (width * t * t - squares)) / (width * fourths - squares * squares));
}
