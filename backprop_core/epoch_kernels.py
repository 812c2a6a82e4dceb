"""Epoch kernels: many steps of a training in one compiled function, without a line of Python in between.

A step of a small network takes a hundred microseconds, and half of this time is Python's, for calling each of its
twenty operations. Here the steps follow each other as machine code: the rows are fetched, the matrix products are
called in the library that numpy calls, and the loops of `kernels` and `epoch_layers` do the rest.

`steps` is `Step.__call__`, again and again, in the same order: forward, the loss, the way back, penalties, clipping,
the update.

Each operation is cut into parts, of columns or of rows, so that several threads can take a step together: they all call
`steps` with the same arrays, each does its parts, and they meet where one needs what another has computed. The numbers
depend on how many parts there are, by rounding, and not on how many threads do them. The products are those of a
library that uses no threads itself: they would know nothing of these, and stand in their way.

Each function names the one that it repeats.
"""

import math

import numpy as np

from backprop_core.epoch_layers import (
    draw,
    part_of,
)
from backprop_core.epoch_passes import add_up, backward, backward_together, forward, rows_of
from backprop_core.epoch_plan import (
    AT_BIAS,
    AT_DY,
    AT_OUT,
    AT_WEIGHT,
    BATCH_NORM,
    DENSE,
    FAN_IN,
    FAN_OUT,
    KIND,
    LAYER_NORM,
)
from backprop_core.kernels import _adam, _add_penalty, _sgd, _softmax_cross_entropy, part
from backprop_core.meeting import meet
from backprop_core.native_calls import matrix
from backprop_core.threads import ASKED_TO_STOP, GIVEN_UP, STOPPING

SOFTMAX, SQUARED, LOGISTIC_LOSS = range(3)
# What threads tell each other, a number for each.
LOSS, PENALTY, LARGEST, SQUARES = range(4)


@part
def _fetch(step, part, parts, data, batch_size, table, places, source):
    """`batches`, and the random bits of the step."""
    X, _classes, _amounts, order = data
    values, _errors, bits, _true, n_bits = places
    begin = step * batch_size
    n, width = min(batch_size, len(order) - begin), X.shape[1]
    x = matrix(values, 0, n, width)
    lo, hi = part_of(width, part, parts)
    for i in range(n):
        row = order[begin + i]
        for j in range(np.uintp(lo), np.uintp(hi)):
            x[i, j] = X[row, j]
    if part == 0 and n_bits:
        draw(table, bits, n, source)


@part
def _loss_of_rows(loss_rule, table, data, places, begin, part, parts, n):
    """One part of `loss_and_gradient` of a batch of n rows, which begins at `begin` in the order."""
    kind, smoothing, _divided = loss_rule
    _X, classes, amounts, order = data
    values, errors, _bits, true, _n_bits = places
    some, row = rows_of(n, part, parts), table[len(table) - 1]
    logits = matrix(values, row[AT_OUT], n, row[FAN_OUT])[some]
    dlogits = matrix(errors, row[AT_DY], n, row[FAN_OUT])[some]
    rows = order[begin + some.start : begin + some.stop]
    if kind == SOFTMAX:
        mine = true[some]
        for i in range(len(rows)):
            mine[i] = classes[rows[i]]
        return _softmax_cross_entropy(logits, mine, smoothing, dlogits, n)
    share, loss, k = logits.dtype.type(1 / n), 0.0, logits.shape[1]
    one, half = logits.dtype.type(1), logits.dtype.type(0.5)
    for i in range(len(rows)):
        for j in range(k):
            z, t = logits[i, j], amounts[rows[i], j]
            if kind == SQUARED:
                d = z - t
                loss += np.float64(half * d * d)
            else:
                small = np.exp(-abs(z))
                p = (one if z >= 0 else small) / (one + small)
                d = p - t
                loss += np.float64(max(z, 0) + np.log1p(small) - t * z)
            dlogits[i, j] = share * d
    return loss / n


@part
def _look_at(grads, clip_value, part, parts, told):
    """Tell the largest size and the sum of squares of a part of the gradients."""
    mine, largest, square = grads[rows_of(grads.size, part, parts)], grads.dtype.type(0), 0.0
    for i in range(mine.size):
        square += np.float64(mine[i]) * np.float64(mine[i])
    if clip_value > 0:
        for i in range(mine.size):
            size = abs(mine[i])
            if not size <= largest:  # so put, NaN is found
                largest = size
                if not math.isfinite(size):
                    break
    told[LARGEST, part], told[SQUARES, part] = largest, square


