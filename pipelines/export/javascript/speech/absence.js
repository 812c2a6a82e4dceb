/**
 * Absence: a recording in which there is no word, and one in which there are two.
 *
 * A network answers whatever it is given. So before a word is described, it is asked whether there is one: a sound that
 * rises out of the noise, lasts, and is not cut off by the beginning or the end of the recording with nothing else in
 * between. See `pipelines/features/speech/absence.py`.
 *
 * @module
 */

import { largest, median, quantile, round, runs, smallest, sum } from "../statistics.js";
import { bandPower, HOP_SECONDS } from "./band_power.js";
import { findWords } from "./word_finder.js";

const SUSTAINED = 0.05; // seconds without a break that some part of a word lasts
const SUSTAINED_DB = 20; // below the loudest frame of the same sound
const TOO_SHORT = 0.25; // seconds: what was cut so closely leaves no noise to compare with
const EDGE = 0.035; // seconds from the end of a recording at which a sound is cut off by it
const BETWEEN = 0.3; // seconds without sound: more than the silence inside any word
const APART = 0.25; // seconds between two words
const SECOND_LASTS = 0.15; // seconds
const SECOND_DB = 15; // below the louder word: a breath or a chair is softer
const PLAIN_DB = 15; // what lies within so much of the loudest is loud
const STEADY_DB = 12; // a sound whose level varies less goes on evenly
const FAINT_DB = 30; // above the faintest frames; what rises more is a sound by itself
const TINIEST = 2 ** -126;

/**
 * Say what a recording holds instead of a word, or return null where there may be one.
 *
 * @param {Float64Array} waveform without drift
 * @param {number} rate
 * @returns {string | null} such as "only clicks"
 */
export function whatInstead(waveform, rate) {
  if (waveform.length < TOO_SHORT * rate || isPlainlyThere(waveform, rate)) return null;
  const power = bandPower(waveform, rate);
  const sounds = findWords(power);
  const words = sounds.filter((sound) => isSustained(levelsOf(power, sound)));
  if (!words.length) return sounds.length ? "only clicks" : withoutSounds(power);
  const seconds = waveform.length / rate;
  const isCut = words.every(([start, stop]) => start * HOP_SECONDS <= EDGE || stop * HOP_SECONDS >= seconds - EDGE);
  if (isCut && words.length === 2 && (words[1][0] - words[0][1]) * HOP_SECONDS >= BETWEEN) {
    return "only two sounds that the beginning and the end of the recording cut off, and nothing in between";
  }
  return null;
}

/** Tell whether energy alone shows a word: a quick look, which mostly spares the finder. */
function isPlainlyThere(waveform, rate) {
  const hop = round(HOP_SECONDS * rate);
  const frames = new Float64Array(Math.ceil(waveform.length / hop));
  waveform.forEach((sample, i) => (frames[Math.floor(i / hop)] += sample ** 2));
  const loudest = largest(frames);
  const loud = runs(frames.length, (t) => frames[t] > loudest * 10 ** (-PLAIN_DB / 10));
  const [start, stop] = loud.reduce((longest, run) => (run[1] - run[0] > longest[1] - longest[0] ? run : longest));
  const isInside = (start > 0 && stop < frames.length) || frames.length * HOP_SECONDS < BETWEEN;
  const rises = median(frames) < loudest * 10 ** ((-2 * PLAIN_DB) / 10) || smallest(frames) < loudest * 1e-3;
  return isInside && (stop - start) * HOP_SECONDS > 2 * SUSTAINED && rises;
}

/**
 * Return how many words of about the same loudness a recording holds, with pauses between them.
 *
 * @param {Float64Array} waveform without drift
 * @param {number} rate
 */
export function wordsApart(waveform, rate) {
  const power = bandPower(waveform, rate);
  const sounds = findWords(power).filter((sound) => isSustained(levelsOf(power, sound)));
  const decibels = sounds.map((sound) => 10 * Math.log10(largest(levelsOf(power, sound))));
  const words = sounds.filter(
    ([start, stop], i) => (stop - start) * HOP_SECONDS >= SECOND_LASTS && decibels[i] > largest(decibels) - SECOND_DB,
  );
  const pauses = words.slice(1).filter((word, i) => (word[0] - words[i][1]) * HOP_SECONDS >= APART);
  return Number(words.length > 0) + pauses.length;
}

/** @param {Float32Array[]} power @param {[number, number]} sound */
const levelsOf = (power, [start, stop]) => power.slice(start, stop).map((frame) => Math.fround(sum(frame)));

/** Tell whether some part of a sound goes on without a break for as long as a vowel does. @param {number[]} levels */
function isSustained(levels) {
  const least = largest(levels) * 10 ** (-SUSTAINED_DB / 10);
  return runs(levels.length, (t) => levels[t] > least).some(
    ([start, stop]) => (stop - start) * HOP_SECONDS > SUSTAINED,
  );
}

/** Say what a recording is in which nothing rises out of the noise for long. */
function withoutSounds(power) {
  const levels = levelsOf(power, [0, power.length]).map((level) => 10 * Math.log10(Math.max(level, TINIEST)));
  const [quiet, loud] = [0.1, 0.9].map((share) => quantile(levels, share));
  if (largest(levels) - quiet > FAINT_DB) return "only clicks";
  return loud - quiet < STEADY_DB ? "only an even hum or noise" : "nothing that rises out of the noise for long";
}
