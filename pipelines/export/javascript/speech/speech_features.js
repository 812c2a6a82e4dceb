/**
 * Speech features: one spoken word as one row of numbers, in several views.
 *
 * The word is cut out, brought to full level and described by its cepstra. Their sequence is brought to a fixed number
 * of frames; beside it stand the mean and the spread over time of the cepstra and of their slopes, and the logarithm of
 * the duration. Each view cuts the word a little sooner or later, or takes it for that of a shorter or a longer throat;
 * the network's answers to all of them are averaged. See `pipelines/features/speech/extractor.py`.
 *
 * @module
 */

import { largest } from "../statistics.js";
import { whatInstead, wordsApart } from "./absence.js";
import { melDecibels, powerSpectra, slopes } from "./cepstra.js";
import { withoutDrift } from "./drift.js";
import { wordEndpoints } from "./endpoints.js";
import { Matrix } from "./matrix.js";
import { waveformOf } from "./recording.js";

/**
 * @typedef {Record<string, any>} Settings of the extractor, as the model file has them
 * @typedef {{ window: Float64Array, mel: Float32Array, dct: Float64Array }} Matrices
 * @typedef {{ frames: Float64Array[], start: number, stop: number }} Heard the power in each mel band of each frame of
 *   the first view, and where in the waveform the word is
 */

const SMALLEST_SPREAD = 1e-3;

export class SpeechFeatures {
  /** @param {Settings} settings @param {Matrices} matrices */
  constructor(settings, matrices) {
    this.settings = { maskings: [], change_share: 0, ...settings }; // models of before know neither
    this.window = matrices.window;
    const size = matrices.mel.length / settings.warps.length;
    this.mels = settings.warps.map(
      (_, i) => new Matrix(matrices.mel.subarray(i * size, (i + 1) * size), size / settings.n_mels),
    );
    this.dct = new Matrix(matrices.dct, settings.n_mels);
  }

  /**
   * Return the waveform of a recording at the model's rate.
   *
   * @param {Float32Array | Float32Array[]} channels
   * @param {number} rate samples a second
   * @throws {Error} where there is no word in it
   */
  read(channels, rate) {
    const waveform = waveformOf(channels, rate, this.settings.sr);
    const instead = whatInstead(withoutDrift(waveform, this.settings.sr), this.settings.sr);
    if (instead) throw new Error(`no word was found in it: ${instead}; record the word again`);
    return waveform;
  }

  /** Return how many words there are in a waveform, with pauses between them. @param {Float32Array} waveform */
  nWords(waveform) {
    return wordsApart(withoutDrift(waveform, this.settings.sr), this.settings.sr);
  }

  /**
   * Return the rows of features of all views.
   *
   * @param {Float32Array} waveform as `read` returns it
   * @returns {Float32Array[]}
   */
  views(waveform) {
    const { cuts, trim_db, hop_length, top_db, maskings } = this.settings;
    const risen = this.#risen(waveform);
    return cuts.flatMap((moved, i) => {
      const spectra = powerSpectra(this.#cut(risen, trim_db + moved).word, this.window, hop_length, maskings[i]);
      return this.mels.map((mel) => this.#row(melDecibels(spectra, mel, top_db)));
    });
  }

  /**
   * Return what the first view hears of a waveform.
   *
   * @param {Float32Array} waveform
   * @returns {Heard}
   */
  heard(waveform) {
    const { trim_db, hop_length, top_db, maskings } = this.settings;
    const { word, start, stop } = this.#cut(this.#risen(waveform), trim_db);
    const spectra = powerSpectra(word, this.window, hop_length, maskings[0]);
    return { frames: melDecibels(spectra, this.mels[0], top_db), start, stop };
  }

  /** Return a waveform without drift, its high frequencies raised. */
  #risen(waveform) {
    const { sr, preemphasis } = this.settings;
    const steady = withoutDrift(waveform, sr);
    return preemphasis ? steady.map((sample, i) => sample - preemphasis * (steady[i - 1] ?? 0)) : steady;
  }

  /** Cut out the word, at full level. */
  #cut(risen, trimDb) {
    const [start, stop] = wordEndpoints(risen, /** @type {any} */ (this.settings), trimDb);
    const part = risen.slice(start, stop);
    const peak = largest(part.map(Math.abs));
    return { word: part.map((sample) => sample / peak), start, stop };
  }

