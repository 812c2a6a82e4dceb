/**
 * Endpoints: where in a recording the word begins and ends.
 *
 * A frame belongs to the word if its energy is within some decibels of the loudest frame's. Clicks beside the word are
 * left out first; and where a room is so noisy that noise would pass the threshold, the word begins and ends where it
 * rises out of the noise. See `endpoints.py` and `room_noise.py` in `pipelines/features/speech`.
 *
 * @module
 */

import { largest, round, sum } from "../statistics.js";
import { bandPower, HOP_SECONDS } from "./band_power.js";
import { beyondClicks } from "./clicks.js";
import { findWords } from "./word_finder.js";

const LEAST = 0.25; // seconds that noise goes on before or after a word
const EVEN = 12; // decibels that the louder frames of noise are above its softest, at most
const SOFT = 4; // decibels that noise is below the loudest frame of a word, at least
const HARMLESS = 9; // decibels that noise must be below the threshold of a word to be let be
const CLICK = 0.09; // seconds that may be louder than the word
const PART = 20; // decibels: a sound further below the loudest word found is no part of it

const ratio = (decibels) => 10 ** (decibels / 10);

/**
 * Return the part of a waveform that the word occupies, in samples; it is never empty.
 *
 * @param {Float64Array} waveform not silent
 * @param {{ sr: number, n_fft: number, hop_length: number, trim_pad: number }} settings
 * @param {number} trimDb
 * @returns {[number, number]}
 */
export function wordEndpoints(waveform, { sr, n_fft: length, hop_length: hop, trim_pad }, trimDb) {
  const n = waveform.length;
  const pad = round(trim_pad * sr);
  const energy = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) energy[i + 1] = energy[i] + waveform[i] ** 2;
  const frames = Float64Array.from({ length: Math.floor(n / hop) + 1 }, (_, t) => {
    const left = t * hop - length / 2;
    return energy[Math.min(left + length, n)] - energy[Math.max(left, 0)];
  });
  const { word, around } = beyondClicks(frames, sr / hop, trimDb);
  const [start, stop] = word.map((t) => t * hop);
  const [before, after] = around.map((t) => t * hop);
  const [first, last] = beyondNoise(waveform.subarray(before, after), sr, trimDb).map((place) => before + place);
  if (start - pad >= last || stop + pad <= first) return [first, last]; // what is loud is no word
  return [Math.max(start - pad, first), Math.min(stop + pad, last)];
}

/** Return the part of a waveform in which there is a word, and not only room noise. */
function beyondNoise(waveform, rate, trimDb) {
  const least = round(LEAST / HOP_SECONDS);
  const hop = round(HOP_SECONDS * rate);
  if (waveform.length <= least * hop || !mayHaveNoise(waveform, least - 2, hop, trimDb)) return [0, waveform.length];
  const power = bandPower(waveform, rate);
  const words = findWords(power);
  const levels = words.map(([start, stop]) => largest(power.slice(start, stop).map(sum)));
  const parts = words.filter((_, i) => levels[i] > largest(levels) * ratio(-PART));
  if (!parts.length) return [0, waveform.length];
  const [start, stop] = [parts[0][0], parts[parts.length - 1][1]];
  return [start >= least ? start * hop : 0, power.length - stop >= least ? stop * hop : waveform.length];
}

/**
 * Tell whether the first frames may be noise, or the last: a quick look, which mostly spares the finder. Rumble sways in
 * energy, so it is even among differences of samples, in which low frequencies count less.
 */
function mayHaveNoise(waveform, nLeast, hop, trimDb) {
  const power = powerOf(waveform, hop);
  const loudest = power.slice().sort()[power.length - round(CLICK / HOP_SECONDS)];
  const sides = [(row) => row.slice(0, nLeast), (row) => row.slice(-nLeast)];
  const soft = sides.filter((side) => {
    const middle = side(power).sort()[nLeast >> 1];
    return loudest * ratio(-trimDb - HARMLESS) < middle && middle < loudest * ratio(-SOFT);
  });
  if (!soft.length) return false;
  const differences = waveform.slice(1).map((sample, i) => sample - waveform[i]);
  return [power, powerOf(differences, hop)].some((each) => soft.some((side) => isEven(side(each))));
}

/** Tell whether power hardly changes, though a quarter of the frames may be a click's. @param {Float64Array} power */
function isEven(power) {
  power = power.slice().sort();
  return power[Math.floor((3 * power.length) / 4)] < power[0] * ratio(EVEN);
}

/** Return the power of each three frames in a row, so many samples apart. */
function powerOf(samples, hop) {
  const frames = new Float64Array(Math.ceil(samples.length / hop));
  samples.forEach((sample, i) => (frames[Math.floor(i / hop)] += sample ** 2));
  return Float64Array.from({ length: frames.length - 2 }, (_, t) => frames[t] + frames[t + 1] + frames[t + 2]);
}
