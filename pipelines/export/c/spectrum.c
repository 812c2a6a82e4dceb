/* ---- From a waveform to rows of features. The stages are those of pipelines/features/speech, in their order. ---- */

static float wave[BACKPROP_LONGEST];       /* the sound without drift */
static double energies[MAX_FRAMES];        /* of each frame, and what is left of it beside clicks */
static unsigned char clicked[MAX_FRAMES];
static union {                             /* what is not needed at the same time */
  float mel[MAX_FRAMES * N_MELS];          /* decibels, and later cepstra, of each frame */
  struct {
    float power[MAX_FINDER_FRAMES * N_BANDS];
    double evidence[MAX_FINDER_FRAMES];
    float ordered[MAX_FINDER_FRAMES];
    short starts[MAX_FINDER_FRAMES], stops[MAX_FINDER_FRAMES];
  } finder;
} work;
static FFT_REAL real[LONGEST_FRAME], imaginary[LONGEST_FRAME];

static long least(long a, long b) { return a < b ? a : b; }
static long most(long a, long b) { return a > b ? a : b; }

/* Take out the mean over `2 HALF + 1` samples around each, fewer at the ends; twice. */
static void without_drift(const float *input, long n) {
  static float before[HALF + 1]; /* samples that were overwritten and still count */
  long i, pass;
  for (i = 0; i < n; i++) wave[i] = input[i];
  for (pass = 0; pass < 2; pass++) {
    double sum = wave[0];
    long low = 0, high = 0; /* the sum is that of low to high */
    for (i = 0; i < n; i++) {
      long reach = least(least(i, n - 1 - i), HALF);
      while (high < i + reach) sum += wave[++high];
      while (low < i - reach) sum -= before[low++ % (HALF + 1)];
      before[i % (HALF + 1)] = wave[i];
      wave[i] = (float)(wave[i] - sum / (double)(2 * reach + 1));
    }
  }
}

static void preemphasise(long n) {
  long i;
  if (PREEMPHASIS > 0.0)
    for (i = n - 1; i > 0; i--) wave[i] = (float)(wave[i] - PREEMPHASIS * wave[i - 1]);
}

/* The power at each frequency of what is in `real`, which it overwrites. */
static void power_spectrum(long n, const float *cosines, const float *sines, FFT_REAL *power) {
  long i, j, k, size;
  if ((n & (n - 1)) != 0) { /* a length that is no power of two: by the definition */
    for (k = 0; k <= n / 2; k++) {
      FFT_REAL x = 0, y = 0;
      for (i = 0; i < n; i++) x += real[i] * cosines[i * k % n], y += real[i] * sines[i * k % n];
      power[k] = x * x + y * y;
    }
    return;
  }
  for (i = 0; i < n; i++) imaginary[i] = 0;
  for (i = 1, j = 0; i < n; i++) { /* in the order of reversed bits (Cooley and Tukey 1965) */
    long bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      FFT_REAL kept = real[i];
      real[i] = real[j], real[j] = kept;
    }
  }
  for (size = 2; size <= n; size *= 2)
    for (i = 0; i < n; i += size)
      for (k = 0; k < size / 2; k++) {
        FFT_REAL c = cosines[k * (n / size)], s = -sines[k * (n / size)];
        FFT_REAL *r = real + i + k, *m = imaginary + i + k;
        FFT_REAL x = c * r[size / 2] - s * m[size / 2], y = c * m[size / 2] + s * r[size / 2];
        r[size / 2] = r[0] - x, m[size / 2] = m[0] - y;
        r[0] += x, m[0] += y;
      }
  for (k = 0; k <= n / 2; k++) power[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
}
