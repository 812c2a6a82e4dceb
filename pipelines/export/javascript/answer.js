/**
 * An answer: the result of a model for one sample.
 *
 * @module
 */

/**
 * @typedef {{ label: string, probability: number }} Guess
 * @typedef {object} Answer
 * @property {string | null} label the most probable label; null where it is unknown
 * @property {number} probability that of the most probable label, from 0 to 1
 * @property {boolean} unknown whether that is below the threshold
 * @property {Guess[]} top all labels, the most probable first
 * @property {Float32Array} probabilities in the order of the model's labels
 * @property {string[]} warnings what is to be known beside the answer
 */

/**
 * Return calibrated probabilities: softmax(logits / temperature).
 *
 * @param {Float32Array} logits
 * @param {number} temperature
 */
export function calibrated(logits, temperature) {
  const highest = Math.max(...logits);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp((logit - highest) / temperature));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return Float32Array.from(exponentials, (value) => value / total);
}

/**
 * @param {Float32Array} probabilities
 * @param {string[]} labels
 * @param {number} threshold
 * @param {string[]} warnings
 * @returns {Answer}
 */
export function answerOf(probabilities, labels, threshold, warnings) {
  const guesses = labels.map((label, k) => ({ label, probability: probabilities[k] }));
  const top = guesses.sort((a, b) => b.probability - a.probability);
  const [{ label, probability }] = top;
  const unknown = probability < threshold;
  return { label: unknown ? null : label, probability, unknown, top, probabilities, warnings };
}

/** Return the mean of several rows of logits. @param {Float32Array[]} rows */
export const meanOf = (rows) => rows[0].map((_, k) => rows.reduce((total, row) => total + row[k], 0) / rows.length);