@part
def _clip_by_value(grads, limit, part, parts, told):
    """`clip_by_value` of a part of the gradients, and tell its squares again."""
    mine, square = grads[rows_of(grads.size, part, parts)], 0.0
    for i in range(mine.size):
        mine[i] = min(max(mine[i], -limit), limit)
        square += np.float64(mine[i]) * np.float64(mine[i])
    told[SQUARES, part] = square


@part
def _clip(team, turn, vectors, limits, told):
    """`clip_by_value`, then `clip_by_global_norm`; 0 is no limit. Returns the turn, and whether it has clipped."""
    worker, workers, parts, _meeting, _sched_yield = team
    _params, grads, _statistics, _average = vectors
    _alpha, _l1, clip_value, clip_norm = limits
    clipped, number = False, grads.dtype.type
    if clip_value == 0 and clip_norm == 0:
        return turn, clipped
    turn = meet(team, turn)
    for place in range(worker, parts, workers):
        _look_at(grads, clip_value, place, parts, told)
    turn = meet(team, turn)
    largest, finite = 0.0, True
    for place in range(parts):
        finite = finite and math.isfinite(told[LARGEST, place])
        largest = max(largest, told[LARGEST, place])
    if clip_value > 0 and finite and largest > clip_value:
        clipped = True
        turn = meet(team, turn)
        for place in range(worker, parts, workers):
            _clip_by_value(grads, number(clip_value), place, parts, told)
        turn = meet(team, turn)
    square = 0.0
    for place in range(parts):
        square += told[SQUARES, place]
    norm = math.sqrt(square)
    if clip_norm > 0 and norm > clip_norm and math.isfinite(norm):
        clipped = True
        for place in range(worker, parts, workers):
            some, scale = grads[rows_of(grads.size, place, parts)], number(clip_norm / norm)
            for i in range(some.size):
                some[i] *= scale
    return (meet(team, turn) if clipped else turn), clipped


@part
def _move(lo, hi, n_weights, at, vectors, memories, rule, schedule):
    """`kernels.move`, and `ExponentialAverage.update`, of the parameters from `lo` up to `hi`: weights decay."""
    params, grads, _statistics, average = vectors
    m, v = memories
    which, r1, r2, r3, r4, r5, nesterov = rule
    rates, keeps, shares = schedule
    one = params.dtype.type(1)
    middle = min(max(lo, n_weights), hi)
    for begin, end, keep in ((lo, middle, keeps[at]), (middle, hi, one)):
        some = slice(begin, end)
        if which == 0:
            _adam(params[some], grads[some], m[some], v[some], rates[at], r1, r2, r3, r4, r5, keep)
        else:
            _sgd(params[some], grads[some], m[some], rates[at], r1, nesterov != 0, keep)
    if average.size:
        for i in range(np.uintp(lo), np.uintp(hi)):
            average[i] += shares[at] * (params[i] - average[i])


@part
def _all_forward(team, turn, n, batch_size, plan, vectors, places, gemm):
    """`Network.forward` of a batch of n rows; returns the turn."""
    worker, workers, parts, _meeting, _sched_yield = team
    table = plan[0]
    for op in range(len(table)):
        kind = table[op, KIND]
        if (op and op == len(table) - 1) or kind == LAYER_NORM:
            turn = meet(team, turn)
        for place in range(worker, parts, workers):
            forward(op, place, parts, n, batch_size, plan, vectors, places, gemm)
        if kind == LAYER_NORM:
            turn = meet(team, turn)
        elif kind == DENSE and parts > 1 and op < len(table) - 1:
            turn = meet(team, turn)
            for place in range(worker, parts, workers):
                add_up(op, place, parts, n, batch_size, table, vectors, places)
    return turn


@part
def _all_backward(team, turn, n, batch_size, plan, vectors, places, gemm):
    """The way back from the error of the logits to the gradients; returns the turn.

    Each thread leaves when the gradients of its own parts are there.
    """
    worker, workers, parts, _meeting, _sched_yield = team
    table, _settings, first = plan
    _values, _errors, _bits, _true, n_bits = places
    for op in range(len(table) - 1, first - 1, -1):
        for place in range(worker, parts, workers):
            backward(op, place, parts, n, batch_size, plan, vectors, places)
        if table[op, KIND] == DENSE or table[op, KIND] == LAYER_NORM:
            turn = meet(team, turn)
            for place in range(worker, parts, workers):
                backward_together(op, place, parts, n, batch_size, plan, vectors, places, gemm)
            if table[op, KIND] == LAYER_NORM:
                turn = meet(team, turn)
    return meet(team, turn) if n_bits else turn  # somebody may still read the random bits


