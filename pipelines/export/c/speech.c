/* ---- From the word to its row of features, and to the answer. ---- */

/* -- Features: see mfcc.py and time_normalisation.py -- */

static void mel_decibels(const float *word, long n, long frames, double scale, int cut, int warp) {
  static FFT_REAL power[LONGEST_FRAME / 2 + 1];
  float loudest = -1e9f;
  double noise = 0; /* that masks what is softer: see mfcc.mask */
  long t, i, band;
  for (i = 0; i < n; i++) noise += word[i] * scale * word[i] * scale;
  noise *= masking_shares[cut] / (double)n;
  for (t = 0; t < frames; t++) {
    long first = t * HOP - FRAME / 2;
    for (i = 0; i < FRAME; i++)
      real[i] = first + i >= 0 && first + i < n ? (FFT_REAL)(word[first + i] * scale * window[i]) : 0;
    power_spectrum(FRAME, cosines, sines, power);
    for (band = 0; band < N_MELS; band++) {
      const short *at = mel_places[warp * N_MELS + band];
      double sum = 0;
      float decibels;
      for (i = at[0]; i < at[1]; i++) sum += (power[i] + noise) * mel_weights[at[2] + i - at[0]];
      decibels = (float)(10 * log10(sum > LOWEST_POWER ? sum : LOWEST_POWER));
      work.mel[t * N_MELS + band] = decibels;
      if (decibels > loudest) loudest = decibels;
    }
  }
  for (i = 0; i < frames * N_MELS; i++)
    if (work.mel[i] < loudest - TOP_DB) work.mel[i] = loudest - TOP_DB;
}

static void to_cepstra(long frames) { /* in place: a row of cepstra is no longer than one of bands */
  double row[N_MFCC];
  long t, k, band;
  for (t = 0; t < frames; t++) {
    for (k = 0; k < N_MFCC; k++)
      for (band = 0, row[k] = 0; band < N_MELS; band++)
        row[k] += (double)work.mel[t * N_MELS + band] * dct[k * N_MELS + band];
    for (k = 0; k < N_MFCC; k++) work.mel[t * N_MFCC + k] = (float)row[k];
  }
}

static double coefficient(long frames, long t, int order, long k) {
  double sum = 0;
  long i;
  if (order == 0) return work.mel[t * N_MFCC + k];
  for (i = 0; i < DELTA_WIDTH; i++) {
    long at = most(0, least(frames - 1, t + i - DELTA_WIDTH / 2));
    sum += (double)work.mel[at * N_MFCC + k] * slope_weights[order - 1][i];
  }
  return sum;
}

static double change(long frames, long t) { /* changes_of */
  double sum = 0;
  long k;
  for (k = 0; k < N_MFCC; k++) {
    double slope = coefficient(frames, t, 1, k);
    sum += slope * slope;
  }
  return sqrt(sum);
}

static void find_edges(long frames, double *edges) { /* coverage: where the new frames begin, and the last ends */
  double total = 0, begun = 0;
  long j = 0, t;
  for (t = 0; t < frames && CHANGE_SHARE > 0; t++) total += change(frames, t);
  for (t = 0; t < frames; t++) {
    double progress = 1 / (double)frames;
    if (total > 0) progress = (1 - CHANGE_SHARE) * progress + CHANGE_SHARE * change(frames, t) / total;
    for (; j <= SEQUENCE && (double)j / SEQUENCE < begun + progress; j++)
      edges[j] = (double)t + ((double)j / SEQUENCE - begun) / progress;
    begun += progress;
  }
  for (; j <= SEQUENCE; j++) edges[j] = (double)frames;
}

static void row_of(long frames, float *row) {
  enum { WANTED = N_MFCC * (1 + DELTAS) };
  float *mean_of = row + SEQUENCE * WANTED, *spread_of = mean_of + N_MFCC * (1 + ORDERS);
  double edges[SEQUENCE + 1];
  long j, k, t;
  int order;
  find_edges(frames, edges);
  for (order = 0; order <= ORDERS; order++)
    for (k = 0; k < N_MFCC; k++) {
      double mean = 0, square = 0, shift, spread;
      long column = order * N_MFCC + k;
      for (t = 0; t < frames; t++) mean += coefficient(frames, t, order, k);
      mean /= (double)frames;
      for (t = 0; t < frames; t++) {
        double deviation = coefficient(frames, t, order, k) - mean;
        square += deviation * deviation;
      }
      spread = sqrt(square / (double)frames);
      if (STATISTICS) mean_of[column] = (float)mean, spread_of[column] = (float)spread;
      if (order > DELTAS) continue;
      shift = NORMALISE > 0 ? mean : 0;
      for (j = 0; j < SEQUENCE; j++) {
        double low = edges[j], high = edges[j + 1], sum = 0;
        for (t = (long)low; t < frames && (double)t < high; t++) {
          double from = (double)t, to = from + 1;
          double share = (to < high ? to : high) - (from > low ? from : low);
          if (share > 0) sum += share / (high - low) * coefficient(frames, t, order, k);
        }
        row[j * WANTED + column] = (float)((sum - shift) / (NORMALISE > 1 ? spread + 1e-3 : 1));
      }
    }
  if (DURATION) row[BACKPROP_FEATURES - 1] = (float)log((double)frames);
}

int backprop_predict(const float *input, size_t n_samples, float *probabilities) {
  static float row[BACKPROP_FEATURES], z[BACKPROP_CLASSES];
  long n = (long)n_samples, i;
  int cut, warp, any = 0;
  if (!input || !probabilities) return BACKPROP_NO_INPUT;
  if (n_samples < 1) return BACKPROP_WRONG_LENGTH;
  if (n_samples > BACKPROP_LONGEST) return BACKPROP_WRONG_LENGTH;
  for (i = 0; i < n; i++) {
    if (!(fabsf(input[i]) <= 1e6f)) return BACKPROP_NOT_A_NUMBER;
    any |= input[i] != input[0];
  }
  if (!any) return BACKPROP_SILENCE;
  without_drift(input, n);
  preemphasise(n);
  memset(z, 0, sizeof z);
  for (cut = 0; cut < N_CUTS; cut++) {
    long start, stop, frames;
    double loudest = 0;
    word_ends(n, cut_ratios[cut], &start, &stop);
    for (i = start; i < stop; i++)
      if (fabsf(wave[i]) > loudest) loudest = fabsf(wave[i]);
    if (loudest <= 0) return BACKPROP_SILENCE;
    frames = 1 + (stop - start) / HOP;
    for (warp = 0; warp < N_WARPS; warp++) {
      mel_decibels(wave + start, stop - start, frames, 1 / loudest, cut, warp);
      to_cepstra(frames);
      row_of(frames, row);
      add_logits(row, z);
    }
  }
  to_probabilities(z, N_CUTS * N_WARPS, probabilities);
  return BACKPROP_OK;
}
