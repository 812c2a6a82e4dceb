/**
 * A recording: from the channels that were decoded to one waveform at the model's rate.
 *
 * Usually that is the mean of the channels. Where they cancel each other, one wire being connected the wrong way round,
 * the loudest is taken alone. Direct current is taken out, for it would be a click at both ends. See
 * `pipelines/features/speech/audio_file.py`.
 *
 * @module
 */

import { largest, placeOfLargest, smallest, sum } from "../statistics.js";
import { resample } from "./resampling.js";

const SHORTEST_SECONDS = 0.05;
const LONGEST_SECONDS = 30;
export const SILENCE_PEAK = 1e-4; // of full scale
const CANCELLED = 0.1; // share of its power below which the mean of the channels is not used
const LARGEST_PEAK = 16; // samples beyond are counted in steps, not in parts of full scale
const STEPS = 2 ** 23;

/**
 * @param {Float32Array | Float32Array[]} channels one or several, of one length, full scale from -1 to 1
 * @param {number} rate samples a second
 * @param {number} wanted the model's rate
 * @returns {Float32Array}
 * @throws {Error} where no word can be in it; {RangeError} where rate or samples are none
 */
export function waveformOf(channels, rate, wanted) {
  if (!(rate >= 1000 && rate <= 768000)) {
    throw new RangeError(`the rate is ${rate}: give the samples a second, from 1000 to 768000`);
  }
  const tracks = channels instanceof Float32Array ? [channels] : [...channels];
  if (!tracks.length || !tracks.every((track) => track instanceof Float32Array && track.length === tracks[0].length)) {
    throw new RangeError("give samples as a Float32Array, or as an array of some with one length, one for each channel");
  }
  checkLength(tracks[0].length, rate);
  if (!tracks.every((track) => track.every(Number.isFinite))) {
    throw new RangeError("some samples are not finite numbers; record the word again");
  }
  const mixed = mixedOf(tracks);
  if (isSilent(mixed)) throw new Error("contains only silence; check the microphone and record the word again");
  if (rate === wanted) return mixed;
  const waveform = resample(mixed, rate, wanted);
  if (isSilent(waveform)) {
    throw new Error(`contains only silence below ${wanted / 2} Hz; record the word again`);
  }
  return waveform;
}

/** @param {number} n @param {number} rate */
function checkLength(n, rate) {
  const seconds = n / rate;
  if (n === 0) throw new Error("there are no samples; record the word again");
  if (seconds > LONGEST_SECONDS) {
    throw new Error(`lasts ${seconds.toFixed(0)} s, and one word is expected in at most ${LONGEST_SECONDS} s; cut the word out`);
  }
  if (seconds < SHORTEST_SECONDS) {
    throw new Error(`lasts ${seconds.toFixed(3)} s, and no word is shorter than ${SHORTEST_SECONDS} s; record the word again`);
  }
}

/** @param {Float32Array[]} tracks */
function mixedOf(tracks) {
  const n = tracks[0].length;
  let waveform = tracks[0];
  if (tracks.length > 1) {
    const mean = tracks[0].map((_, i) => sum(tracks.map((track) => track[i])) / tracks.length);
    const powers = tracks.map(powerOf);
    const isCancelled = powerOf(mean) * tracks.length ** 2 < CANCELLED * sum(powers);
    waveform = isCancelled ? tracks[placeOfLargest(powers)] : mean;
  }
  const range = largest(waveform) - smallest(waveform);
  const isCounted = range > 2 * LARGEST_PEAK;
  const scale = isCounted ? 2 ** -Math.ceil(Math.log2(range)) : 1;
  const offset = isCounted ? sum(waveform) / n : Math.round((sum(waveform) / n) * STEPS) / STEPS;
  return waveform.map((sample) => (sample - offset) * scale);
}

/** Return the mean square around the mean. @param {Float32Array} track */
function powerOf(track) {
  const mean = sum(track) / track.length;
  return sum(track.map((sample) => sample * sample)) / track.length - mean * mean;
}

/** @param {Float32Array} waveform */
const isSilent = (waveform) => largest(waveform) - smallest(waveform) < 2 * SILENCE_PEAK;
