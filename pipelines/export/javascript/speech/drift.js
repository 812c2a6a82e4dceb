/**
 * Drift: the direct current of a microphone, which settles after it is switched on.
 *
 * A mean over some hundredths of a second follows the slope, and not the voice; taken out twice, it takes all of it
 * along. See `pipelines/features/speech/drift.py`.
 *
 * @module
 */

import { round } from "../statistics.js";

const SECONDS = 0.025; // a voice of 80 Hz has two waves in it, and its mean is next to nothing

/**
 * Return a waveform without what changes more slowly than a voice: x - m(x) - m(x - m(x)).
 *
 * @param {Float32Array} waveform
 * @param {number} rate
 * @returns {Float64Array}
 */
export function withoutDrift(waveform, rate) {
  const half = Math.max(1, round((SECONDS * rate) / 2));
  return minusMean(minusMean(Float64Array.from(waveform), half), half);
}

/** @param {Float64Array} waveform @param {number} half */
function minusMean(waveform, half) {
  const n = waveform.length;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i] + waveform[i];
  return waveform.map((sample, i) => {
    const reach = Math.min(i, n - 1 - i, half);
    return sample - (sums[i + reach + 1] - sums[i - reach]) / (2 * reach + 1);
  });
}
