/**
 * Resampling: the same sound with fewer samples a second, or more.
 *
 * Between its samples a sound is a sum of sin(x) / x, one for each sample (Shannon 1949). What lies above half of the
 * lower rate is taken out on the way, or it would come back as false tones. The sum is kept short by a Kaiser window,
 * which lets pass what is below 0.913 of that limit and stops by 120 dB what is above: as soxr's quality HQ does.
 *
 * Crochiere and Rabiner 1983, Multirate Digital Signal Processing; Kaiser 1974 for the window.
 *
 * @module
 */

const PASSED = 0.9136; // of half the lower rate: what is below stays as it is
const ATTENUATION = 20 * 20 * Math.log10(2); // in decibels, 20 bits
const BETA = 0.1102 * (ATTENUATION - 8.7); // of the window, for this attenuation

/**
 * @param {Float32Array} samples
 * @param {number} from samples a second that there are
 * @param {number} to samples a second that are wanted
 * @returns {Float32Array}
 */
export function resample(samples, from, to) {
  // A steep filter is long. Where many samples become few, a gentle one first leaves twice as many as are wanted.
  let steps = Math.max(1, Math.floor(from / (2 * to)));
  while (from % steps) steps -= 1;
  if (steps > 1) {
    samples = filtered(samples, from, from / steps, to / from, 2 / steps - to / from);
    from /= steps;
  }
  const limit = Math.min(from, to) / from;
  return filtered(samples, from, to, PASSED * limit, limit);
}

/**
 * Return a sound at another rate, of its frequencies those that are below a limit.
 *
 * @param {Float32Array} samples
 * @param {number} from
 * @param {number} to
 * @param {number} passed what is below stays as it is, in halves of the given rate
 * @param {number} stopped what is above is taken out
 * @returns {Float32Array}
 */
function filtered(samples, from, to, passed, stopped) {
  const middle = (passed + stopped) / 2;
  const transition = (stopped - passed) * Math.PI; // radians a sample
  const reach = (ATTENUATION - 7.95) / (2.285 * transition) / 2; // samples on either side that count
  const phases = new Map();
  const found = new Float32Array(Math.max(1, Math.round((samples.length * to) / from)));
  for (let k = 0; k < found.length; k++) {
    const whole = Math.floor((k * from) / to);
    const phase = (k * from) % to; // the place is whole + phase / to
    let weights = phases.get(phase);
    if (!weights) phases.set(phase, (weights = weightsAt(phase / to, middle, reach)));
    const first = whole + Math.ceil(phase / to - reach);
    let total = 0;
    const start = Math.max(0, -first);
    const stop = Math.min(weights.length, samples.length - first);
    for (let i = start; i < stop; i++) total += weights[i] * samples[first + i];
    found[k] = total;
  }
  return found;
}

/** Return what the samples around a place count that lies `part` of a sample behind one. */
function weightsAt(part, middle, reach) {
  const first = Math.ceil(part - reach);
  const n = Math.floor(part + reach) - first + 1;
  return Float64Array.from({ length: n }, (_, i) => {
    const distance = part - (first + i);
    const window = bessel(BETA * Math.sqrt(Math.max(0, 1 - (distance / reach) ** 2))) / bessel(BETA);
    const x = Math.PI * middle * distance;
    return window * middle * (x === 0 ? 1 : Math.sin(x) / x);
  });
}

/** The modified Bessel function of the first kind and order 0, by its series. @param {number} x */
function bessel(x) {
  let [total, term] = [1, 1];
  for (let k = 1; term > total * 1e-17; k++) total += term *= (x / (2 * k)) ** 2;
  return total;
}
