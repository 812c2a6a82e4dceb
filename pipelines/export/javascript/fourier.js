/**
 * The Fourier transform of a frame of sound: how much of each frequency is in it.
 *
 * Cooley and Tukey 1965, https://doi.org/10.1090/S0025-5718-1965-0178586-1, for lengths that are a power of two; by the
 * formula itself for others.
 *
 * @module
 */

export class Fourier {
  /** @param {Float64Array} window [length], even; what each sample of a frame is multiplied by */
  constructor(window) {
    const { length } = window;
    this.window = window;
    this.length = length;
    this.frame = new Float64Array(length);
    this.isPowerOfTwo = (length & (length - 1)) === 0;
    this.cos = Float64Array.from({ length }, (_, k) => Math.cos((2 * Math.PI * k) / length));
    this.sin = Float64Array.from({ length }, (_, k) => -Math.sin((2 * Math.PI * k) / length));
    this.real = new Float64Array(length);
    this.imaginary = new Float64Array(length);
  }

  /**
   * Return the power at each frequency, |X_k|^2 for k from 0 to length / 2, of the frame that begins at a place. Beyond
   * its ends the waveform counts as zero.
   *
   * @param {Float64Array} waveform
   * @param {number} start
   * @returns {Float64Array} [1 + length / 2]
   */
  power(waveform, start) {
    const { frame } = this;
    const inside = waveform.subarray(Math.max(0, start), Math.max(0, start + this.length));
    frame.fill(0);
    frame.set(inside, Math.max(0, -start));
    for (let i = 0; i < frame.length; i++) frame[i] *= this.window[i];
    if (this.isPowerOfTwo) this.#quick(frame);
    else this.#plain(frame);
    const power = new Float64Array(1 + this.length / 2);
    for (let k = 0; k < power.length; k++) power[k] = this.real[k] ** 2 + this.imaginary[k] ** 2;
    return power;
  }

  /** @param {Float64Array} frame */
  #quick(frame) {
    const { length: n, real, imaginary, cos, sin } = this;
    for (let i = 0, j = 0; i < n; i++) {
      real[j] = frame[i];
      imaginary[j] = 0;
      let bit = n >> 1; // j counts as i does, from the other end
      while (j & bit) (j ^= bit), (bit >>= 1);
      j |= bit;
    }
    for (let size = 2; size <= n; size *= 2) {
      for (let start = 0; start < n; start += size) {
        for (let k = 0; k < size / 2; k++) {
          const c = cos[(k * n) / size];
          const s = sin[(k * n) / size];
          const a = start + k;
          const b = a + size / 2;
          const re = real[b] * c - imaginary[b] * s;
          const im = real[b] * s + imaginary[b] * c;
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
  }

  /** @param {Float64Array} frame */
  #plain(frame) {
    for (let k = 0; k <= this.length / 2; k++) {
      let [re, im] = [0, 0];
      for (let i = 0; i < this.length; i++) {
        re += frame[i] * this.cos[(i * k) % this.length];
        im += frame[i] * this.sin[(i * k) % this.length];
      }
      this.real[k] = re;
      this.imaginary[k] = im;
    }
  }
}
