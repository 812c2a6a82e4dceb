/**
 * Answers samples from standard input, a line of JSON each, as `node.py` sends them: `node answering.js FILE`.
 *
 * The file is an exported module (.js), an exported page (.html), or a model file, which the engine answers for.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { fromBase64 } from "./base64.js";
import { load, Model } from "./engine.js";

/** @param {string} path @returns {Promise<Model>} */
async function opened(path) {
  if (path.endsWith(".js")) return (await import(pathToFileURL(path).href)).load();
  if (!path.endsWith(".html")) return load(path);
  // Of a page, its own engine and its own model.
  const page = await readFile(path, "utf8");
  const [, engine] = /** @type {RegExpMatchArray} */ (page.match(/<script type="module" id="engine">([^]*?)<\/script>/));
  const [, model] = /** @type {RegExpMatchArray} */ (page.match(/<script type="[^"]*" id="model">([^]*?)<\/script>/));
  const source = `${engine}\nexport { Model };`;
  const { Model: Own } = await import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);
  return new Own(fromBase64(model.trim()));
}

/** @param {{ text?: string, shape?: number[], data?: string }} sample @param {Model} model */
function inputOf({ text, shape = [], data = "" }, model) {
  if (text !== undefined) return text;
  const bytes = fromBase64(data);
  if (model.task === "images") return { width: shape[1], height: shape[0], data: new Uint8Array(bytes) };
  const samples = new Float32Array(bytes);
  if (shape.length === 1) return samples;
  return Array.from({ length: shape[0] }, (_, i) => samples.subarray(i * shape[1], (i + 1) * shape[1]));
}

const model = await opened(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const sample = JSON.parse(line);
  try {
    const { probabilities } = model.predict(inputOf(sample, model), sample.rate ?? undefined);
    console.log(JSON.stringify({ probabilities: [...probabilities] }));
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) throw error;
    console.log(JSON.stringify({ error: error.message }));
  }
}
