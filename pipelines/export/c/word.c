/* ---- The ends of the word: clicks and room noise left out. ---- */

static void sort(float *values, long n, long first) { /* the `first` smallest come to the front, rising */
  long i, j;
  for (i = 0; i < first; i++) {
    long best = i;
    float kept;
    for (j = i + 1; j < n; j++)
      if (values[j] < values[best]) best = j;
    kept = values[i];
    values[i] = values[best];
    values[best] = kept;
  }
}

/* -- Clicks: see clicks.py -- */

static void sound_around(double level, long n, long peak, long before, long after, long *first, long *last) {
  long t;
  for (t = peak, *first = peak; t >= 0 && *first - t <= before; t--)
    if (energies[t] > level) *first = t;
  for (t = peak, *last = peak; t < n && t - *last <= after; t++)
    if (energies[t] > level) *last = t;
}

static double loudest_of(long n, long *peak) {
  long t;
  double loudest = 0;
  for (t = 0, *peak = 0; t < n; t++)
    if (energies[t] > loudest) loudest = energies[t], *peak = t;
  return loudest;
}

static void measure_energies(long n_samples, long n) {
  long t, i;
  for (t = 0; t < n; t++) {
    long left = t * HOP - FRAME / 2, right = least(left + FRAME, n_samples);
    double sum = 0;
    for (i = most(left, 0); i < right; i++) sum += (double)wave[i] * wave[i];
    energies[t] = sum;
  }
}

static void beyond_clicks(long n_samples, long n, double ratio, long *start, long *stop, long *before, long *after) {
  long t, peak, first, last, from, to, begin;
  double loudest, faintest, level;
  measure_energies(n_samples, n);
  loudest = loudest_of(n, &peak);
  faintest = loudest * CLICK_FAINT;
  memset(clicked, 0, sizeof clicked);
  for (;;) {
    level = loudest * ratio;
    sound_around(level, n, peak, CLICK_AROUND_LOUDEST, CLICK_AROUND_LOUDEST, &first, &last);
    if (last - first >= CLICK_SHORTEST_LOUDEST) break;
    from = most(0, first - CLICK_TAIL), to = least(n - 1, last + CLICK_TAIL);
    for (t = from; t <= to; t++) clicked[t] = 1, energies[t] = 0;
    loudest = loudest_of(n, &peak);
    if (loudest <= faintest) { /* nothing but clicks: they are the word */
      measure_energies(n_samples, n);
      level = loudest_of(n, &peak) * ratio;
      for (t = 0; energies[t] <= level; t++) {}
      *start = t;
      for (t = n - 1; energies[t] <= level; t--) {}
      *stop = t + 1, *before = 0, *after = n;
      return;
    }
  }
  sound_around(level, n, peak, CLICK_BEFORE, CLICK_AFTER, start, stop);
  for (t = 0, first = -1, begin = -1; t < *start; t++) { /* earlier sounds that last */
    if (energies[t] <= level) continue;
    if (begin < 0 || t - first > CLICK_BEFORE) begin = t;
    first = t;
    if (t - begin >= CLICK_SHORTEST) {
      *start = begin;
      break;
    }
  }
  for (t = n - 1, last = n, begin = -1; t > *stop; t--) { /* later ones */
    if (energies[t] <= level) continue;
    if (begin < 0 || last - t > CLICK_AFTER) begin = t;
    last = t;
    if (begin - t >= CLICK_SHORTEST) {
      *stop = begin;
      break;
    }
  }
  *stop += 1;
  *before = 0, *after = n;
  for (t = 0; t < *start; t++)
    if (clicked[t] || energies[t] > level) *before = t + 1;
  for (t = n - 1; t >= *stop; t--)
    if (clicked[t] || energies[t] > level) *after = t;
}

/* -- Room noise and the word finder: see room_noise.py and word_finder.py -- */

static long powers_of_three(const float *x, long n, int risen) { /* into work.finder.ordered */
  long hop = FINDER_HOP, m, t, i, frames;
  float *power = work.finder.ordered;
  m = n - (risen ? 1 : 0);
  frames = (m + hop - 1) / hop;
  for (t = 0; t < frames; t++) {
    double sum = 0;
    for (i = t * hop; i < least((t + 1) * hop, m); i++) {
      double value = risen ? (double)x[i + 1] - x[i] : (double)x[i];
      sum += value * value;
    }
    power[t] = (float)sum;
  }
  for (t = 0; t + 2 < frames; t++) power[t] = power[t] + power[t + 1] + power[t + 2];
  return frames - 2;
}

