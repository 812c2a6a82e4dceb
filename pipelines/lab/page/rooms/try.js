// Try: give a model a sample, and see its answer at once.

import { keep, link } from "../address.js";
import { announce, command, field, fill, h, later, number, percent, problem, quoted, select } from "../dom.js";
import { BrowserEngine, engine } from "../engine.js";
import { activity, axes, given, signed, units } from "../maps.js";
import { camera, holdToSpeak } from "../microphone.js";
import { chooser, models, none } from "../models.js";
import { Pad } from "../pad.js";
import { fileAddress, get, post } from "../server.js";

const PAGE = 24;

/** Show the room. */
export async function show(place, state, signal) {
  const { usable, broken } = await models(signal);
  if (!usable.length) { fill(place, none(broken)); return; }
  new Try(place, state, usable, broken, signal).build();
}

class Try {
  constructor(place, state, usable, broken, signal) {
    Object.assign(this, { place, usable, broken, signal });
    this.model = usable.find(model => model.path === state.model) ?? usable[0];
    this.sample = state.sample ?? null;
    this.threshold = Number(state.threshold ?? 0);
    this.from = Number(state.from ?? 0);
    this.asked = 0;
    this.draw = null;
    this.busy = false;
    this.explain = later(() => this.showEvidence(), 350);
    this.instant = null; // the engine in the browser, once it is there
    this.ask = later(() => this.draw && this.send(), 200);
  }

  build() {
    this.told = h("div", { class: "card seven" }, h("h2", {}, "The answer"), h("p", { class: "muted" }, "There is no answer yet: draw, speak or write something, or choose a sample."));
    this.seen = h("section", { class: "card", "aria-label": "What the network was given" });
    this.seen.hidden = true;
    this.trouble = h("div", {});
    fill(this.place,
      h("p", { class: "lead" }, this.lead()),
      h("div", { class: "row" }, chooser(this.usable, this.model.path, path => this.choose(path))),
      this.broken.map(model => h("p", { class: "problem-box" }, model.error)),
      this.trouble,
      h("div", { class: "cards" }, h("section", { class: "card five" }, h("h2", {}, "Give it something"), this.inputs()), this.told, this.seen,
        h("section", { class: "card" }, h("h2", {}, "Or choose a test sample, which the model has not learned from"), this.tests = h("div", {}))));
    document.addEventListener("paste", event => this.paste(event), { signal: this.signal });
    this.showTests();
    if (this.sample) this.look();
    setTimeout(() => BrowserEngine.of(this.model.path, this.signal).then(found => { this.instant = found; }, () => {}), 300);
  }

  lead() {
    const does = { images: "Draw, drop or paste a picture", speech: "Hold the button and say a word, or drop a recording", text: "Write a sentence" }[this.model.task];
    return `${does}. The model answers at once. It knows: ${this.model.labels.slice(0, 12).join(", ")}${this.model.labels.length > 12 ? ` and ${this.model.labels.length - 12} more` : ""}.`;
  }

  choose(path) {
    location.hash = link("try", { model: path, threshold: this.threshold || null });
  }

  keep() {
    keep("try", { model: this.model.path, sample: this.sample, threshold: this.threshold || null, from: this.from || null });
  }

  inputs() {
    const fail = text => fill(this.trouble, problem(text));
    if (this.model.task === "text") {
      const write = later(() => area.value.trim() && this.give(area.value), 200);
      const area = h("textarea", { "aria-label": "text", placeholder: "how do I get to the station", oninput: () => { if (this.instant && area.value.trim()) this.guess(() => area.value); write(); } });
      return h("div", { class: "stack" }, area, this.files(".txt,text/plain"));
    }
    if (this.model.task === "speech") {
      this.player = h("audio", { controls: true, "aria-label": "what was heard" });
      this.player.hidden = true;
      return h("div", { class: "stack" }, holdToSpeak(heard => this.give(heard.wav), fail), this.player, this.files("audio/*"));
    }
    this.pad = new Pad(draw => this.drawn(draw), this.model.ground);
    return h("div", { class: "stack" }, this.pad.element, this.files("image/*"), camera(blob => this.give(blob), fail, this.signal));
  }

  files(accept) {
    const box = h("div", { class: "drop" }, field("A file (or drop it here, or paste it)", h("input", { type: "file", accept, onchange: event => event.target.files[0] && this.give(event.target.files[0]) })));
    box.addEventListener("dragover", event => { event.preventDefault(); box.classList.add("over"); });
    box.addEventListener("dragleave", () => box.classList.remove("over"));
    box.addEventListener("drop", event => {
      event.preventDefault();
      box.classList.remove("over");
      const file = event.dataTransfer.files[0];
      if (file) this.give(file);
    });
    return box;
  }

  paste(event) {
    const file = [...event.clipboardData.files][0];
    if (file && this.model.task !== "text") { event.preventDefault(); this.give(file); }
  }

