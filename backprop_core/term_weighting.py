"""Term weighting: the weight of each column of a sparse row, for columns that are pieces of text.

A piece that is in nearly every text gives little information about a text; a rare one gives much. So each column is
multiplied by its inverse document frequency in the training rows (Spärck Jones 1972,
https://doi.org/10.1108/eb026526),

    idf_j = log((1 + n) / (1 + df_j)) + 1      n rows, of which df_j hold column j

and each row is then brought to length 1, so that long texts and short ones weigh the same. Zeros stay zeros.
"""

import numpy as np

from backprop_core.sparse import SparseRows


class TermWeighting:
    """x -> x idf / |x idf|, for sparse rows.

    Attributes
    ----------
    idf : float32 ndarray [shape=(n_features,)]
    """

    def settings(self) -> dict:
        """Return what decides how rows are measured, as JSON types."""
        return {"weighting": "idf"}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was measured: dict of float32 ndarray [shape=(n_features,)]."""
        return {"idf": self.idf}

    def restore(self, arrays) -> "TermWeighting":
        """Take what `arrays` returned once, and return self. Raises KeyError if something is missing."""
        self.idf = arrays["idf"]
        return self

    def fit(self, X: SparseRows) -> "TermWeighting":
        """Count in how many rows of X each column is, and return self."""
        n_features = X.shape[1]
        cells = np.sort(X.rows_of_numbers() * np.int64(n_features) + X.columns)
        first = np.diff(cells, prepend=-1) > 0  # count a column once if a row names it twice
        frequencies = np.bincount(cells[first] % n_features, minlength=n_features)
        self.idf = (np.log((1 + len(X)) / (1 + frequencies)) + 1).astype(np.float32)
        return self

    def transform(self, X: SparseRows, out=None) -> SparseRows:
        """Return the weighted rows; a row of zeros stays one. `out` is not used."""
        return X.with_data(X.data * self.factors(X))

    def factors(self, X: SparseRows) -> np.ndarray:
        """Return what each number of X is multiplied by: float32 [shape=(n_numbers,)]."""
        idf = self.idf[X.columns]
        squares = np.bincount(X.rows_of_numbers(), np.square(X.data * idf, dtype=np.float64), len(X))
        lengths = np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)
        return idf / np.repeat(lengths, np.diff(X.starts))
