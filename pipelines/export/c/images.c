/* ---- A picture: its pixels are the row of features. ---- */

int backprop_predict(const float *input, size_t n, float *probabilities) {
  static float row[BACKPROP_FEATURES], z[BACKPROP_CLASSES];
  long i;
  if (!input || !probabilities) return BACKPROP_NO_INPUT;
  if (n != BACKPROP_FEATURES) return BACKPROP_WRONG_LENGTH;
  for (i = 0; i < BACKPROP_FEATURES; i++) {
    if (!(fabsf(input[i]) <= 1e6f)) return BACKPROP_NOT_A_NUMBER;
    row[i] = input[i];
  }
  memset(z, 0, sizeof z);
  add_logits(row, z);
  to_probabilities(z, 1, probabilities);
  return BACKPROP_OK;
}