  // The browser answers each stroke as it grows. The server is asked once the hand rests, or at once where the browser
  // has no engine yet; one question at a time, so that of what is drawn meanwhile only the latest waits.
  drawn(draw) {
    this.draw = draw;
    if (draw && this.instant) { this.guess(() => this.pad.copy()); this.ask(); } else if (draw) this.send();
  }

  guess(input) {
    if (this.guessing) return;
    this.guessing = true;
    requestAnimationFrame(() => {
      this.guessing = false;
      const answer = this.instant.guess(input(), this.threshold);
      if (answer && !this.signal.aborted) this.showGuess(answer);
    });
  }

  showGuess(answer) {
    this.asked++; // an answer of the server to an earlier stroke comes too late
    if (!this.line) fill(this.told, h("h2", {}, "The answer"), this.line = h("p", { class: "said" }), this.table = h("div", {}));
    this.said(answer, null);
    this.told.dataset.by = "browser";
  }

  async send() {
    if (this.busy) return;
    this.busy = true;
    while (this.draw !== null && !this.signal.aborted) {
      const now = this.draw;
      this.draw = null;
      await this.give(await now()).catch(() => {});
    }
    this.busy = false;
  }

  async give(content) {
    const asked = ++this.asked;
    if (this.player && content instanceof Blob) {
      this.player.src = URL.createObjectURL(content);
      this.player.hidden = false;
    }
    await this.show(asked, () => engine.answer(this.model.path, content instanceof File && this.model.task === "text" ? content.text() : content, this.threshold, this.signal));
  }

  look() {
    return this.show(++this.asked, () => engine.look(this.model.path, this.sample, this.threshold, this.signal));
  }

  async show(asked, ask) {
    try {
      const found = await ask();
      if (asked !== this.asked) return;
      this.sample = found.sample;
      fill(this.trouble);
      this.keep();
      this.showAnswer(found);
    } catch (error) {
      if (this.signal.aborted || asked !== this.asked) return;
      this.line = null; // where the answer would be: above, it would push the pad away from under the pen
      fill(this.told, h("h2", {}, "The answer"), problem(error.message));
    }
  }

