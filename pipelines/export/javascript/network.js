/**
 * The network: layers one after another, and their learned numbers.
 *
 * A model file stores the learned numbers of all layers in one long row, weights first and then the others, layer by
 * layer. An exported file may store each array separately, as `network.0.W`, in fewer bits.
 *
 * @module
 */

import { forward, shapesOf } from "./layers.js";

/**
 * @typedef {import("./layers.js").Row} Row
 * @typedef {import("./layers.js").Description} Description
 * @typedef {import("./layers.js").Arrays} Arrays
 * @typedef {{ kind: string, output: Float32Array }} Passage
 */

export class Network {
  /**
   * @param {Description[]} layers
   * @param {Arrays} tensors those of the model file
   */
  constructor(layers, tensors) {
    this.layers = layers;
    this.arrays = layers.map((layer, i) => own(tensors, i));
    if (tensors["params.first"]) this.#placeFirst(tensors["params.first"], tensors["params.first.columns"]);
    if (tensors.params) this.#place("learned", tensors.params.data);
    if (tensors.statistics) this.#place("counted", tensors.statistics.data);
  }

  /**
   * Return the logits of a row.
   *
   * @param {Row} x
   * @returns {Float32Array}
   */
  logits(x) {
    for (let i = 0; i < this.layers.length; i++) x = forward(this.layers[i], this.arrays[i], x);
    return /** @type {Float32Array} */ (x);
  }

  /**
   * Walk through the layers, and return what comes out of each that does anything in prediction.
   *
   * @param {Row} x
   * @returns {Passage[]}
   */
  passages(x) {
    const passages = [];
    this.layers.forEach((layer, i) => {
      const before = x;
      x = forward(layer, this.arrays[i], x);
      if (x !== before) passages.push({ kind: layer.activation ?? layer.kind, output: /** @type {Float32Array} */ (x) });
    });
    return passages;
  }

  /**
   * Of a network that reads sparse rows, the first weights are kept by themselves, without rows that say nothing.
   *
   * @param {Arrays[string]} W [n_columns, fan_out]
   * @param {Arrays[string]} columns [n_columns], the input that each row of W belongs to
   */
  #placeFirst(W, columns) {
    const first = this.layers.findIndex((layer) => shapesOf(layer).learned.length);
    const places = new Int32Array(this.layers[first].fan_in).fill(-1);
    columns.data.forEach((column, row) => (places[column] = row));
    this.arrays[first].W = W;
    this.arrays[first]["W.places"] = { shape: [places.length], data: places };
  }

  /**
   * Give the layers their views of a long row of numbers; arrays that are there already are not in it.
   *
   * @param {"learned" | "counted"} kind
   * @param {import("./safetensors.js").Numbers} flat
   */
  #place(kind, flat) {
    const entries = this.layers
      .flatMap((layer, i) => shapesOf(layer)[kind].map(([name, shape]) => ({ i, name, shape })))
      .filter(({ i, name }) => !this.arrays[i][name]);
    let start = 0;
    for (const matrices of [true, false]) {
      for (const { i, name, shape } of entries.filter((entry) => entry.shape.length > 1 === matrices)) {
        const stop = start + shape.reduce((product, length) => product * length, 1);
        this.arrays[i][name] = { shape, data: flat.subarray(start, stop) };
        start = stop;
      }
    }
    if (start !== flat.length) throw new Error("the network in the model file does not match its numbers");
  }
}

/** @param {Arrays} tensors @param {number} i */
function own(tensors, i) {
  const prefix = `network.${i}.`;
  const names = Object.keys(tensors).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), tensors[name]]));
}
