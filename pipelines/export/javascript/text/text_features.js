/**
 * Text features: a row of numbers, one for each hashed n-gram that a text holds.
 *
 * An n-gram that occurs c times counts 1 + log c, with the sign of its hash. See `pipelines/features/text/extractor.py`.
 *
 * @module
 */

import { gramsOf, normalise } from "./ngrams.js";

const LONGEST = 2 ** 20; // code points of a text that are read

/**
 * @param {{ columns: number, letters: number[], words: number[] }} settings of the extractor, as the model file has them
 * @param {string} text
 * @returns {import("../layers.js").SparseRow}
 * @throws {Error} where the text holds no n-gram
 */
export function rowOf({ columns: nColumns, letters, words }, text) {
  const read = text.length > LONGEST ? Array.from(text).slice(0, LONGEST).join("") : text;
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const hash of gramsOf(normalise(read), letters, words)) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  if (!counts.size) throw new Error("holds no text; write something in it");
  const hashes = [...counts.keys()].sort((a, b) => a - b);
  return {
    columns: Int32Array.from(hashes, (hash) => hash % nColumns),
    values: Float32Array.from(hashes, (hash) => (hash >>> 31 ? -1 : 1) * (1 + Math.log(counts.get(hash) ?? 1))),
  };
}