  showAnswer(found) {
    const { answer, truth } = found, name = this.model.path;
    this.found = found;
    const training = this.model.threshold;
    const slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, value: this.threshold, "aria-label": "threshold", oninput: event => { this.threshold = Number(event.target.value); this.look(); } });
    const hadFocus = document.activeElement?.getAttribute("aria-label") === "threshold";
    fill(this.told,
      h("h2", {}, "The answer"),
      this.line = h("p", { class: "said" }),
      (answer.warnings ?? []).map(warning => h("p", { class: "note-box" }, warning)),
      this.table = h("div", {}),
      field("Answers less probable than this are “unknown”", slider, `${percent(this.threshold, 0)}${training ? ` (the training suggested ${percent(training, 0)})` : ""}`),
      h("div", { class: "row middle" },
        h("a", { href: link("apart", { model: name, sample: found.sample, label: truth }) }, "Take this answer apart"),
        h("a", { href: fileAddress("sample", { model: name, sample: found.sample }), download: "sample" }, "Save the sample")),
      this.correction(truth),
      command(`backprop predict ${quoted(name)} sample --top ${this.model.labels.length}${this.threshold ? ` --threshold ${this.threshold}` : ""} --json`));
    this.said(answer, truth);
    this.told.dataset.by = "server";
    if (hadFocus) this.told.querySelector("[aria-label=threshold]").focus();
    this.showSeen(found);
  }

  said(answer, truth) {
    const words = answer.unknown ? "unknown" : answer.label;
    announce(`${words}, ${percent(answer.probability)}`);
    fill(this.line, h("b", {}, words), h("span", {}, answer.unknown ? `best guess ${answer.top[0].label}, ${percent(answer.probability)}` : percent(answer.probability)),
      truth === null ? null : h("span", { class: truth === answer.label ? "fine" : "problem" }, truth === answer.label ? "✓ right" : `✗ it is ${truth}`));
    fill(this.table, bars(answer.top, this.threshold, truth));
  }

  correction(truth) {
    const done = h("span", { role: "status" });
    const choice = h("select", { "aria-label": "what it was" }, this.model.labels.map(label => h("option", { selected: label === truth }, label)));
    return h("details", {}, h("summary", {}, "Wrong? Choose the right class"),
      h("div", { class: "row" }, choice, h("button", { type: "button", onclick: async () => {
        try {
          const kept = await post("correct", { model: this.model.path, sample: this.sample, label: choice.value });
          fill(done, `The sample is kept: ${kept.n} corrections so far. To learn from them too:`, h("pre", { class: "command", tabindex: 0 }, h("code", {}, `backprop train ${this.model.task} --dataset ${quoted(this.model.dataset)} --dataset ${quoted(kept.manifest)}`)));
        } catch (error) { fill(done, problem(error.message)); }
      } }, "Keep it for the next training")), done);
  }

  showSeen(found) {
    this.seen.hidden = false;
    this.why = h("figure", {});
    const shown = found.shown, answer = found.answer.top[0].label;
    fill(this.seen, h("h2", {}, "The network's input, and the evidence for its answer"),
      h("div", { class: "maps" },
        shown ? h("figure", {}, given(shown, `what the network was given: ${shown.width} by ${shown.height}`), h("figcaption", {}, `${shown.width} × ${shown.height}${shown.channels === 3 ? ", in colour" : ""}`), axes(shown)) : null,
        this.why,
        found.layers.map((layer, i) => h("figure", {}, units(layer.values, { label: `layer ${layer.name}: ${activity(layer.values)}` }),
          h("figcaption", {}, h("strong", {}, i === found.layers.length - 1 ? "The last layer: a number for each class" : `Layer ${layer.name}, after its activation`), activity(layer.values))))),
      h("p", { class: "legend" }, h("span", {}, h("i", { class: "blue" }), "for the answer; units above 0"), h("span", {}, h("i", { class: "red" }), "against it; units below 0")));
    if (shown || this.model.task === "text") { fill(this.why, h("figcaption", {}, `computing the evidence for ${answer} …`)); this.explain(); }
  }

  async showEvidence(label = null) {
    const asked = this.asked, figure = this.why;
    try {
      const found = await get("evidence", { model: this.model.path, sample: this.sample, label }, this.signal);
      if (asked !== this.asked) return;
      const wide = Boolean(this.found.shown?.across), values = found.words?.map(word => word.evidence) ?? found.values;
      const most = Math.max(...values.map(Math.abs), 0);
      fill(figure, found.words ? words(found.words, most) : signed(found, `evidence for ${found.label}: the strongest place has ${number(most)} ${found.unit}`, wide),
        h("figcaption", {}, "Evidence for ", select(this.model.labels, found.label, chosen => this.showEvidence(chosen), { "aria-label": "evidence for" }), ` in ${found.unit}; strongest ${number(most)}`));
    } catch (error) {
      if (!this.signal.aborted && asked === this.asked) fill(figure, h("figcaption", {}, error.message));
    }
  }

  async showTests() {
    fill(this.tests, h("p", { class: "muted" }, `Reading ${this.model.dataset} …`));
    try {
      const found = await get("tests", { model: this.model.path, from: this.from }, this.signal);
      const pictures = this.model.task === "images";
      fill(this.tests,
        h("ul", { class: `samples tests${pictures ? "" : " long"}` }, found.samples.map(sample => h("li", {}, h("button", { type: "button", onclick: () => this.pick(sample) },
          pictures ? h("img", { src: fileAddress("sample", { model: this.model.path, sample: sample.sample }), alt: "", loading: "lazy" }) : null,
          sample.text ? `${sample.text} (${sample.label})` : sample.label, h("span", { class: "unseen" }, ` sample ${sample.sample}`))))),
        h("div", { class: "row middle" },
          h("button", { type: "button", disabled: this.from === 0, onclick: () => this.turn(-PAGE) }, "Earlier"),
          h("button", { type: "button", disabled: this.from + PAGE >= found.total, onclick: () => this.turn(PAGE) }, "Later"),
          h("span", { class: "muted" }, `${found.from + 1} to ${Math.min(found.from + PAGE, found.total)} of ${found.total} test samples of ${found.dataset}`)));
    } catch (error) {
      if (!this.signal.aborted) fill(this.tests, h("p", { class: "muted" }, error.message));
    }
  }

  turn(by) {
    this.from = Math.max(0, this.from + by);
    this.keep();
    this.showTests();
  }

  pick({ sample }) {
    this.sample = sample;
    if (this.player) {
      this.player.src = fileAddress("sample", { model: this.model.path, sample });
      this.player.hidden = false;
    }
    this.look();
  }
}

/** The words of a text, each with what it says for an answer. */
function words(found, most) {
  return h("p", { class: "words" }, found.map(({ word, begins, evidence: value }) => [begins ? " " : "",
    h("span", { class: value < 0 ? "against" : "for", style: { "--share": most ? `${Math.round(60 * Math.abs(value) / most)}%` : "0%" } }, word, h("sub", {}, ` ${value > 0 ? "+" : ""}${number(value)}`))]));
}

/** The classes with their probabilities, the threshold as a line across. */
export function bars(top, threshold = 0, truth = null, most = 10) {
  return h("table", { class: "bars", "aria-label": "Probability of each class, the most probable first" },
    h("tbody", {}, top.slice(0, most).map(({ label, probability }) => h("tr", { class: label === truth ? "true" : null },
      h("th", { scope: "row", title: label }, label),
      h("td", {}, h("div", { class: "track" }, h("i", { style: { width: `${100 * probability}%` } }), threshold > 0 ? h("u", { style: { left: `${100 * threshold}%` } }) : null)),
      h("td", {}, percent(probability)))),
    top.length > most ? h("tr", {}, h("th", { scope: "row" }, `${top.length - most} more`), h("td", {}), h("td", {}, percent(top.slice(most).reduce((sum, each) => sum + each.probability, 0)))) : null));
}

