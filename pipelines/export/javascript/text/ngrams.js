/**
 * N-grams: the short pieces that a text is made of, each brought to a number by a hash.
 *
 * Words, pairs of words, and pieces of letters within words. The hash is FNV-1a on code points, followed by the end of
 * MurmurHash3; `pipelines/features/text/ngrams.py` writes it down.
 *
 * @module
 */

import { isCombining } from "./combining.js";

const BASIS = 2166136261;
const PRIME = 16777619;
const LONGEST = 64; // code points of a word that count
const BLANK = 32;
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const LETTER = /[\p{L}\p{N}_']/u;

/** Return a text as its n-grams are taken from it: NFKC, case folded, white space made one blank. @param {string} text */
export function normalise(text) {
  return Array.from(text.normalize("NFKC"), caseFolded).join("").replace(SPACE, " ").replace(/^ | $/gu, "");
}

/**
 * Return a letter without the difference of upper and lower case (Unicode's full case folding): as a rule what becomes
 * of it in upper and then in lower case. Cherokee folds to upper case.
 *
 * @param {string} letter one code point
 */
function caseFolded(letter) {
  if (letter === "\u0131") return letter;
  if (letter === "\u1e9e") return "ss";
  if (/[\u13a0-\u13fd\uab70-\uabbf]/u.test(letter)) return letter.toUpperCase();
  return letter.toUpperCase().toLowerCase();
}

/**
 * Return the hashes of the n-grams of a text: one for each place where one occurs.
 *
 * @param {string} text normalised
 * @param {number[]} letters how many letters are a piece
 * @param {number[]} words 1 for words, 2 for pairs of words
 * @returns {number[]} whole numbers from 0 to 2^32 - 1
 */
export function gramsOf(text, letters, words) {
  const points = Array.from(` ${text} `, (letter) => /** @type {number} */ (letter.codePointAt(0)));
  const hashes = letters.flatMap((n) => letterGrams(points, n));
  return [...hashes, ...wordGrams(points, words)].map(mixed);
}

/** One step of FNV-1a. @param {number} hash @param {number} point */
const joined = (hash, point) => Math.imul(hash ^ point, PRIME);

/** Return hashes of the pieces of n letters within words, the blanks beside a word included. */
function letterGrams(points, n) {
  const hashes = [];
  for (let start = 0; start + n <= points.length; start++) {
    const piece = points.slice(start, start + n);
    if (piece.slice(1, -1).includes(BLANK) || (n === 2 && piece[0] === BLANK && piece[1] === BLANK)) continue;
    hashes.push(piece.reduce(joined, BASIS ^ n));
  }
  return hashes;
}

/**
 * Return hashes of the words and of the pairs of words that follow each other; a word without letters stands before the
 * first and behind the last.
 */
function wordGrams(points, kinds) {
  const words = [];
  let word = [];
  for (const point of points) {
    if (isLetter(point)) {
      word.push(point);
    } else if (word.length) {
      words.push(word.slice(0, LONGEST).reduce(joined, BASIS));
      word = [];
    }
  }
  const ends = words.length ? [BASIS, ...words, BASIS] : [];
  const pairs = ends.slice(1).map((second, i) => joined(joined(BASIS ^ 1, ends[i]), second));
  return [...(kinds.includes(1) ? words : []), ...(kinds.includes(2) ? pairs : [])];
}

/** @param {number} point */
const isLetter = (point) => LETTER.test(String.fromCodePoint(point)) || isCombining(point);

/** Return a hash in which every bit of the input may turn every bit. @param {number} hash */
function mixed(hash) {
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return (hash ^ (hash >>> 16)) >>> 0;
}
