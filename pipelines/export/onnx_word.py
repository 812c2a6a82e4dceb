"""The ends of the word in ONNX: without clicks and room noise, as in `endpoints`, `clicks` and `room_noise`.

Python goes through sounds one by one; a graph has masks over frames. Pauses up to a length are bridged by the closing
of a mask (a maximum over neighbours, then a minimum), and the end of a sound is the first frame that is followed by
enough silent ones. Clicks, the pauses of the word finder, and the separation of sounds still need a loop.
"""

from __future__ import annotations

import numpy as np

from pipelines.export.onnx_graph import DOUBLE, FLOAT, INT, Graph, Value

FAR = -(10**6)  # frames: before any sound


def ends(graph: Graph, waveform: Value, stage) -> list[tuple[Value, Value]]:
    """Return the first sample of the word and the one behind its last, for each cut."""
    settings, finder = stage.settings, Finder(stage)
    n, hop, length = waveform.length(), settings["hop_length"], settings["frame_length"]
    sums = graph.sums(waveform * waveform)
    left = graph.arange(n + 1, step=hop) - length // 2
    right = graph.least(left + length, n)
    energies = sums.take(right) - sums.take(graph.most(left, 0))
    found = []
    for trim_db in settings["trims"]:
        begin, end, before, after = beyond_clicks(graph, energies, settings["clicks"], trim_db)
        begin, end, before, after = (frame * hop for frame in (begin, end, before, after))
        part = waveform.part(before, after)
        first, last = (before + place for place in finder.beyond_noise(graph, part, trim_db))
        pad = settings["pad"]
        no_word = (begin - pad >= last) | (end + pad <= first)
        start = graph.where(no_word, first, graph.most(begin - pad, first))
        stop = graph.where(no_word, last, graph.least(end + pad, last))
        found.append((start, stop))
    return found


def _ratio(decibels: float) -> float:
    return 10 ** (decibels / 10)


def beyond_clicks(graph: Graph, energies: Value, frames: dict, trim_db: float) -> tuple[Value, ...]:
    """Return the frames of the word and those around it without a click: begin, end, before, after."""
    n, loudest = energies.length(), energies.reduce("Max")
    faintest, ratio = loudest * _ratio(-frames["faint"]), _ratio(-trim_db)
    apart, tail = frames["around_loudest"], frames["tail"]

    def body(inner: Graph, number, left, clicked, found):
        places, peak = inner.arange(n), inner.op("ArgMax", left, dtype=INT, axis=0, keepdims=0)
        loud = left > left.reduce("Max") * ratio
        first, last = sound_around(inner, loud, peak, apart, apart)
        lasts = last - first >= frames["shortest_loudest"]
        click = (places >= first - tail) & (places <= last + tail) & ~lasts
        left = inner.where(click, 0.0, left)
        going = ~lasts & (left.reduce("Max") > inner.value(faintest))
        return going, left, clicked | click, lasts

    none = energies < 0.0
    state = (energies, none, graph.value(np.array(False)))
    left, clicked, found = graph.repeat(body, state, start=loudest > 0.0)
    places = graph.arange(n)
    peak = graph.op("ArgMax", left, dtype=INT, axis=0, keepdims=0)
    loud = left > left.reduce("Max") * ratio
    onset, ending = sound_around(graph, loud, peak, frames["before"], frames["after"])
    early = long_runs(graph, bridge(graph, loud & (places <= peak), frames["before"]), frames["shortest"])
    late = long_runs(graph, bridge(graph, loud & (places >= peak), frames["after"]), frames["shortest"])
    begin = graph.least(onset, graph.where(any_of(early), early.first(), n))
    last_long = late.first(last=True) + frames["shortest"]
    end = graph.most(ending, graph.where(any_of(late), last_long, -1)) + 1
    clicked = clicked | (loud & ((places < begin) | (places >= end)))
    earlier, later = clicked & (places < begin), clicked & (places >= end)
    before = graph.where(any_of(earlier), earlier.first(last=True) + 1, 0)
    after = graph.where(any_of(later), later.first(), n)
    plain = energies > loudest * ratio
    return (
        graph.where(found, begin, plain.first()),
        graph.where(found, end, plain.first(last=True) + 1),
        graph.where(found, before, 0),
        graph.where(found, after, n),
    )


