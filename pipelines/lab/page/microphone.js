// The microphone and the camera: opening them, and explaining why they cannot be opened.

import { h } from "./dom.js";

const LONGEST_START = 3000; // milliseconds
const NO_SOUND = "The browser does not start its sound. Plug in headphones or speakers, even if they stay silent, or drop a file instead.";

/** Why a microphone or a camera cannot be used, and the way out. */
export function whyNot(error, what) {
  const said = {
    NotAllowedError: `The browser does not let this page use the ${what}. Allow it in the address bar, at the left of the address, and try again.`,
    NotFoundError: `This computer has no ${what}, or it is unplugged. Plug one in, or drop a file instead.`,
    NotReadableError: `Another program is using the ${what}. Close it there and try again.`,
    SecurityError: `The browser lets only a page at 127.0.0.1 or over https use the ${what}.`,
  };
  return said[error.name] ?? `The ${what} cannot be used (${error.message || error.name}).`;
}

/** Ask for a device; the error has a sentence. */
export async function device(what, wanted) {
  if (!navigator.mediaDevices) throw new Error(whyNot({ name: "SecurityError" }, what));
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    throw new Error(whyNot(error, what));
  }
}

/** Records as long as it is told to, and shows the level meanwhile. */
export class Microphone {
  constructor(level) {
    this.level = level;
  }

  async start() {
    this.blocks = [];
    this.stream = await device("microphone", { audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule(new URL("page/recorder.js", document.baseURI.split("#")[0]));
    const source = this.context.createMediaStreamSource(this.stream);
    this.node = new AudioWorkletNode(this.context, "recorder", { numberOfOutputs: 1 });
    this.node.port.onmessage = ({ data }) => {
      this.blocks.push(data);
      let peak = 0;
      for (const value of data) peak = Math.max(peak, Math.abs(value));
      this.level(peak);
    };
    source.connect(this.node);
    this.node.connect(this.context.destination);
    // Firefox waits for ever where a computer has nothing that could play sound.
    const late = new Promise((_, refuse) => setTimeout(refuse, LONGEST_START, new Error(NO_SOUND)));
    try { await Promise.race([this.context.resume(), late]); } catch (error) { await this.stop(); throw error; }
  }

  /** Stop, and return {wav: Blob, seconds, peak}. */
  async stop() {
    const rate = this.context.sampleRate;
    this.stream.getTracks().forEach(track => track.stop());
    await this.context.close();
    this.level(0);
    const samples = new Float32Array(this.blocks.reduce((n, block) => n + block.length, 0));
    let at = 0, peak = 0;
    for (const block of this.blocks) { samples.set(block, at); at += block.length; }
    for (const value of samples) peak = Math.max(peak, Math.abs(value));
    return { wav: wav(samples, rate), seconds: samples.length / rate, peak };
  }
}

/** A WAV of 16 bits. */
export function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + 2 * samples.length, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  text(36, "data"); view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, value))), true));
  return new Blob([view.buffer], { type: "audio/wav" });
}

/** A button that records while it is held, by pointer or by Space and Enter. `got` is called with what `stop` returns. */
export function holdToSpeak(got, failed, words = "Hold to speak") {
  const bar = h("i", {}), meter = h("div", { class: "meter", "aria-hidden": "true" }, bar);
  let microphone = null, starting = null;
  const begin = () => {
    if (microphone) return;
    microphone = new Microphone(peak => bar.style.setProperty("width", `${Math.min(100, 130 * Math.sqrt(peak))}%`));
    button.setAttribute("aria-pressed", "true");
    button.textContent = "Listening … release the button when you have finished";
    starting = microphone.start().catch(error => { microphone = null; reset(); failed(error.message); throw error; });
    starting.catch(() => {});
  };
  const end = async () => {
    if (!microphone) return;
    const mine = microphone;
    microphone = null;
    try { await starting; } catch { return; }
    await new Promise(done => setTimeout(done, 150));
    const heard = await mine.stop();
    reset();
    if (heard.seconds < 0.25) failed("The recording is too short: hold the button while you speak.");
    else if (heard.peak < 1e-4) failed("The recording is silent: the microphone is muted, or the wrong one is selected. Choose another one in the browser's settings of this page.");
    else got(heard);
  };
  const reset = () => { button.setAttribute("aria-pressed", "false"); button.textContent = words; };
  const button = h("button", {
    type: "button", class: "main", "aria-pressed": "false",
    onpointerdown: event => { event.preventDefault(); button.focus(); begin(); }, onpointerup: end, onpointercancel: end, onpointerleave: end,
    onkeydown: event => { if ([" ", "Enter"].includes(event.key)) { event.preventDefault(); if (!event.repeat) begin(); } },
    onkeyup: event => { if ([" ", "Enter"].includes(event.key)) { event.preventDefault(); end(); } },
    onblur: end,
  }, words);
  return h("div", { class: "stack" }, button, meter);
}

/** A button that opens the camera, and one that takes a still. `got` is called with a PNG. */
export function camera(got, failed, signal) {
  const place = h("div", { class: "stack" });
  const open = h("button", { type: "button", onclick: async () => {
    try {
      const stream = await device("camera", { video: { width: 640, facingMode: "environment" } });
      signal.addEventListener("abort", () => stream.getTracks().forEach(track => track.stop()));
      const video = h("video", { autoplay: true, playsinline: true, muted: true, "aria-label": "what the camera sees" });
      video.srcObject = stream;
      await video.play();
      const take = h("button", { type: "button", class: "main", onclick: () => {
        const still = h("canvas", { width: video.videoWidth, height: video.videoHeight });
        still.getContext("2d").drawImage(video, 0, 0);
        still.toBlob(got, "image/png");
      } }, "Take the picture");
      const close = h("button", { type: "button", onclick: () => { stream.getTracks().forEach(track => track.stop()); place.replaceChildren(open); } }, "Close the camera");
      place.replaceChildren(video, h("div", { class: "row" }, take, close));
    } catch (error) { failed(error.message); }
  } }, "Use the camera");
  place.append(open);
  return place;
}
