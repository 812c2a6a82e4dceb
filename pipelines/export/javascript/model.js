/**
 * A model: everything that a prediction needs, in one file, and the prediction itself.
 *
 * A recording, a picture or a text goes in, and the same probabilities as in Python come out. Each kind of sample has
 * its own class, which makes rows of features; the rest is common to all.
 *
 * @module
 */

import { answerOf, calibrated, meanOf } from "./answer.js";
import { featuresOf, readingsOf, surest } from "./images/image_features.js";
import { Network } from "./network.js";
import { readSafetensors } from "./safetensors.js";
import { scaled } from "./scaling.js";
import { SpeechFeatures } from "./speech/speech_features.js";
import { rowOf } from "./text/text_features.js";

/**
 * The network's input for a sample, to be shown.
 *
 * @typedef {{ kind: "picture", width: number, height: number, channels: number, data: Uint8Array }} GivenPicture
 * @typedef {{ kind: "sound", frames: Float64Array[], waveform: Float32Array, rate: number, start: number, stop: number }}
 *   GivenSound decibels in each mel band of each frame; the word is `waveform` from `start` to `stop`
 * @typedef {{ kind: "text", nGrams: number }} GivenText
 * @typedef {GivenPicture | GivenSound | GivenText} Given
 *
 * The rows that a sample is: several readings, of which one counts, or several views, which are averaged.
 *
 * @typedef {object} Sensed what a model's network is given of a sample
 * @property {import("./layers.js").Row[]} rows
 * @property {number[]} [preferences] by which the odds of the rows are weighed, where one of them counts
 * @property {(which: number) => Given} given
 * @property {string[]} warnings
 *
 * @typedef {{ sense(input: any, rate?: number): Sensed, oneCounts: boolean, golden(tensors: any): any[] }} Sense
 *
 * @typedef {{ answer: import("./answer.js").Answer, given: Given, layers: import("./network.js").Passage[] }} Look
 * @typedef {{ passed: boolean, error: number, tolerance: number }} SelfTest
 */

const FORMAT = 1;
const VERSIONS = { images: 1, speech: 5, text: 2 }; // of the features that this engine computes
const TOLERANCE = 1e-3;

export class Model {
  /**
   * @param {ArrayBuffer} buffer of a model file, as `backprop train` and `backprop export` write it
   * @throws {Error} where it is none that this engine can read
   */
  constructor(buffer) {
    const { tensors, metadata } = readSafetensors(buffer);
    if (!metadata.backprop) throw new Error("this file does not contain a model of backprop");
    const header = JSON.parse(metadata.backprop);
    const { version, ...settings } = header.extractor;
    if (header.format !== FORMAT || version !== VERSIONS[header.task]) {
      throw new Error("the model is of another version than this engine; export it again");
    }
    /** @type {"images" | "speech" | "text"} */
    this.task = header.task;
    /** @type {string[]} */
    this.labels = header.labels;
    /** Settings of the features, as the model file has them. */
    this.settings = settings;
    /** Samples a second that a recording is brought to; undefined for other tasks. @type {number | undefined} */
    this.rate = settings.sr;
    /** Where the model comes from: data set, licence, scores. @type {Record<string, any>} */
    this.provenance = header.provenance ?? {};
    /** The threshold that training advises; 0 where it advises none. @type {number} */
    this.threshold = this.provenance.threshold ?? 0;
    this.network = new Network(header.network, tensors);
    this.temperature = header.temperature ?? 1;
    this.tensors = tensors;
    /** @type {Sense} */
    this.sense = SENSES[this.task](settings, tensors);
  }

  /**
   * Return what the model says of a sample.
   *
   * @param {any} input a text; a picture as a canvas or {width, height, data}; a recording as samples from -1 to 1, a
   *   Float32Array, or an array of some, one for each channel
   * @param {number} [rate] samples a second of a recording
   * @param {{ threshold?: number }} [options] below it, the answer is unknown
   * @throws {Error} where the input is none, or nothing is in it; the message says what
   */
  predict(input, rate, options) {
    return this.look(input, rate, options).answer;
  }

  /**
   * Return what the model says of a sample, what its network was given of it, and what came out of each layer.
   *
   * @param {any} input as in `predict`
   * @param {number} [rate]
   * @param {{ threshold?: number }} [options]
   * @returns {Look}
   */
  look(input, rate, { threshold = 0 } = {}) {
    const { rows, preferences, given, warnings } = this.sense.sense(input, rate);
    const { probabilities, which } = this.#answered(rows, preferences);
    return {
      answer: answerOf(probabilities, this.labels, threshold, warnings),
      given: given(which),
      layers: this.network.passages(scaled(this.tensors, rows[which])),
    };
  }