static int may_have_noise(const float *x, long n, double ratio) {
  enum { SIDE = NOISE_LEAST - 2 };
  float side[SIDE], loudest = 0;
  int soft[2] = {0, 0}, risen, end;
  long count = powers_of_three(x, n, 0), i;
  for (end = 0; end < 2; end++) {
    float middle;
    for (i = 0; i < SIDE; i++) side[i] = work.finder.ordered[end ? count - SIDE + i : i];
    sort(side, SIDE, SIDE);
    middle = side[SIDE / 2];
    if (end == 0) { /* the n-th largest power of all */
      for (i = 0; i < count; i++) work.finder.ordered[i] = -work.finder.ordered[i];
      memcpy(work.finder.power, work.finder.ordered, (size_t)count * sizeof(float));
      sort(work.finder.power, count, NOISE_CLICK);
      loudest = -work.finder.power[NOISE_CLICK - 1];
      for (i = 0; i < count; i++) work.finder.ordered[i] = -work.finder.ordered[i];
    }
    soft[end] = middle > loudest * ratio * NOISE_HARMLESS && middle < loudest * NOISE_SOFT;
  }
  if (!soft[0] && !soft[1]) return 0;
  for (risen = 0; risen < 2; risen++) {
    count = powers_of_three(x, n, risen);
    for (end = 0; end < 2; end++) {
      for (i = 0; i < SIDE; i++) side[i] = work.finder.ordered[end ? count - SIDE + i : i];
      sort(side, SIDE, SIDE);
      if (soft[end] && side[3 * SIDE / 4] < side[0] * NOISE_EVEN) return 1;
    }
  }
  return 0;
}

static double highest(long start, long stop) {
  double best = -1e9;
  for (; start < stop; start++)
    if (work.finder.evidence[start] > best) best = work.finder.evidence[start];
  return best;
}

static double mean_power(long t) {
  float sum = 0;
  long b;
  for (b = 0; b < N_BANDS; b++) sum += work.finder.power[t * N_BANDS + b];
  return sum / N_BANDS;
}

static int is_heard(long start, long stop, double high) {
  if (stop - start < FINDER_SHORTEST) return 0;
  for (; start < stop; start++)
    if (work.finder.evidence[start] > high && mean_power(start) > FINDER_SILENCE) return 1;
  return 0;
}

static void find_evidence(const float *x, long n, long frames) {
  long t, i, b, rank;
  float floor_of[N_BANDS], loudest = 0;
  double before, *evidence = work.finder.evidence;
  for (t = 0; t < frames; t++) {
    static FFT_REAL power[LONGEST_FRAME / 2 + 1];
    long first = t * FINDER_HOP - (FINDER_FRAME - FINDER_HOP) / 2;
    for (i = 0; i < FINDER_FRAME; i++)
      real[i] = first + i >= 0 && first + i < n ? x[first + i] * finder_window[i] : 0;
    power_spectrum(FINDER_FRAME, finder_cosines, finder_sines, power);
    for (b = 0; b < N_BANDS; b++) {
      double sum = 0;
      for (i = finder_bands[b][0]; i < finder_bands[b][1]; i++) sum += power[i];
      work.finder.power[t * N_BANDS + b] = (float)(sum / ((double)FINDER_FRAME * FINDER_FRAME));
      if (work.finder.power[t * N_BANDS + b] > loudest) loudest = work.finder.power[t * N_BANDS + b];
    }
  }
  rank = (long)(FINDER_FLOOR_SHARE * (double)(frames - 1));
  for (b = 0; b < N_BANDS; b++) {
    for (t = 0; t < frames; t++) work.finder.ordered[t] = work.finder.power[t * N_BANDS + b];
    sort(work.finder.ordered, frames, rank + 1);
    floor_of[b] = work.finder.ordered[rank];
    if (floor_of[b] < loudest * FINDER_RANGE) floor_of[b] = loudest * FINDER_RANGE;
    if (floor_of[b] < FINDER_DIGITAL_SILENCE) floor_of[b] = FINDER_DIGITAL_SILENCE;
  }
  for (t = 0; t < frames; t++) {
    double mean = 0;
    for (b = 0; b < N_BANDS; b++) mean += (double)work.finder.power[t * N_BANDS + b] / floor_of[b];
    mean /= N_BANDS;
    evidence[t] = 10 * log10(mean > FINDER_LEAST_EVIDENCE ? mean : FINDER_LEAST_EVIDENCE);
  }
  for (t = 0, before = evidence[0]; t < frames; t++) {
    double here = evidence[t], next = t + 1 < frames ? evidence[t + 1] : here;
    evidence[t] = 0.25 * before + 0.5 * here + 0.25 * next;
    before = here;
  }
}

static long bridged_runs(long frames, double low) {
  long n = 0, t = 0;
  short *starts = work.finder.starts, *stops = work.finder.stops;
  while (t < frames) {
    long start, stop;
    for (; t < frames && work.finder.evidence[t] <= low; t++) {}
    for (start = t; t < frames && work.finder.evidence[t] > low; t++) {}
    stop = t;
    if (stop == start) break;
    if (n > 0) {
      long shorter = least(stop - start, stops[n - 1] - starts[n - 1]);
      double allowed = (double)shorter * FINDER_HOP_SECONDS <= FINDER_BURST ? FINDER_BURST_BRIDGE : FINDER_BRIDGE;
      if ((double)(start - stops[n - 1]) * FINDER_HOP_SECONDS <= allowed) {
        stops[n - 1] = (short)stop;
        continue;
      }
    }
    starts[n] = (short)start, stops[n++] = (short)stop;
  }
  return n;
}

