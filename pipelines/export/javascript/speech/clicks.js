/**
 * Clicks: a key, a switch, a smack of the lips before or after a word.
 *
 * A click is loud, but shorter than a word, and stands by itself. See `pipelines/features/speech/clicks.py`.
 *
 * @module
 */

import { largest, placeOfLargest, round } from "../statistics.js";

const SHORTEST = 0.08; // seconds: a sound that is shorter, and by itself, is a click
const BEFORE = 0.12; // seconds without sound that leave it by itself, before a word
const AFTER = 0.2; // and after it
const SHORTEST_LOUDEST = 0.07; // the same for the loudest sound, which is no burst beside a vowel
const AROUND_LOUDEST = 0.05;
const TAIL = 0.03; // seconds on both sides in which a loudest click may still be heard
const FAINT = 40; // decibels below the loudest click, where a word would be too faint to be one

/**
 * Return the frames in which there is a word, and the frames around it in which there is no click.
 *
 * @param {Float64Array} energies of frames, at least one of them not zero
 * @param {number} frameRate in Hz
 * @param {number} trimDb a frame belongs to a sound if it is less than so many decibels below the loudest
 * @returns {{ word: [number, number], around: [number, number] }} first frame, and the one behind the last
 */
export function beyondClicks(energies, frameRate, trimDb) {
  const n = energies.length;
  const frames = (seconds) => round(seconds * frameRate);
  const ratio = 10 ** (-trimDb / 10);
  const faintest = largest(energies) * 10 ** (-FAINT / 10);
  const left = energies.slice();
  const isClick = new Uint8Array(n);
  /** @type {number[]} */
  let loud = [];
  let peak = 0;
  for (;;) {
    peak = placeOfLargest(left);
    const loudest = left[peak];
    if (!(loudest > faintest)) return wholeSound(energies, ratio);
    loud = louderThan(left, loudest * ratio);
    const early = soundsOf(loud.filter((t) => t <= peak), frames(AROUND_LOUDEST));
    const late = soundsOf(loud.filter((t) => t >= peak), frames(AROUND_LOUDEST));
    const first = early[early.length - 1][0];
    const last = /** @type {number} */ (late[0].at(-1));
    if (last - first >= frames(SHORTEST_LOUDEST)) break;
    for (let t = Math.max(0, first - frames(TAIL)); t <= Math.min(n - 1, last + frames(TAIL)); t++) isClick[t] = 1;
    isClick.forEach((clicks, t) => clicks && (left[t] = 0));
  }
  const lasts = (sound) => sound[sound.length - 1] - sound[0] >= frames(SHORTEST);
  const early = soundsOf(loud.filter((t) => t <= peak), frames(BEFORE));
  const late = soundsOf(loud.filter((t) => t >= peak), frames(AFTER));
  const onset = early.findIndex((sound, i) => lasts(sound) || i === early.length - 1);
  const ending = late.findLastIndex((sound, i) => lasts(sound) || i === 0);
  const start = early[onset][0];
  const stop = /** @type {number} */ (late[ending].at(-1)) + 1;
  for (const t of loud) if (t < start || t >= stop) isClick[t] = 1;
  const later = isClick.indexOf(1, stop);
  return { word: [start, stop], around: [isClick.subarray(0, start).lastIndexOf(1) + 1, later < 0 ? n : later] };
}

/** Where there is nothing but clicks, they are the word. */
function wholeSound(energies, ratio) {
  const loud = louderThan(energies, largest(energies) * ratio);
  /** @type {[number, number]} */
  const word = [loud[0], loud[loud.length - 1] + 1];
  return { word, around: /** @type {[number, number]} */ ([0, energies.length]) };
}

/** @param {Float64Array} energies @param {number} level @returns {number[]} */
function louderThan(energies, level) {
  const loud = [];
  energies.forEach((energy, t) => energy > level && loud.push(t));
  return loud;
}

/** Return loud frames in parts, between which there are at least so many others. */
function soundsOf(loud, apart) {
  /** @type {number[][]} */
  const sounds = [[]];
  loud.forEach((t, i) => {
    if (i > 0 && t - loud[i - 1] > apart) sounds.push([]);
    sounds[sounds.length - 1].push(t);
  });
  return sounds;
}