  /**
   * Tell whether this machine gives the probabilities that the model's golden samples must have: one from its features
   * on, and in exported models one the whole way.
   *
   * @returns {SelfTest}
   */
  selfTest() {
    const differences = [this.#differences({ rows: this.sense.golden(this.tensors) }, "golden.probabilities")];
    if (this.tensors["golden.sample"] || this.provenance.golden_text) {
      differences.push(this.#differences(this.sense.sense(...this.#sample()), "golden.sample.probabilities"));
    }
    const error = Math.max(...differences);
    return { passed: error <= TOLERANCE, error, tolerance: TOLERANCE };
  }

  /** @returns {[any, number?]} */
  #sample() {
    const sample = this.tensors["golden.sample"];
    if (this.task === "text") return [this.provenance.golden_text];
    if (this.task === "speech") return [sample.data, this.rate];
    const [height, width] = sample.shape;
    return [{ width, height, data: sample.data }];
  }

  #differences({ rows, preferences = [1] }, expected) {
    const { probabilities } = this.#answered(rows, preferences);
    return Math.max(...probabilities.map((value, k) => Math.abs(value - this.tensors[expected].data[k])));
  }

  /** Return the probabilities of a sample's rows, and which row they are shown by. */
  #answered(rows, preferences) {
    const logits = rows.map((row) => this.network.logits(scaled(this.tensors, row)));
    if (!this.sense.oneCounts) return { probabilities: calibrated(meanOf(logits), this.temperature), which: 0 };
    const all = logits.map((row) => calibrated(row, this.temperature));
    const which = surest(all, preferences);
    return { probabilities: all[which], which };
  }
}

/** @type {Record<string, (settings: any, tensors: any) => Sense>} */
const SENSES = {
  images: (settings) => ({
    oneCounts: true,
    sense(input) {
      const { rows, preferences, nDrawings } = readingsOf(settings, pixelsOf(input));
      const { width, height } = settings;
      const channels = settings.channels === "colour" ? 3 : 1;
      return {
        rows: rows.map((row) => featuresOf(settings, row)),
        preferences,
        given: (which) => ({ kind: "picture", width, height, channels, data: rows[which] }),
        warnings: nDrawings < 2 ? [] : [`there are about ${nDrawings} drawings in it, side by side`],
      };
    },
    golden: (tensors) => [featuresOf(settings, tensors["golden.row"].data)],
  }),

  speech(settings, tensors) {
    const matrix = (name) => tensors[`extractor.${name}`].data;
    const features = new SpeechFeatures(settings, { window: matrix("window"), mel: matrix("mel"), dct: matrix("dct") });
    return {
      oneCounts: false,
      sense(input, rate) {
        if (rate === undefined) throw new RangeError("also give the rate of the recording, in samples a second");
        const waveform = features.read(input, rate);
        const nWords = features.nWords(waveform);
        return {
          rows: features.views(waveform),
          given: () => ({ kind: "sound", ...features.heard(waveform), waveform, rate: settings.sr }),
          warnings: nWords < 2 ? [] : [`there are ${nWords} words in it, with pauses between them`],
        };
      },
      golden({ "golden.row": { data } }) {
        const n = data.length / (settings.cuts.length * settings.warps.length);
        return Array.from({ length: data.length / n }, (_, i) => data.subarray(i * n, (i + 1) * n));
      },
    };
  },

  text: (settings) => ({
    oneCounts: false,
    sense(input) {
      if (typeof input !== "string") throw new RangeError("give the text as a string");
      const row = rowOf(settings, input);
      return { rows: [row], given: () => ({ kind: "text", nGrams: row.columns.length }), warnings: [] };
    },
    golden: (tensors) => [
      { columns: tensors["golden.row.columns"].data, values: tensors["golden.row.data"].data },
    ],
  }),
};

/** Return the pixels of a canvas, or of what has them already. @param {any} input */
function pixelsOf(input) {
  if (typeof input?.getContext === "function") {
    return input.getContext("2d").getImageData(0, 0, input.width, input.height);
  }
  if (!(input?.width > 0 && input?.height > 0 && input?.data?.length > 0)) {
    throw new RangeError("give a picture as a canvas, or as its width, height and data");
  }
  return input;
}
