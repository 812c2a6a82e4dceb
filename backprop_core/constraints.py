"""Constraints: limits that the weights are brought back into after each step.

A penalty pulls at every weight all the time. A constraint leaves them alone until they have grown too large, and so
goes well with the large learning rates that dropout asks for.
"""

import numpy as np


def limit_norms(W, largest):
    """Max-norm: shorten, in place, each unit's incoming weights to length `largest` where they are longer.

        W[:, j] <- W[:, j] * min(1, largest / |W[:, j]|)

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 5.1, where 3 to 4 served well.

    Parameters
    ----------
    W : float ndarray [shape=(fan_in, fan_out)]
    largest : float > 0

    Returns
    -------
    n_limited : int, how many units' weights were too long
        Columns with NaN or infinity are not among them: they stay as they are, for the divergence to be seen.
    """
    norms = np.sqrt(np.einsum("ij,ij->j", W, W))
    long = (norms > largest) & np.isfinite(norms)
    n_limited = int(np.count_nonzero(long))
    if n_limited:
        np.divide(largest, norms, out=norms, where=long)
        norms[~long] = 1
        W *= norms
    return n_limited
