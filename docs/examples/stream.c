/* Words as they are spoken: hands a microphone's buffers to an exported model, and says each word once.
 *
 *   cc -std=c99 stream.c words.c -lm -o stream
 *   arecord -q -t raw -f FLOAT_LE -r 8000 | ./stream
 *
 * It reads float32 at BACKPROP_SR from standard input. A window of a second is answered four times a second. A word
 * counts if PATIENCE windows in a row say it with at least BACKPROP_THRESHOLD; then nothing is said for REFRACTORY
 * windows, in which the same word is still in sight. */
#include MODEL_HEADER

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BUFFER 256               /* samples that a driver hands over at a time */
#define WINDOW BACKPROP_SR       /* a second */
#define STEP (BACKPROP_SR / 4)
#define PATIENCE 2
#define REFRACTORY 4
#define QUIET 1e-4f              /* mean square, below which there is no voice */

static float window[WINDOW];
static float probabilities[BACKPROP_CLASSES];
static long filled, since, waiting, agreed, last_label = -1;

static void answer(void) {
  double square = 0;
  long i, best = 0;
  for (i = 0; i < WINDOW; i++) square += (double)window[i] * window[i];
  if (square / WINDOW < QUIET || backprop_predict(window, WINDOW, probabilities) != BACKPROP_OK) {
    agreed = 0, last_label = -1;
    return;
  }
  for (i = 1; i < BACKPROP_CLASSES; i++)
    if (probabilities[i] > probabilities[best]) best = i;
  if (probabilities[best] < (float)BACKPROP_THRESHOLD) best = -1;
  agreed = best >= 0 && best == last_label ? agreed + 1 : best >= 0;
  last_label = best;
  if (agreed >= PATIENCE && waiting == 0) {
    printf("%s %.2f\n", backprop_labels[best], (double)probabilities[best]);
    fflush(stdout);
    waiting = REFRACTORY;
  }
}

static void feed(const float *samples, long n) { /* n is at most WINDOW */
  memmove(window, window + n, (size_t)(WINDOW - n) * sizeof(float));
  memcpy(window + WINDOW - n, samples, (size_t)n * sizeof(float));
  filled += n, since += n;
  if (filled >= WINDOW && since >= STEP) {
    since = 0;
    if (waiting > 0) waiting--;
    answer();
  }
}

int main(void) {
  static float buffer[BUFFER];
  size_t n;
  if (backprop_selftest() != 0) {
    fputs("the model does not reproduce its golden sample here\n", stderr);
    return 1;
  }
  while ((n = fread(buffer, sizeof(float), BUFFER, stdin)) > 0) feed(buffer, (long)n);
  return 0;
}
