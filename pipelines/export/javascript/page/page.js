/**
 * The page: a model to try, in one file that needs no network.
 *
 * @module
 */

import { Microphone } from "./microphone.js";
import { Pad } from "./pad.js";
import { pixelsOf } from "./picture_files.js";
import { samplesOf } from "./sound_files.js";
import { element, made, percent, showAnswer, showGiven, showLayers, showProblem, tell } from "./views.js";

/** @typedef {import("../model.js").Model} Model */

class Page {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.threshold = model.threshold;
    /** The last question, which is asked again when the threshold is moved. @type {[any, number?] | null} */
    this.asked = null;
  }

  /**
   * Answer a sample and show everything; return the answer, or null if there is none.
   *
   * @param {any} input
   * @param {number} [rate]
   * @param {boolean} [isFinished] whether to tell people who do not see the page
   */
  ask(input, rate, isFinished = true) {
    this.asked = [input, rate];
    try {
      const { answer, given, layers } = this.model.look(input, rate, { threshold: this.threshold });
      showAnswer(answer, this.threshold);
      showGiven(given);
      showLayers(layers);
      if (isFinished) tell(answer);
      return { answer, given };
    } catch (error) {
      this.refuse(error);
      return null;
    }
  }

  /** @param {Error} error */
  refuse(error) {
    showProblem(error.message);
    element("said").textContent = error.message;
  }

  /** Forget what was asked. */
  forget() {
    this.asked = null;
    showProblem("");
  }
}

/** @param {Page} page */
function drawOn(page) {
  let isWaiting = false;
  const pad = new Pad(element("pad"), (isFinished) => {
    if (pad.isEmpty) return page.forget();
    if (isFinished) return page.ask(pad.paper);
    if (isWaiting) return undefined;
    isWaiting = true; // while the pen moves, one answer for each picture that the screen shows
    requestAnimationFrame(() => {
      isWaiting = false;
      if (!pad.isEmpty) page.ask(pad.paper, undefined, false);
    });
    return undefined;
  });
  element("undo").onclick = () => pad.undo();
  element("clear").onclick = () => pad.clear();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pad.redraw());
}

/** @param {Page} page */
function recordFor(page) {
  const microphone = new Microphone();
  const button = element("record");
  let isHeld = false;
  microphone.heard = (level) => (element("level").style.width = `${isHeld ? 100 * Math.min(1, Math.sqrt(level)) : 0}%`);
  const press = async () => {
    if (isHeld) return;
    isHeld = true;
    button.classList.add("held");
    element("record-said").textContent = "Listening. Release the button after the word.";
    try {
      await microphone.start();
    } catch (error) {
      release();
      page.refuse(error);
    }
  };
  /** Stop listening, and answer the recording. */
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    button.classList.remove("held");
    element("level").style.width = "0";
    element("record-said").textContent = "Hold the button, say one word, release the button.";
    const samples = microphone.stop();
    if (samples.length) hear(page, samples, microphone.rate);
    else page.refuse(new Error("The microphone was not ready yet: hold the button once more."));
  };
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, release);
  const isKey = (event) => event.key === " " || event.key === "Enter";
  button.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener("keyup", (event) => isKey(event) && release());
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch must not open a menu
}

/** Answer a recording, and let the user play it. @param {Page} page @param {any} channels @param {number} rate */
function hear(page, channels, rate) {
  const found = page.ask(channels, rate);
  element("again").hidden = !found;
  if (found?.given.kind !== "sound") return found;
  const { waveform, rate: sr, start, stop } = found.given;
  element("again").onclick = () => {
    const context = new AudioContext();
    const buffer = context.createBuffer(1, stop - start, sr);
    buffer.copyToChannel(waveform.slice(start, stop), 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.onended = () => context.close();
    source.start();
  };
  return found;
}

/**
 * Answer each of some files, and show the last one completely; several are listed with their answers.
 *
 * @param {Page} page
 * @param {File[]} files
 */
async function answerFiles(page, files) {
  const list = element("files");
  if (files.length > 1) list.replaceChildren();
  for (const file of files) {
    let sample;
    try {
      sample = page.model.task === "speech" ? await samplesOf(file) : { picture: await pixelsOf(file) };
    } catch (error) {
      page.refuse(error);
      list.append(made("li", {}, `${file.name}: ${error.message}.`));
      continue;
    }
    const show = () => (sample.picture ? page.ask(sample.picture) : hear(page, sample.channels, sample.rate))?.answer;
    const answer = show();
    const said = answer ? `${answer.label ?? "unknown"}, ${percent(answer.probability)}` : element("problem").textContent;
    const again = made("button", { type: "button", className: "link", onclick: show }, file.name);
    list.append(made("li", {}, again, `: ${said}`));
  }
}

/** Take files that are dropped anywhere, pasted, or chosen. @param {Page} page */
function takeFiles(page) {
  const take = (files) => files.length && answerFiles(page, [...files]);
  const chooser = element("choose");
  chooser.onchange = () => {
    take(chooser.files);
    chooser.value = ""; // so that the same file can be chosen again
  };
  addEventListener("paste", ({ clipboardData }) => take(clipboardData?.files ?? []));
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    take(event.dataTransfer?.files ?? []);
  });
}

/** @param {Page} page */
function readFor(page) {
  const field = element("text");
  field.addEventListener("input", () => (field.value.trim() ? page.ask(field.value) : page.forget()));
}

/** Let the reader choose the threshold. @param {Page} page */
function chooseThreshold(page) {
  const range = element("threshold");
  const say = () => (element("threshold-said").textContent = percent(page.threshold));
  range.value = String(Math.round(100 * page.threshold));
  range.oninput = () => {
    page.threshold = Number(range.value) / 100;
    say();
    if (page.asked) page.ask(...page.asked);
  };
  say();
}

/** Say in the footer whether this browser gives the model's own answers. @param {Model} model */
function showSelfTest(model) {
  const { passed, error, tolerance } = model.selfTest();
  element("self-test").className = passed ? "fine" : "problem";
  element("self-test").textContent = passed
    ? `✓ Self-test passed: this browser gives the model's own probabilities, to within ${error.toExponential(0)}.`
    : `✗ Self-test failed: the error of this browser is ${error.toFixed(4)}, and at most ${tolerance} is allowed. Do not trust its answers.`;
}

/** Start the page. @param {Model} model */
export function start(model) {
  const page = new Page(model);
  if (element("pad")) drawOn(page);
  if (element("record")) recordFor(page);
  if (element("choose")) takeFiles(page);
  if (element("text")) readFor(page);
  chooseThreshold(page);
  showSelfTest(model);
  document.body.dataset.state = "ready";
}
