/**
 * Sound files: from a dropped or chosen recording to samples.
 *
 * The browser decodes, and brings what it decodes to the rate that it is asked for. So it is asked for the rate that the
 * file says it has, and the engine alone changes the rate.
 *
 * @module
 */

const USUAL = 48000;
const LOWEST = 8000; // that every browser can decode to
const HIGHEST = 96000;

/**
 * @param {Blob} file
 * @returns {Promise<{ channels: Float32Array[], rate: number }>}
 * @throws {Error} where it is none that the browser can read
 */
export async function samplesOf(file) {
  const content = await file.arrayBuffer();
  const said = rateOf(new DataView(content));
  const rate = said >= LOWEST && said <= HIGHEST ? said : USUAL;
  try {
    const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(content);
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, k) => decoded.getChannelData(k));
    return { channels, rate: decoded.sampleRate };
  } catch {
    throw new Error("the browser cannot read this recording; convert it to WAV");
  }
}

/** Return the samples a second that a WAV or FLAC file says it has; of others the usual rate. @param {DataView} view */
export function rateOf(view) {
  const word = (at) => (at + 4 <= view.byteLength ? view.getUint32(at) : 0);
  if (word(0) === 0x664c6143 && view.byteLength > 21) return word(18) >>> 12; // "fLaC": 20 bits of STREAMINFO
  if (word(0) !== 0x52494646 || word(8) !== 0x57415645) return USUAL; // "RIFF", "WAVE"
  for (let at = 12; at + 16 <= view.byteLength; at += 8 + view.getUint32(at + 4, true)) {
    if (word(at) === 0x666d7420) return view.getUint32(at + 12, true); // "fmt "
  }
  return USUAL;
}
