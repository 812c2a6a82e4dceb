"""Sparse kernels: the compiled loops of `lazy_rows`, for the few rows of W that a batch uses.

All of them walk through the batch column by column. The row of W that belongs to a column lies in the fastest memory
while everything that concerns it is done, and W's gradient is never written down: the few numbers that a column holds
are multiplied out where they are used. Several threads share a kernel: each works on the columns, or on the rows of a
memory, from `lo` up to `hi`, and where columns are added up, as in the product, on the units from `lo` up to `hi`. So
none ever writes to the place of another, and the results do not depend on their number. A row is left whole where it
can be: it is a page of memory, and to find a page takes as long as to read half of it.

`columns, starts, rows, data` are what `SparseRows.by_column` returns, and `g` is memory for a row, of each thread its
own. As `machine_code` wants it, a kernel is given all the memory that it needs, and returns 0.
"""

import numpy as np

from backprop_core.kernels import part


@part
def by_column(numbers, columns_of_numbers, row_starts, places, columns, starts, rows, data):
    """`SparseRows.by_column` for `columns`, those that hold any, rising; writes to `starts`, `rows` and `data`.

    `places` is a work array, int32 [shape=(n_features,)], 0 before and after.
    """
    for p in range(len(numbers)):
        places[columns_of_numbers[p]] += 1
    starts[0] = 0
    for c in range(len(columns)):
        j = columns[c]
        starts[c + 1] = starts[c] + places[j]
        places[j] = starts[c]
    for i in range(len(row_starts) - 1):
        for p in range(row_starts[i], row_starts[i + 1]):
            j = columns_of_numbers[p]
            rows[places[j]], data[places[j]] = i, numbers[p]
            places[j] += 1
    for c in range(len(columns)):
        places[columns[c]] = 0
    return 0


@part
def multiply(W, columns, starts, rows, data, out, lo, hi):
    """`SparseRows.times`, added to `out`."""
    for c in range(len(columns)):
        w = W[columns[c], lo:hi]
        for p in range(starts[c], starts[c + 1]):
            x, y = data[p], out[rows[p], lo:hi]
            for u in range(hi - lo):
                y[u] += x * w[u]
    return 0


@part
def move_by_roots(W, m, v, chosen, slots, keep, first, middle, second, lo, hi):
    """Take the pending steps of Adam in the chosen rows of W: `lazy_rows.AdamMoves`, by its series."""
    one = W.dtype.type(1)
    for c in range(lo, hi):
        j = chosen[c]
        s = slots[j]
        if first[s] == 0 and keep[s] == 1:
            continue
        k, a, e, q = keep[s], first[s], middle[s], second[s]
        w, mean, square = W[j], m[j], v[j]
        for u in range(W.shape[1]):
            r = one / (np.sqrt(square[u]) + e)
            w[u] = k * w[u] - mean[u] * r * (a + q * r * r)
    return 0


@part
def move_step_by_step(W, m, v, chosen, slots, n, rates, mean_powers, root_powers, keep, eps, lo, hi):
    """`move_by_roots` without the series: each pending step of each number is summed up as it is."""
    zero = W.dtype.type(0)
    for c in range(lo, hi):
        j = chosen[c]
        s = slots[j]
        k, begin = keep[s], max(s, 1)
        for u in range(W.shape[1]):
            root, total = np.sqrt(v[j, u]), zero
            for i in range(begin, n + 1):
                total += rates[i] * mean_powers[i - s] / (root * root_powers[i - s] + eps)
            W[j, u] = k * W[j, u] - m[j, u] * total
    return 0


@part
def move_by_velocity(W, velocity, chosen, slots, keep, first, lo, hi):
    """Take the pending steps of SGD in the chosen rows of W: `lazy_rows.SGDMoves`."""
    for c in range(lo, hi):
        j = chosen[c]
        k, a = keep[slots[j]], first[slots[j]]
        w, speed = W[j], velocity[j]
        for u in range(W.shape[1]):
            w[u] = k * w[u] + a * speed[u]
    return 0


@part
def _gradient_of(c, starts, rows, data, dy, scale, limit, g, lo, hi):
    """Write row c of dW to g, limited (`limit` 0: not at all) and then scaled, as clipping wants it."""
    g[:] = 0
    for p in range(starts[c], starts[c + 1]):
        x, error = data[p], dy[rows[p], lo:hi]
        for u in range(hi - lo):
            g[u] += x * error[u]
    if limit > 0:
        for u in range(hi - lo):
            g[u] = min(max(g[u], -limit), limit)
    if scale != 1:
        for u in range(hi - lo):
            g[u] *= scale


@part
def learn_moments(
    m,
    v,
    columns,
    starts,
    rows,
    data,
    dy,
    slots,
    n,
    mean_powers,
    square_powers,
    gain,
    gain_square,
    scale,
    limit,
    g,
    lo,
    hi,
):
    """Adam's moments of the batch's rows: those of all steps in which the gradient was 0, then those of this one."""
    for c in range(lo, hi):
        j = columns[c]
        _gradient_of(c, starts, rows, data, dy, scale, limit, g, 0, len(g))
        fade, fade_square = mean_powers[n - slots[j]], square_powers[n - slots[j]]
        mean, square = m[j], v[j]
        for u in range(len(g)):
            mean[u] = fade * mean[u] + gain * g[u]
            square[u] = fade_square * square[u] + gain_square * (g[u] * g[u])
    return 0


@part
def learn_velocity(
    W, velocity, columns, starts, rows, data, dy, slots, n, powers, rate, ahead, scale, limit, g, lo, hi
):
    """SGD's velocity of the batch's rows; `ahead` times the newest step goes to W at once (Nesterov)."""
    for c in range(lo, hi):
        j = columns[c]
        _gradient_of(c, starts, rows, data, dy, scale, limit, g, 0, len(g))
        fade = powers[n - slots[j]]
        w, speed = W[j], velocity[j]
        for u in range(len(g)):
            speed[u] = fade * speed[u] - rate * g[u]
            w[u] -= ahead * g[u]
    return 0


@part
def fade_rows(memory, slots, powers, n, lo, hi):
    """Let a memory of all rows fade as in the steps that did not touch them; to 0 where it would become denormal."""
    zero, smallest = memory.dtype.type(0), memory.dtype.type(1e8) * np.finfo(memory.dtype).tiny
    for j in range(lo, hi):
        factor, row = powers[n - slots[j]], memory[j]
        for u in range(memory.shape[1]):
            faded = factor * row[u]
            row[u] = faded if abs(faded) >= smallest else zero
    return 0


@part
def largest_and_squares(columns, starts, rows, data, dy, scale, limit, work, found, lo, hi):
    """Write the largest magnitude in these columns of dW, and the sum of its squares, to `found[:, lo]`, float64."""
    g, largest, squares = work[lo:hi], 0.0, 0.0
    for c in range(len(columns)):
        _gradient_of(c, starts, rows, data, dy, scale, limit, g, lo, hi)
        total = dy.dtype.type(0)
        for u in range(hi - lo):
            total += g[u] * g[u]
            largest = max(largest, abs(g[u]))
        squares += total
    found[0, lo], found[1, lo] = largest, squares
    return 0
