/**
 * The engine: loads a model and answers, in a browser or in Node, without anything else.
 *
 *     const model = await load("words.safetensors");
 *     const { label, probability } = model.predict(samples, 48000);
 *
 * @module
 */

import { Model } from "./model.js";

export { Model };

/**
 * Load a model file.
 *
 * @param {string | URL} url of a file that `backprop train` wrote: in a browser, relative to the page; in Node, a path
 *   will do
 * @returns {Promise<Model>}
 * @throws {Error} where there is none, or it is none that this engine can read
 */
export async function load(url) {
  if (globalThis.process?.versions?.node && !/^https?:/.test(String(url))) {
    const { readFile } = await import("node:fs/promises");
    const bytes = await readFile(url);
    return new Model(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: the model cannot be fetched (${answer.status})`);
  return new Model(await answer.arrayBuffer());
}
