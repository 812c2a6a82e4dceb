/* ---- The network. ---- */

static float layer_a[WIDEST], layer_b[WIDEST];

#if NEEDS_DENSE
static void dense(const float *x, float *y, const float *weights, const float *bias, long n_in, long n_out) {
  long i, j; /* the weights of one output stand side by side */
  for (j = 0; j < n_out; j++) {
    const float *w = weights + j * n_in;
    float sum[4] = {0, 0, 0, 0}, rest = 0;
    for (i = 0; i + 4 <= n_in; i += 4) {
      sum[0] += w[i] * x[i];
      sum[1] += w[i + 1] * x[i + 1];
      sum[2] += w[i + 2] * x[i + 2];
      sum[3] += w[i + 3] * x[i + 3];
    }
    for (; i < n_in; i++) rest += w[i] * x[i];
    y[j] = bias[j] + (sum[0] + sum[1]) + (sum[2] + sum[3]) + rest;
  }
}
#endif

#if NEEDS_DENSE_INT8
static signed char eight_bits[WIDEST];

static void dense_int8(const float *x, float *y, const signed char *weights, const float *scales, const float *bias,
                       float per_step, long n_in, long n_out) {
  long i, j;
  for (i = 0; i < n_in; i++) {
    float steps = floorf(x[i] * per_step + 0.5f);
    eight_bits[i] = (signed char)(steps > 127.0f ? 127.0f : steps < -127.0f ? -127.0f : steps);
  }
  for (j = 0; j < n_out; j++) {
    const signed char *w = weights + j * n_in;
    long sum = 0;
    float scaled;
    for (i = 0; i < n_in; i++) sum += (long)w[i] * eight_bits[i];
    scaled = (float)sum * scales[j];
    y[j] = scaled + bias[j];
  }
}
#endif

#if NEEDS_LAYER_NORM
static void layer_norm(float *x, const float *gamma, const float *beta, float eps, long n) {
  double mean = 0, var = 0;
  float m, inverse;
  long i;
  for (i = 0; i < n; i++) mean += x[i];
  m = (float)(mean / (double)n);
  for (i = 0; i < n; i++) var += (double)(x[i] - m) * (x[i] - m);
  inverse = 1 / sqrtf((float)(var / (double)n) + eps);
  for (i = 0; i < n; i++) x[i] = (x[i] - m) * inverse * gamma[i] + beta[i];
}
#endif

#if NEEDS_SCALE
static void scale(float *x, const float *by, const float *shift, long n) {
  long i;
  for (i = 0; i < n; i++) x[i] = x[i] * by[i] + shift[i];
}
#endif
