/**
 * Word finder: where the words begin and end in a recording.
 *
 * The power of each frame in each band is divided by the band's own noise floor: the level that it falls back to again
 * and again. The mean over the bands, in decibels, is the evidence of a frame. A word begins and ends where the evidence
 * crosses a low threshold, and counts if it reaches a high one in between. Short silence inside a word is bridged; what
 * lasts too long is parted where it is softest. See `pipelines/features/speech/word_finder.py`.
 *
 * @module
 */

import { largest, placeOfLargest, round, runs, sum } from "../statistics.js";
import { HOP_SECONDS } from "./band_power.js";
import { SILENCE_PEAK } from "./recording.js";

const FLOOR_SECONDS = 4;
const FLOOR_SHARE = 0.1; // a floor is the power that this share of the frames within these seconds do not reach
const DYNAMIC_RANGE = 45; // decibels that the floor is below the strongest band, at most
const HIGH = 6.5; // decibels of evidence that a word must reach,
const LOW = 4.5; // and that all of it has
const HIGH_BELOW_PEAK = 22; // the same, below the peak of the evidence
const LOW_BELOW_PEAK = 30;
const BRIDGE = 0.09; // seconds: pauses that belong to a word,
const BURST = 0.1; // and if a sound next to them is as short as this,
const BURST_BRIDGE = 0.13; // these too
const SHORTEST = 0.08; // seconds
const LONG = 0.8; // seconds: what is longer is parted where it is softest,
const DIP = 8; // if both sides reach so many decibels more
const DIP_SECONDS = 0.1;
const LONGEST = 4; // seconds: what is longer is parted whatever the dip

const SILENCE_POWER = Math.fround(SILENCE_PEAK ** 2 / 100);
const DIGITAL_SILENCE_POWER = Math.fround(1e-16);
const LEAST_EVIDENCE = 0.1; // -10 dB, for digital silence

const framesOf = (seconds) => round(seconds / HOP_SECONDS);

/**
 * Return where the words are.
 *
 * @param {Float32Array[]} power of each frame, as `bandPower` measures it
 * @returns {[number, number][]} first frame of each, and one past its last
 */
export function findWords(power) {
  if (!power.length) return [];
  const evidence = evidenceOf(power);
  const peak = overWindows(evidence.length, (start, stop) => largest(evidence.subarray(start, stop)));
  const isEvident = (t) =>
    evidence[t] > Math.max(HIGH, peak[t] - HIGH_BELOW_PEAK) &&
    Math.fround(sum(power[t]) / power[t].length) > SILENCE_POWER;
  const heard = (/** @type {[number, number][]} */ stretches) =>
    stretches.filter(
      ([start, stop]) => stop - start >= framesOf(SHORTEST) && evidence.subarray(start, stop).some((_, i) => isEvident(start + i)),
    );
  const loud = runs(power.length, (t) => evidence[t] > Math.max(LOW, peak[t] - LOW_BELOW_PEAK));
  const words = widened(heard(bridged(loud)), evidence);
  return heard(words.flatMap((word) => parted(word, evidence)));
}

/** Return the evidence of each frame, in decibels, smoothed over three frames. */
function evidenceOf(power) {
  const n = power.length;
  const least = 10 ** (-DYNAMIC_RANGE / 10);
  const strongest = Float32Array.from(power, largest);
  const floors = Array.from(power[0], (_, band) =>
    overWindows(n, (start, stop) => {
      const sorted = Float32Array.from({ length: stop - start }, (_, i) => power[start + i][band]).sort();
      const quiet = sorted[Math.trunc(FLOOR_SHARE * (sorted.length - 1))];
      return Math.max(quiet, Math.fround(least * largest(strongest.subarray(start, stop))), DIGITAL_SILENCE_POWER);
    }),
  );
  const raw = power.map((frame, t) => {
    const risen = frame.reduce((total, level, band) => total + level / floors[band][t], 0) / frame.length;
    return 10 * Math.log10(Math.max(risen, LEAST_EVIDENCE));
  });
  return Float64Array.from(raw, (level, t) => 0.25 * (raw[t - 1] ?? level) + 0.5 * level + 0.25 * (raw[t + 1] ?? level));
}

