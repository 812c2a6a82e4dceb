int backprop_selftest(void) {
  static float input[GOLDEN_LENGTH];
  float probabilities[BACKPROP_CLASSES];
  long i;
  int code;
  for (i = 0; i < GOLDEN_LENGTH; i++) input[i] = (float)golden[i] / GOLDEN_UNIT;
  code = backprop_predict(input, GOLDEN_LENGTH, probabilities);
  if (code != BACKPROP_OK) return code;
  for (i = 0; i < BACKPROP_CLASSES; i++)
    if (!(fabsf(probabilities[i] - golden_probabilities[i]) <= GOLDEN_TOLERANCE)) return BACKPROP_ERRORS;
  return BACKPROP_OK;
}