def any_of(mask: Value) -> Value:
    """Return whether any entry of a mask is true."""
    return mask.cast(FLOAT).reduce("Max") > 0.0


def sound_around(graph: Graph, loud: Value, peak: Value, before: int, after: int) -> tuple[Value, Value]:
    """Return the first and the last frame of the sound that a loud frame is in.

    It begins behind `before` frames that are not loud and ends ahead of `after` such frames.
    """
    n, places, numbers = loud.length(), graph.arange(loud.length()), loud.cast(FLOAT)
    if before:
        preceded = graph.highest_within(graph.join(np.zeros(before), numbers), before).part(0, n)
        first = ((preceded <= 0.0) & (places <= peak)).first(last=True)
    else:
        first = peak
    if after:
        followed = graph.highest_within(graph.join(numbers, np.zeros(after)), after).part(1, n + 1)
        last = ((followed <= 0.0) & (places >= peak)).first()
    else:
        last = peak
    return first, last


def bridge(graph: Graph, loud: Value, apart: int) -> Value:
    """Return a mask in which frames that are no more than `apart` after one another hang together."""
    if apart < 2:
        return loud
    edge = np.zeros(apart)
    dilated = graph.highest_within(graph.join(edge, loud.cast(FLOAT), edge), apart)
    closed = graph.highest_within(dilated * -1.0, apart) * -1.0
    return closed.part(1, loud.length() + 1) > 0.0


def long_runs(graph: Graph, mask: Value, longer: int) -> Value:
    """Return where a run of true frames begins, or goes on, that lasts `longer` frames more."""
    inverse = graph.join(mask.cast(FLOAT) * -1.0, np.zeros(longer))
    return graph.highest_within(inverse, longer + 1) < 0.0


