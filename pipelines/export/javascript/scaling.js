/**
 * Scaling: bringing the features of a sample to the range of the training rows.
 *
 * @module
 */

/** @typedef {import("./layers.js").Row} Row */

/**
 * Return a row as the network takes it: standardised, or, for a text, weighted by how rare each column is and scaled to
 * length 1.
 *
 * @param {Record<string, import("./safetensors.js").Tensor>} tensors of the model file
 * @param {Row} row
 * @returns {Row}
 */
export function scaled(tensors, row) {
  if (row instanceof Float32Array) {
    const [mean, scale] = [tensors["scaling.mean"].data, tensors["scaling.scale"].data];
    return row.map((value, k) => (value - mean[k]) / scale[k]);
  }
  const idf = tensors["scaling.idf"].data;
  const weighted = row.values.map((value, i) => value * idf[row.columns[i]]);
  const length = Math.sqrt(weighted.reduce((total, value) => total + value * value, 0)) || 1;
  return { columns: row.columns, values: weighted.map((value) => value / length) };
}
