/**
 * A fixed matrix of the features. Of a filter nearly all weights are zero, so each row knows where its others begin and
 * end.
 *
 * @module
 */

export class Matrix {
  /**
   * @param {ArrayLike<number>} weights row by row
   * @param {number} nColumns
   */
  constructor(weights, nColumns) {
    const rows = Array.from({ length: weights.length / nColumns }, (_, i) =>
      Float64Array.from({ length: nColumns }, (_, k) => weights[i * nColumns + k]),
    );
    this.rows = rows.map((row) => {
      const start = Math.max(0, row.findIndex(Boolean));
      return { start, weights: row.slice(start, row.findLastIndex(Boolean) + 1) };
    });
  }

  /**
   * Return the matrix times a column.
   *
   * @param {Float64Array} column [n_columns]
   * @returns {Float64Array} [n_rows]
   */
  times(column) {
    const product = new Float64Array(this.rows.length);
    for (let i = 0; i < product.length; i++) {
      const { start, weights } = this.rows[i];
      for (let k = 0; k < weights.length; k++) product[i] += weights[k] * column[start + k];
    }
    return product;
  }
}