  /** Return the features of a word of which the power in each mel band is known. */
  #row(decibels) {
    const { n_mfcc, delta_width, frames, change_share, deltas, statistics, duration } = this.settings;
    const cepstra = decibels.map((frame) => this.dct.times(frame));
    const parts = [cepstra];
    for (let order = 1; order <= (statistics ? 2 : deltas); order++) parts.push(slopes(cepstra, delta_width, order));
    const sequence = decibels.map((_, t) => {
      const frame = new Float64Array(parts.length * n_mfcc);
      parts.forEach((part, order) => frame.set(part[t], order * n_mfcc));
      return frame;
    });
    const { mean, spread } = meanAndSpread(sequence);
    const wanted = n_mfcc * (1 + deltas);
    const progress = progressOf(sequence, n_mfcc, change_share);
    const row = averages(sequence, progress, frames).flatMap((frame) =>
      this.#normalised(frame.subarray(0, wanted), mean, spread),
    );
    if (statistics) row.push(...mean, ...spread);
    if (duration) row.push(Math.log(sequence.length));
    return Float32Array.from(row);
  }

  #normalised(frame, mean, spread) {
    const { normalise } = this.settings;
    return Array.from(frame, (value, k) => {
      const centred = normalise === "level" ? value : value - mean[k];
      return normalise === "variance" ? centred / (spread[k] + SMALLEST_SPREAD) : centred;
    });
  }
}

/** Return mean and standard deviation over the frames of a word. @param {Float64Array[]} sequence */
function meanAndSpread(sequence) {
  const n = sequence.length;
  const mean = sequence[0].map((_, k) => sequence.reduce((total, frame) => total + frame[k], 0) / n);
  const spread = mean.map((centre, k) =>
    Math.sqrt(sequence.reduce((total, frame) => total + (frame[k] - centre) ** 2, 0) / n),
  );
  return { mean, spread };
}

/**
 * Return how much of a word has passed when each frame begins, and in the end 1. It goes partly by time, partly by change.
 *
 * @param {Float64Array[]} sequence
 * @param {number} nMfcc the slopes of so many coefficients stand behind these
 * @param {number} changeShare
 */
function progressOf(sequence, nMfcc, changeShare) {
  const n = sequence.length;
  const changes = sequence.map((frame) => (changeShare ? Math.hypot(...frame.subarray(nMfcc, 2 * nMfcc)) : 0));
  const total = changes.reduce((sum, change) => sum + change, 0);
  const progress = [0];
  let changed = 0;
  changes.forEach((change, t) => {
    changed += change;
    const byTime = (t + 1) / n;
    progress.push((1 - changeShare) * byTime + changeShare * (total > 0 ? changed / total : byTime));
  });
  return progress;
}

/**
 * Bring a sequence to so many frames, by averaging over equal stretches of progress: a frame that is covered in part
 * counts in part.
 *
 * @param {Float64Array[]} sequence
 * @param {number[]} progress
 * @param {number} nFrames
 * @returns {Float64Array[]}
 */
function averages(sequence, progress, nFrames) {
  const passed = (/** @type {number} */ t, /** @type {number} */ until) =>
    Math.min(1, Math.max(0, (until - progress[t]) / (progress[t + 1] - progress[t])));
  return Array.from({ length: nFrames }, (_, j) => {
    const mean = new Float64Array(sequence[0].length);
    let total = 0;
    sequence.forEach((frame, t) => {
      const covered = passed(t, (j + 1) / nFrames) - passed(t, j / nFrames);
      total += covered;
      for (let k = 0; covered > 0 && k < mean.length; k++) mean[k] += frame[k] * covered;
    });
    return mean.map((sum) => sum / total);
  });
}