@part
def _penalize(team, turn, n, n_weights, vectors, limits, told):
    """`step.add_penalty` of all weights, in a batch of n rows; tells the penalties, and returns the turn."""
    worker, workers, parts, _meeting, _sched_yield = team
    params, grads, _statistics, _average = vectors
    alpha, l1, _clip_value, _clip_norm = limits
    number = params.dtype.type
    if alpha == 0 and l1 == 0:
        return turn
    turn = meet(team, turn)
    for place in range(worker, parts, workers):
        some = rows_of(n_weights, place, parts)
        told[PENALTY, place] = _add_penalty(params[some], grads[some], number(alpha / n), number(l1 / n))
    return meet(team, turn)


@part
def _update(part, parts, plan, n_weights, at, vectors, memories, rule, schedule):
    """`_move` of the parameters whose gradients this part has computed: it waits for nobody, and keeps them at hand."""
    table, _settings, first = plan
    for op in range(first, len(table)):
        row = table[op]
        if row[KIND] == DENSE or row[KIND] == BATCH_NORM or row[KIND] == LAYER_NORM:
            lo, hi = part_of(row[FAN_IN] if row[KIND] == DENSE else row[FAN_OUT], part, parts)
            width, w_at, b_at = row[FAN_OUT] if row[KIND] == DENSE else 1, row[AT_WEIGHT], row[AT_BIAS]
            _move(w_at + lo * width, w_at + hi * width, n_weights, at, vectors, memories, rule, schedule)
            lo, hi = part_of(row[FAN_OUT], part, parts)
            _move(b_at + lo, b_at + hi, n_weights, at, vectors, memories, rule, schedule)


@part
def steps(
    team, data, batch_size, first, last, begins, plan, vectors, n_weights, places, memories, rule, schedule, limits,
    loss_rule, gemm, source, told, losses, clipped,
):  # fmt: skip
    """Take the steps from `first` up to `last` of an epoch, and return how many were taken.

    It stops before a step whose loss is not finite. Several threads call it at once.

    Parameters
    ----------
    team : (this thread's number, how many threads, how many parts, the meeting, address of sched_yield), as for `meet`
    data : (X, classes, amounts, order)
        The rows, int64 targets or float targets [shape=(n, n_outputs)], and the order in which they are seen (int64).
    plan : (table, settings, first) of a `Plan`
    vectors : (params, grads, statistics, average), flat; an empty average is none
    n_weights : int, how many of the parameters, the first ones, decay
    places : (values, errors, bits, true, n_bits), memory to work in, as the plan has it; `true` int64 [batch_size]
    memories : two flat arrays: Adam's m and v, or SGD's velocity, twice
    rule : (0 for Adam or 1 for SGD, its five numbers, and whether Nesterov's, 0 or 1), of the network's dtype
    schedule : (rates, keeps, shares)
        For each step from `begins` on its rate, what decay keeps of the weights, and the average's share.
    limits : (alpha, l1, clip_value, clip_norm), float64
    loss_rule : (kind of loss, label smoothing, by what the loss is divided)
    gemm : (address, whether sizes have 64 bits)
    source : (address of next_uint32, address of the state), of the generator for dropout
    told : float64 ndarray [shape=(4, n_parts)]
    losses, clipped : ndarray [shape=(n_steps,)], to be filled
    """
    worker, workers, parts, meeting, _sched_yield = team
    table, order = plan[0], data[3]
    turn = meet(team, 1)
    if meeting[GIVEN_UP]:
        return 0
    for place in range(worker, parts, workers):
        _fetch(first, place, parts, data, batch_size, table, places, source)
    turn = meet(team, turn)
    for step in range(first, last):
        begin, at = step * batch_size, step - begins
        n = min(batch_size, len(order) - begin)
        turn = _all_forward(team, turn, n, batch_size, plan, vectors, places, gemm)
        for place in range(worker, parts, workers):
            told[LOSS, place] = _loss_of_rows(loss_rule, table, data, places, begin, place, parts, n)
        turn = meet(team, turn)
        loss = 0.0
        for place in range(parts):
            loss += told[LOSS, place]
        if not math.isfinite(loss):
            return step - first

        turn = _all_backward(team, turn, n, batch_size, plan, vectors, places, gemm)
        turn = _penalize(team, turn, n, n_weights, vectors, limits, told)
        turn, some_clipped = _clip(team, turn, vectors, limits, told)
        for place in range(worker, parts, workers):
            _update(place, parts, plan, n_weights, at, vectors, memories, rule, schedule)
            if step + 1 < last:
                _fetch(step + 1, place, parts, data, batch_size, table, places, source)
        if worker == 0:
            meeting[STOPPING] = meeting[ASKED_TO_STOP]
        turn = meet(team, turn)
        if worker == 0:
            loss /= loss_rule[2]
            for place in range(parts):
                loss += told[PENALTY, place]
            losses[at], clipped[at] = loss, some_clipped
        if meeting[STOPPING]:
            return step + 1 - first
    return last - first