static long kept_runs(long n, double high) {
  long i, kept = 0;
  short *starts = work.finder.starts, *stops = work.finder.stops;
  for (i = 0; i < n; i++)
    if (is_heard(starts[i], stops[i], high)) starts[kept] = starts[i], stops[kept++] = stops[i];
  return kept;
}

static void widen(long n, long frames) {
  long i, t, from = 0, to, end;
  short *starts = work.finder.starts, *stops = work.finder.stops;
  for (i = 0; i < n; i++) {
    double soft = highest(starts[i], stops[i]) - FINDER_LOW_BELOW_PEAK;
    if (soft < FINDER_LOW) soft = FINDER_LOW;
    to = i + 1 < n ? (stops[i] + starts[i + 1]) / 2 : frames;
    end = stops[i];
    for (t = starts[i] - 1; t >= from && work.finder.evidence[t] > soft; t--) {}
    starts[i] = (short)(t + 1);
    for (t = end; t < to && work.finder.evidence[t] > soft; t++) {}
    stops[i] = (short)t;
    from = to;
  }
}

/* Where a sound is softest, with room for a word on either side; 0 where no dip parts it. */
static long dip_within(long start, long stop) {
  long t, middle = 0;
  double softest = 1e9, sides, other;
  if (stop - start <= FINDER_LONG) return 0;
  for (t = start + FINDER_SHORTEST; t + FINDER_DIP_FRAMES <= stop - FINDER_SHORTEST; t++) {
    double loud = highest(t, t + FINDER_DIP_FRAMES);
    if (loud < softest) softest = loud, middle = t + FINDER_DIP_FRAMES / 2;
  }
  sides = highest(start, middle), other = highest(middle, stop);
  if (other < sides) sides = other;
  return sides - softest < FINDER_DIP ? 0 : middle;
}

static float loudness(long start, long stop) {
  float best = 0;
  for (; start < stop; start++) {
    float sum = 0;
    long b;
    for (b = 0; b < N_BANDS; b++) sum += work.finder.power[start * N_BANDS + b];
    if (sum > best) best = sum;
  }
  return best;
}

/* Walk over the parts of all sounds; return the loudest, or the ends of those louder than `faint`. */
static float walk_parts(long n, double high, float faint, long *first, long *last) {
  float loudest = 0;
  long i;
  for (i = 0; i < n; i++) {
    long ends[MAX_FINDER_FRAMES / FINDER_SHORTEST + 2], depth = 0, start = work.finder.starts[i];
    ends[depth] = work.finder.stops[i];
    while (depth >= 0) {
      long middle = dip_within(start, ends[depth]);
      if (middle) {
        ends[++depth] = middle;
        continue;
      }
      if (is_heard(start, ends[depth], high)) {
        float level = loudness(start, ends[depth]);
        if (level > loudest) loudest = level;
        if (level > faint) {
          if (*first < 0) *first = start;
          *last = ends[depth];
        }
      }
      start = ends[depth--];
    }
  }
  return loudest;
}

static void beyond_noise(const float *x, long n, double ratio, long *start, long *stop) {
  long frames = (n + FINDER_HOP - 1) / FINDER_HOP, runs, first = -1, last = -1, none = -1;
  double peak, low, high;
  *start = 0, *stop = n;
  if (n <= NOISE_LEAST * FINDER_HOP || !may_have_noise(x, n, ratio)) return;
  find_evidence(x, n, frames);
  peak = highest(0, frames);
  low = peak - FINDER_LOW_BELOW_PEAK > FINDER_LOW ? peak - FINDER_LOW_BELOW_PEAK : FINDER_LOW;
  high = peak - FINDER_HIGH_BELOW_PEAK > FINDER_HIGH ? peak - FINDER_HIGH_BELOW_PEAK : FINDER_HIGH;
  runs = kept_runs(bridged_runs(frames, low), high);
  widen(runs, frames);
  walk_parts(runs, high, walk_parts(runs, high, 1e30f, &none, &none) * NOISE_PART, &first, &last);
  if (first < 0) return;
  if (first >= NOISE_LEAST) *start = first * FINDER_HOP;
  if (frames - last >= NOISE_LEAST) *stop = last * FINDER_HOP;
}

static void word_ends(long n, double ratio, long *start, long *stop) {
  long begin, end, before, after, first, last;
  beyond_clicks(n, 1 + n / HOP, ratio, &begin, &end, &before, &after);
  begin *= HOP, end *= HOP, before *= HOP, after = least(after * HOP, n);
  beyond_noise(wave + before, after - before, ratio, &first, &last);
  first += before, last += before;
  if (begin - PAD >= last || end + PAD <= first) {
    *start = first, *stop = last;
  } else {
    *start = most(begin - PAD, first), *stop = least(end + PAD, last);
  }
}
