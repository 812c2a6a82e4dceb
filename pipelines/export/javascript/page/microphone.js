/**
 * The microphone: it records while a button is held, and keeps a little of the sound before.
 *
 * It stays open until the page is left, so that the beginning of a word is not lost; the browser shows that it is open.
 * The sound never leaves the page.
 *
 * @module
 */

const BEFORE = 0.25; // seconds kept from before the button was pressed
const LONGEST = 30; // seconds
const LONGEST_START = 3000; // milliseconds

/** The errors of a browser by name, each as a sentence that says what to do. */
const REASONS = {
  NotFoundError: "There is no microphone: plug one in, or choose a recording.",
  NotAllowedError:
    "The browser may not use the microphone: allow it beside the page's address, or choose a recording.",
  NotReadableError:
    "Another program is using the microphone, or it does not answer: close that program, or choose a recording.",
};
const INSECURE =
  "A page that was loaded over plain http may not record: open it from disk or over https, or choose a recording.";
const NO_AUDIO = "This browser cannot work with sound (it has no Web Audio): open the page in another browser.";
const NO_SOUND =
  "The browser does not start its sound: plug in headphones or speakers, even if they stay silent, or choose a recording.";

/** Passes on the sound; it runs in the audio thread, so it must be a text of its own. */
const LISTENER = `registerProcessor("listener", class extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) this.port.postMessage(channels[0].slice());
    return true;
  }
});`;

export class Microphone {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {Float32Array[]} */
    this.blocks = [];
    this.isHeld = false;
    /** Called with the level of each block, from 0 to 1. @type {(level: number) => void} */
    this.heard = () => {};
  }

  /** Samples a second. */
  get rate() {
    return this.context?.sampleRate ?? 0;
  }

  /**
   * Start to record.
   *
   * @throws {Error} where nothing can be heard; the message is a sentence
   */
  async start() {
    this.isHeld = true;
    if (!this.context) await this.#open();
    // Firefox waits for ever where a computer has nothing that could play sound.
    const late = new Promise((_, refuse) => setTimeout(refuse, LONGEST_START, new Error(NO_SOUND)));
    await Promise.race([this.context?.resume(), late]);
  }

  /** Return the sound since the start, and a little of the sound before. @returns {Float32Array} */
  stop() {
    this.isHeld = false;
    const samples = new Float32Array(this.blocks.reduce((n, block) => n + block.length, 0));
    let at = 0;
    for (const block of this.blocks) {
      samples.set(block, at);
      at += block.length;
    }
    this.blocks = [];
    return samples;
  }

  async #open() {
    if (typeof AudioContext === "undefined") throw new Error(NO_AUDIO);
    if (!isSecureContext || !navigator.mediaDevices) throw new Error(INSECURE);
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, ...plain } });
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The microphone cannot be used (${error.message}): choose a recording.`);
    }
    const context = new AudioContext();
    const source = context.createMediaStreamSource(stream);
    source.connect(await this.#listener(context));
    this.context = context;
  }

  /** @param {AudioContext} context @returns {Promise<AudioNode>} */
  async #listener(context) {
    try {
      await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(LISTENER)}`);
      const node = new AudioWorkletNode(context, "listener", { numberOfOutputs: 0 });
      node.port.onmessage = ({ data }) => this.#keep(data, context.sampleRate);
      return node;
    } catch {
      // Some browsers refuse worklets to pages from disk.
      const node = context.createScriptProcessor(1024, 1, 1);
      node.onaudioprocess = ({ inputBuffer }) => this.#keep(inputBuffer.getChannelData(0).slice(), context.sampleRate);
      node.connect(context.destination);
      return node;
    }
  }

  /** @param {Float32Array} block @param {number} rate */
  #keep(block, rate) {
    this.blocks.push(block);
    const seconds = this.isHeld ? LONGEST : BEFORE;
    while (this.blocks.length * block.length > seconds * rate) this.blocks.shift();
    this.heard(block.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0));
  }
}