/**
 * Evaluate a statistic in windows of `FLOOR_SECONDS`, four to a length, and interpolate between their middles.
 *
 * @param {number} n frames
 * @param {(start: number, stop: number) => number} statistic
 */
function overWindows(n, statistic) {
  const length = framesOf(FLOOR_SECONDS);
  const last = Math.max(0, n - length);
  const starts = [];
  for (let start = 0; start < last; start += length >> 2) starts.push(start);
  starts.push(last);
  const values = starts.map((start) => statistic(start, Math.min(n, start + length)));
  const middles = starts.map((start) => start + Math.min(length, n) / 2);
  let k = 0;
  return Float64Array.from({ length: n }, (_, t) => {
    while (k < middles.length - 1 && t + 0.5 >= middles[k + 1]) k++;
    if (t + 0.5 <= middles[0] || k === middles.length - 1) return values[k];
    return values[k] + ((values[k + 1] - values[k]) / (middles[k + 1] - middles[k])) * (t + 0.5 - middles[k]);
  });
}

/** Join runs of frames that only a short silence parts. */
function bridged(stretches) {
  /** @type {[number, number][]} */
  const joined = [];
  for (const [start, stop] of stretches) {
    const before = joined.at(-1);
    if (before) {
      const shorter = Math.min(stop - start, before[1] - before[0]) * HOP_SECONDS;
      const allowed = shorter <= BURST ? BURST_BRIDGE : BRIDGE;
      if ((start - before[1]) * HOP_SECONDS <= allowed) {
        before[1] = stop;
        continue;
      }
    }
    joined.push([start, stop]);
  }
  return joined;
}

/** Part a run of frames into pieces that can be one word. */
function parted([start, stop], evidence) {
  const pieces = [];
  while (stop - start > framesOf(LONGEST)) {
    const middle = weakest(start, start + framesOf(LONGEST), evidence);
    pieces.push(...partedAtDips(start, middle, evidence));
    start = middle;
  }
  return [...pieces, ...partedAtDips(start, stop, evidence)];
}

function partedAtDips(start, stop, evidence) {
  if (stop - start <= framesOf(LONG)) return [[start, stop]];
  const middle = weakest(start, stop, evidence);
  const half = round(DIP_SECONDS / HOP_SECONDS / 2);
  const highest = (from, to) => largest(evidence.subarray(from, to));
  const sides = Math.min(highest(start, middle), highest(middle, stop));
  if (sides - highest(middle - half, middle + half) < DIP) return [[start, stop]];
  return [...partedAtDips(start, middle, evidence), ...partedAtDips(middle, stop, evidence)];
}

/** Return the middle of the softest `DIP_SECONDS` that leave room for a word on either side. */
function weakest(start, stop, evidence) {
  const margin = framesOf(SHORTEST);
  const width = 2 * round(DIP_SECONDS / HOP_SECONDS / 2);
  const softness = [];
  for (let at = start + margin; at + width <= stop - margin; at++) softness.push(-largest(evidence.subarray(at, at + width)));
  return start + margin + width / 2 + placeOfLargest(softness);
}

/** Let a word that is softer than those around begin and end where it sinks `LOW_BELOW_PEAK` below itself. */
function widened(words, evidence) {
  return words.map(([start, stop], i) => {
    const least = i === 0 ? 0 : Math.floor((words[i - 1][1] + start) / 2);
    const most = i === words.length - 1 ? evidence.length : Math.floor((stop + words[i + 1][0]) / 2);
    const soft = Math.max(LOW, largest(evidence.subarray(start, stop)) - LOW_BELOW_PEAK);
    let [from, to] = [start, stop];
    while (from > least && evidence[from - 1] > soft) from--;
    while (to < most && evidence[to] > soft) to++;
    return [from, to];
  });
}
