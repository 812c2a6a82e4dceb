/**
 * Text features: a row of numbers, one for each hashed n-gram that a text holds.
 *
 * An n-gram that occurs c times counts 1 + log c, with the sign of its hash; words count `emphasis` times as much. See
 * `pipelines/features/text/extractor.py`.
 *
 * @module
 */

import { gramsOf, normalise } from "./ngrams.js";

const LONGEST = 2 ** 20; // code points of a text that are read

/**
 * @typedef {{ columns: number, letters: number[], words: number[], emphasis: number }} Settings
 */

/**
 * @param {Settings} settings of the extractor, as the model file has them
 * @param {string} text
 * @returns {import("../layers.js").SparseRow}
 * @throws {Error} where the text holds no n-gram
 */
export function rowOf({ columns: nColumns, letters, words, emphasis }, text) {
  const read = normalise(text.length > LONGEST ? Array.from(text).slice(0, LONGEST).join("") : text);
  const entries = [...sizes(gramsOf(read, letters, []), 1), ...sizes(gramsOf(read, [], words), emphasis)];
  if (!entries.length) throw new Error("holds no text; write something in it");
  return {
    columns: Int32Array.from(entries, ([hash]) => hash % nColumns),
    values: Float32Array.from(entries, ([hash, size]) => (hash >>> 31 ? -size : size)),
  };
}

/**
 * Return each hash once, and 1 + log of how often it is there, times the emphasis.
 *
 * @param {number[]} hashes
 * @param {number} emphasis
 * @returns {[number, number][]}
 */
function sizes(hashes, emphasis) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([hash, count]) => [hash, emphasis * (1 + Math.log(count))]);
}
