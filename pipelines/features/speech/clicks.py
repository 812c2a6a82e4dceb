"""Clicks: a key, a switch, a smack of the lips before or after a word.

People press a button before they speak and let it go after. That is loud, at times louder than the word, so it would
count as part of it, or leave the word too faint to be found. But it is shorter than a word, and stands by itself: the
burst that ends "eight" is as short, but its vowel is near, and louder.
"""

import numpy as np

SHORTEST = 0.08  # seconds; a shorter sound that stands by itself is a click
BEFORE, AFTER = 0.12, 0.2  # seconds without sound that separate a click from the word, before and after the word
SHORTEST_LOUDEST, AROUND_LOUDEST = 0.07, 0.05  # the same two for the loudest sound, which is not a burst beside a vowel
TAIL = 0.03  # seconds on both sides of a loudest click in which it may still be heard
FAINT = 40.0  # decibels below the loudest click; a fainter word would be too faint


def in_frames(frame_rate):
    """Return the durations above in frames, and the range of levels, by name."""
    seconds = {
        "shortest": SHORTEST,
        "before": BEFORE,
        "after": AFTER,
        "shortest_loudest": SHORTEST_LOUDEST,
        "around_loudest": AROUND_LOUDEST,
        "tail": TAIL,
    }
    return {name: round(value * frame_rate) for name, value in seconds.items()} | {"faint": FAINT}


def beyond_clicks(energies, frame_rate, trim_db):
    """Return the frames in which there is a word, and the frames around it in which there is no click.

    A frame belongs to a sound if it is less than `trim_db` decibels below the loudest. Where the loudest frame is in a
    click, that is taken out, and the next loudest counts. Where there is nothing but clicks, they are the word.

    Parameters
    ----------
    energies : ndarray of float64 [shape=(n_frames,)]
        At least one must differ from zero.
    frame_rate : float > 0, in Hz
    trim_db : float > 0

    Returns
    -------
    word, around : tuple of (int, int)
        First frame, and the one behind the last; `around` holds the word.
    """
    frames = in_frames(frame_rate)
    shortest, before, after = frames["shortest"], frames["before"], frames["after"]
    shortest_loudest, around_loudest, tail = (frames[name] for name in ("shortest_loudest", "around_loudest", "tail"))
    ratio, faintest = 10 ** (-trim_db / 10), energies.max() * 10 ** (-FAINT / 10)
    left, is_click = energies.copy(), np.zeros(len(energies), bool)
    while (loudest := left.max()) > faintest:
        peak, loud = left.argmax(), np.flatnonzero(left > loudest * ratio)
        early, late = loud[loud <= peak], loud[loud >= peak]  # both hold the peak
        first, last = _sounds(early, around_loudest)[-1][0], _sounds(late, around_loudest)[0][-1]
        if last - first >= shortest_loudest:
            break
        is_click[max(0, first - tail) : last + 1 + tail] = True
        left[is_click] = 0
    else:
        loud = np.flatnonzero(energies > energies.max() * ratio)
        return (int(loud[0]), int(loud[-1]) + 1), (0, len(energies))

    def lasts(sound):
        return sound[-1] - sound[0] >= shortest

    *others, onset = _sounds(early, before)
    start = int([*filter(lasts, others), onset][0][0])
    ending, *others = _sounds(late, after)
    stop = int([ending, *filter(lasts, others)][-1][-1]) + 1
    is_click[loud[(loud < start) | (loud >= stop)]] = True
    earlier, later = np.flatnonzero(is_click[:start]), np.flatnonzero(is_click[stop:])
    around = int(earlier[-1]) + 1 if len(earlier) else 0, stop + int(later[0]) if len(later) else len(energies)
    return (start, stop), around


def _sounds(loud, apart):
    """Split loud frames where at least `apart` other frames lie between them: list of ndarray of int64."""
    gaps = np.flatnonzero(loud[1:] - loud[:-1] > apart) + 1
    return np.split(loud, gaps) if len(gaps) else [loud]
