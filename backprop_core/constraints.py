"""Constraints: limits for the weights, applied after each step.

A penalty pulls at every weight all the time. A constraint acts only on weights that have grown too large, so it suits
the large learning rates that dropout needs.
"""

import numpy as np


def limit_norms(W: np.ndarray, largest: float) -> None:
    """Max-norm: shorten, in place, each unit's incoming weights to length `largest` where they are longer.

        W[:, j] <- W[:, j] * min(1, largest / |W[:, j]|)

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 5.1, where 3 to 4 served well.

    Parameters
    ----------
    W : float ndarray [shape=(fan_in, fan_out)]
    largest : float > 0
        Columns with NaN or infinity stay as they are, for the divergence to be seen.
    """
    norms = np.sqrt(np.einsum("ij,ij->j", W, W))
    long = (norms > largest) & np.isfinite(norms)
    if long.any():
        np.divide(largest, norms, out=norms, where=long)
        norms[~long] = 1
        W *= norms