class Finder:
    """The word finder, of which the ends of the word need the first sound and the last."""

    def __init__(self, stage):
        self.settings, self.noise = stage.settings["finder"], stage.settings["noise"]
        self.window, self.bands = stage.constants["finder_window"], stage.constants["finder_bands"]
        self.hop, self.length = self.settings["hop_length"], self.settings["frame_length"]

    def frames_of(self, name: str) -> int:
        """Return a duration of the finder in frames."""
        return round(self.settings[name] / self.settings["hop_seconds"])

    def beyond_noise(self, graph: Graph, waveform: Value, trim_db: float) -> list[Value]:
        """Return the part of a waveform in which there is a word: first sample, and the one behind the last."""
        least, n = self.noise["least"], waveform.length()
        nowhere = [graph.value(np.array(0)), n]

        def look(inner: Graph):
            noisy = self._may_have_noise(inner, inner.value(waveform), trim_db)
            return inner.choose(noisy, search, lambda deeper: [deeper.value(each) for each in nowhere])

        def search(inner: Graph):
            power = self._band_power(inner, inner.value(waveform))
            start, stop = self._first_and_last(inner, power)
            enough = power.length() - stop >= least
            return [
                inner.where(start >= least, start * self.hop, 0),
                inner.where((start >= 0) & enough, stop * self.hop, inner.value(n)),
            ]

        return graph.choose(n > least * self.hop, look, lambda inner: [inner.value(each) for each in nowhere])

    def _may_have_noise(self, graph: Graph, waveform: Value, trim_db: float) -> Value:
        noise, n_least = self.noise, self.noise["least"] - 2
        power = self._power_of_three(graph, waveform)
        loudest = graph.smallest(power, noise["click"], largest=True).take(np.array(noise["click"] - 1))
        low, high = loudest * _ratio(-trim_db - noise["harmless"]), loudest * _ratio(-noise["soft"])
        n = waveform.length()
        risen = self._power_of_three(graph, waveform.part(1, n) - waveform.part(0, n - 1))
        answers = []
        for at_end in (False, True):
            sides = [
                each.part(each.length() - n_least, each.length()) if at_end else each.part(0, n_least)
                for each in (power, risen)
            ]
            middle = graph.smallest(sides[0], n_least // 2 + 1).take(np.array(n_least // 2))
            even = [self._is_even(graph, side, n_least) for side in sides]
            answers.append((low < middle) & (middle < high) & (even[0] | even[1]))
        return answers[0] | answers[1]

    def _is_even(self, graph: Graph, power: Value, n: int) -> Value:
        ordered = graph.smallest(power, 3 * n // 4 + 1)
        return ordered.take(np.array(3 * n // 4)) < ordered.take(np.array(0)) * _ratio(self.noise["even"])

    def _power_of_three(self, graph: Graph, samples: Value) -> Value:
        hop, n = self.noise["hop_length"], samples.length()
        n_frames = (n + hop - 1) // hop
        missing = graph.op("Expand", graph.value(np.zeros(1)), (n_frames * hop - n).reshape(1))
        frames = graph.join(samples * samples, missing).reshape(-1, hop).reduce("Sum", [1])
        last = n_frames - 2
        return frames.part(0, last) + frames.part(1, last + 1) + frames.part(2, last + 2)

    def _band_power(self, graph: Graph, waveform: Value) -> Value:
        n_frames = (waveform.length() + self.hop - 1) // self.hop
        padded = graph.join(np.zeros((self.length - self.hop) // 2), waveform, np.zeros(self.length + self.hop))
        places = (graph.arange(n_frames) * self.hop).at(1) + graph.value(np.arange(self.length)).at(0)
        frames = padded.take(places) * self.window
        used = np.flatnonzero(self.bands.any(axis=1))
        angles = 2 * np.pi * np.outer(np.arange(self.length), used) / self.length
        real, imaginary = frames @ np.cos(angles), frames @ np.sin(angles)
        return ((real * real + imaginary * imaginary) @ self.bands[used]).cast(FLOAT)

    def _over_windows(self, graph: Graph, rows: Value, statistic) -> Value:
        """Evaluate a statistic in windows of rows, and interpolate it at each row: float64 [shape of rows]."""
        window, n = self.frames_of("floor_seconds"), rows.length()
        length, last = graph.least(n, window), graph.most(n - window, 0)
        starts = graph.join(graph.arange(last, step=window // 4), last.reshape(1))
        values = statistic(rows.take(starts.at(1) + graph.arange(length).at(0)), length).cast(DOUBLE)
        middles = starts.cast(DOUBLE) + length.cast(DOUBLE) / 2.0
        n_windows = starts.length()
        middles = graph.join(middles, middles.part(n_windows - 1, n_windows) + 1.0)
        values = graph.join(values, values.part(n_windows - 1, n_windows))
        places = graph.arange(n).cast(DOUBLE) + 0.5
        passed = (places.at(1) >= middles.at(0)).cast(INT).reduce("Sum", [1])
        k = graph.least(graph.most(passed - 1, 0), n_windows - 1)
        low, high = middles.take(k), middles.take(k + 1)
        beyond = (graph.most(places - low, 0.0)).at(1)
        slope = (values.take(k + 1) - values.take(k)) / (high - low).at(1)
        return values.take(k) + slope * beyond

    def _evidence(self, graph: Graph, power: Value) -> tuple[Value, Value]:
        settings = self.settings
        least = np.float32(_ratio(-settings["dynamic_range"]))

        def floor(part, length):
            rank = (length - 1).cast(DOUBLE) * settings["floor_share"]
            rank = graph.op("Floor", rank).cast(INT)
            quiet = graph.smallest(part, rank + 1, axis=1).take(rank, axis=1)
            highest = part.reduce("Max", [1, 2], keep=True).reshape(-1, 1)
            return graph.most(quiet, graph.most(highest * least, np.float32(settings["digital_silence_power"])))

        raised = (power.cast(DOUBLE) / self._over_windows(graph, power, floor)).reduce("Mean", [1])
        evidence = graph.op("Log", graph.most(raised, settings["least_evidence"])) * (10 / np.log(10))
        n = evidence.length()
        before = graph.join(evidence.part(0, 1), evidence.part(0, n - 1))
        after = graph.join(evidence.part(1, n), evidence.part(n - 1, n))
        smooth = before * 0.25 + evidence * 0.5 + after * 0.25
        peak = self._over_windows(graph, smooth.at(1), lambda part, length: part.reduce("Max", [1]))
        return smooth, peak.reshape(-1)

    def _first_and_last(self, graph: Graph, power: Value) -> tuple[Value, Value]:
        """Return the first frame of the first sound, and the frame behind the last sound; -1, -1 without a sound."""
        settings = self.settings
        evidence, peak = self._evidence(graph, power)
        places = graph.arange(evidence.length())
        low = graph.most(peak - settings["low_below_peak"], settings["low"])
        high = graph.most(peak - settings["high_below_peak"], settings["high"])
        evident = (evidence > high) & (power.reduce("Mean", [1]) > np.float32(settings["silence_power"]))
        counted = graph.join(np.zeros(1, np.int64), graph.op("CumSum", evident.cast(INT), graph.value(0)))

        def keep_heard(starts, stops):
            kept = (stops - starts >= self.frames_of("shortest")) & (counted.take(stops) > counted.take(starts))
            kept = graph.places(kept)
            return starts.take(kept), stops.take(kept)

        starts, stops = self._bridge(graph, evidence > low, places)
        starts, stops = keep_heard(starts, stops)

        starts, stops = self._widen(graph, evidence, starts, stops)
        starts, stops = keep_heard(*self._part(graph, evidence, starts, stops))
        level = power.reduce("Sum", [1]).at(0)
        inside = (places.at(0) >= starts.at(1)) & (places.at(0) < stops.at(1))
        levels = graph.where(inside, level, np.float32(0)).reduce("Max", [1])
        none = np.full(1, FAR)
        loudest = graph.join(levels, np.zeros(1, np.float32)).reduce("Max")
        kept = graph.places(levels > loudest * np.float32(_ratio(-self.noise["part"])))
        last = graph.join(stops.take(kept), none).reduce("Max")
        first = graph.join(starts.take(kept), np.full(1, -FAR)).reduce("Min")
        there = last >= 0
        return graph.where(there, first, -1), graph.where(there, last, -1)

    def _runs(self, graph: Graph, mask: Value) -> tuple[Value, Value]:
        edge, numbers = np.zeros(1, np.int64), mask.cast(INT)
        padded = graph.join(edge, numbers, edge)
        n = padded.length()
        steps = padded.part(1, n) - padded.part(0, n - 1)
        return graph.places(steps > 0), graph.places(steps < 0)

    def _bridge(self, graph: Graph, mask: Value, places: Value) -> tuple[Value, Value]:
        """Join runs of a mask that have only a short silence between them; return all runs."""
        settings, (starts, stops) = self.settings, self._runs(graph, mask)
        hop = settings["hop_seconds"]

        def body(inner: Graph, number, filled, begin, end):
            start, stop = (inner.value(each).take(number) for each in (starts, stops))
            shorter = inner.least(stop - start, end - begin).cast(DOUBLE) * hop
            allowed = inner.where(
                shorter <= settings["burst"], inner.value(settings["burst_bridge"]), settings["bridge"]
            )
            near = (start - end).cast(DOUBLE) * hop <= allowed
            between = (inner.value(places) >= end) & (inner.value(places) < start)
            return np.array(True), filled | (between & near), inner.where(near, begin, start), stop

        state = (mask, graph.value(np.array(FAR)), graph.value(np.array(FAR)))
        filled, _, _ = graph.repeat(body, state, times=starts.length())
        return self._runs(graph, filled)

    def _widen(self, graph: Graph, evidence: Value, starts: Value, stops: Value) -> tuple[Value, Value]:
        n, k = evidence.length(), starts.length()
        edge, places, level = np.zeros(1, np.int64), graph.arange(evidence.length()).at(0), evidence.at(0)
        middles = (stops.part(0, graph.most(k - 1, 0)) + starts.part(1, k)) // 2
        least, most = graph.join(edge, middles).part(0, k), graph.join(middles, n.reshape(1)).part(0, k)
        starts, stops, least, most = (each.at(1) for each in (starts, stops, least, most))
        inside = (places >= starts) & (places < stops)
        highest = graph.where(inside, level, -1e9).reduce("Max", [1], keep=True)
        soft = level <= graph.most(highest - self.settings["low_below_peak"], self.settings["low"])
        begun = graph.where(soft & (places >= least) & (places < starts), places + 1, least).reduce("Max", [1])
        ended = graph.where(soft & (places >= stops) & (places < most), places, most).reduce("Min", [1])
        return begun, ended

    def _part(self, graph: Graph, evidence: Value, starts: Value, stops: Value) -> tuple[Value, Value]:
        """Split sounds that are too long for one word at their softest places; return all sounds.

        Borders are a mask. The loop goes from border to border, and stays at a border after it adds another one.
        """
        n, width = evidence.length(), 2 * round(self.settings["dip_seconds"] / self.settings["hop_seconds"] / 2)
        borders = graph.arange(n + 1)
        drawn = self._mark(graph, borders, starts) | self._mark(graph, borders, stops) | (borders >= n)
        inside = ((borders.at(0) >= starts.at(1)) & (borders.at(0) < stops.at(1))).cast(INT)
        inside = graph.join(inside, graph.op("Expand", graph.value(np.zeros((1, 1), np.int64)), (n + 1).reshape(1)))
        inside = inside.reduce("Max", [0]) > 0
        loudest = graph.highest_within(evidence, width)
        margin, long, longest = (self.frames_of(name) for name in ("shortest", "long", "longest"))

        def highest(inner, start, stop):
            places = inner.arange(n)
            chosen = (places >= start) & (places < stop)
            return inner.where(chosen, inner.value(evidence), -1e9).reduce("Max")

        def body(inner: Graph, number, drawn, start):
            all_borders = inner.value(borders)
            stop = inner.where(drawn & (all_borders > start), all_borders, inner.value(n)).reduce("Min")
            upto = inner.least(stop, start + longest)
            places = inner.arange(loudest.length())
            possible = (places >= start + margin) & (places <= upto - (margin + width))
            softest = inner.where(possible, inner.value(loudest), 1e9)
            middle = inner.op("ArgMin", softest, dtype=INT, axis=0, keepdims=0) + width // 2
            sides = inner.least(highest(inner, start, middle), highest(inner, middle, upto))
            dip = sides - highest(inner, middle - width // 2, middle + width // 2)
            known = inner.value(inside).take(start)
            parts = known & ((stop - start > longest) | ((stop - start > long) & (dip >= self.settings["dip"])))
            drawn = drawn | (parts & all_borders.equals(middle))
            start = inner.where(parts, start, stop)
            return start < inner.value(n), drawn, start

        drawn, _ = graph.repeat(body, (drawn, graph.value(np.array(0))))
        begun = graph.places(drawn & inside)
        later = drawn.cast(INT).at(0) > 0
        after = later & (borders.at(0) > begun.at(1))
        return begun, graph.where(after, borders.at(0), n).reduce("Min", [1])

    def _mark(self, graph: Graph, borders: Value, places: Value) -> Value:
        beside = graph.join(places, np.full(1, FAR)).at(1)
        return borders.at(0).equals(beside).cast(INT).reduce("Max", [0]) > 0
