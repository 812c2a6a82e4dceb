// Teach: your own classes, from a few drawings, words or sentences to a model.

import { keep, link } from "../address.js";
import { announce, command, field, fill, h, number, problem, quoted, select } from "../dom.js";
import { camera, holdToSpeak } from "../microphone.js";
import { Pad } from "../pad.js";
import { fileAddress, get, post } from "../server.js";
import { Waveform } from "../waveform.js";

const KINDS = [["images", "pictures"], ["speech", "spoken words"], ["text", "sentences"]];

/** Show the room. */
export async function show(place, state, signal) {
  const { lessons } = await get("lessons", {}, signal);
  const room = new Teach(place, state, lessons, signal);
  await room.build();
}

class Teach {
  constructor(place, state, lessons, signal) {
    Object.assign(this, { place, state, lessons, signal });
    this.picked = new Set();
    this.person = state.person ?? "";
  }

  async build() {
    this.trouble = h("div", {});
    this.body = h("div", {});
    fill(this.place,
      h("p", { class: "lead" }, "Name some classes, give each a few samples, and train. Everything is stored in an ordinary folder on this computer, and the command line can use it too."),
      this.begin(), this.trouble, this.body);
    const name = this.state.lesson ?? this.lessons[0];
    if (name && this.lessons.includes(name)) await this.do(() => get(`lessons/${encodeURIComponent(name)}`, {}, this.signal));
  }

  begin() {
    const name = h("input", { maxlength: 60, placeholder: "my-shapes", required: true });
    let kind = "images";
    return h("details", { class: "card", open: this.lessons.length === 0 },
      h("summary", {}, h("b", {}, "Make a lesson, or open another")),
      h("form", { class: "row", onsubmit: event => { event.preventDefault(); this.do(() => post(`lessons/${encodeURIComponent(name.value)}`, {}, { task: kind })); } },
        field("Name of the lesson", name), field("Kind of samples", select(KINDS, kind, value => { kind = value; })), h("button", { class: "main" }, "Begin")),
      h("div", { class: "row" },
        this.lessons.length ? field("An existing lesson", select([["", "choose …"], ...this.lessons], "", value => value && this.do(() => get(`lessons/${encodeURIComponent(value)}`)))) : null,
        field("A lesson from a zip", h("input", { type: "file", accept: ".zip", onchange: event => event.target.files[0] && this.do(() => post("lessons/import", {}, event.target.files[0])) }))));
  }

  get path() {
    return `lessons/${encodeURIComponent(this.lesson.name)}`;
  }

  /** Ask for a change, and show the lesson as it then is. Returns whether it was made. */
  async do(ask, said = "") {
    try {
      const lesson = await ask();
      const other = this.lesson?.name !== lesson.name;
      this.lesson = lesson;
      fill(this.trouble);
      if (other) { this.picked.clear(); this.label = lesson.classes[0]?.name ?? null; this.layOut(); }
      if (!lesson.classes.some(each => each.name === this.label)) this.label = lesson.classes[0]?.name ?? null;
      keep("teach", { lesson: lesson.name, person: this.person || null });
      this.update();
      if (said) announce(said);
      return true;
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, problem(error.message));
      return false;
    }
  }

  change(what, given, said) {
    return this.do(() => post(`${this.path}/${what}`, {}, given), said);
  }

  layOut() {
    this.place.querySelector("details").open = false;
    Object.assign(this, { classes: h("section", { class: "card seven", "aria-label": "Classes" }), collect: h("section", { class: "card five", "aria-label": "Collect" }), train: h("section", { class: "card half", "aria-label": "Train" }), care: h("section", { class: "card half", "aria-label": "Keep and delete" }) });
    fill(this.body, h("div", { class: "cards" }, this.collect, this.classes, this.train, this.care));
    this.target = h("div", {});
    this.pieces = h("div", { class: "stack" });
    fill(this.collect, h("h2", {}, "Collect"), this.target, this.inputs(), this.pieces);
  }

  update() {
    const { lesson } = this, names = lesson.classes.map(each => each.name);
    fill(this.target, h("div", { class: "row" },
      names.length ? field("The next samples are", select(names, this.label, value => { this.label = value; })) : h("p", { class: "note-box" }, "Name a class first, on the card Classes."),
      field(lesson.task === "speech" ? "Whose voice" : "Whose handwriting (if you like)", h("input", { value: this.person, maxlength: 40, placeholder: "anna", onchange: event => { this.person = event.target.value.trim(); keep("teach", { lesson: lesson.name, person: this.person }); } }))));
    this.showClasses();
    this.showTrain();
    this.showCare();
  }

  // Collecting

  async add(content, name = "") {
    if (!this.label) { fill(this.trouble, problem("Name a class first.")); return false; }
    const label = this.label;
    return this.do(() => post(`${this.path}/add`, { label, person: this.person, name }, content), `added to ${label}`);
  }

  inputs() {
    const failed = text => fill(this.trouble, problem(text));
    const accept = { images: "image/*", speech: "audio/*", text: ".txt" }[this.lesson.task];
    const several = async files => { for (const file of files) await (this.lesson.task === "speech" ? this.heard(file) : this.add(file, file.name)); };
    const files = h("div", { class: "drop" }, field("Files (or drop them here)", h("input", { type: "file", multiple: true, accept, onchange: async event => { await several([...event.target.files]); event.target.value = ""; } })));
    files.addEventListener("dragover", event => { event.preventDefault(); files.classList.add("over"); });
    files.addEventListener("dragleave", () => files.classList.remove("over"));
    files.addEventListener("drop", event => { event.preventDefault(); files.classList.remove("over"); several([...event.dataTransfer.files]); });
    if (this.lesson.task === "text") {
      const area = h("textarea", { "aria-label": "sentences, one in each line", placeholder: "one sentence in each line" });
      return h("div", { class: "stack" }, area, h("button", { type: "button", class: "main", onclick: async () => {
        for (const line of area.value.split("\n").map(line => line.trim()).filter(Boolean)) await this.add(line);
        area.value = "";
      } }, "Add"), files);
    }
    if (this.lesson.task === "speech") {
      return h("div", { class: "stack" }, h("p", { class: "small muted" }, "Hold the button and say the word, or say it several times with pauses. The recording is then cut into its words."),
        holdToSpeak(heard => this.heard(heard.wav), failed, "Hold to record"), files);
    }
    let draw = null;
    const pad = new Pad(now => { draw = now; });
    const put = h("button", { type: "button", class: "main", onclick: async () => {
      if (!draw) { failed("Draw something first."); return; }
      const picture = draw(), strokes = pad.strokes;
      pad.clear(); // at once, so that the next drawing can begin while this one is on its way
      if (!await this.add(await picture)) pad.restore(strokes);
    } }, "Add this drawing");
    return h("div", { class: "stack" }, pad.element, put, camera(blob => this.add(blob), failed, this.signal), files);
  }

  async heard(content) {
    if (!this.label) { fill(this.trouble, problem("Name a class first.")); return; }
    try {
      const found = await post(`${this.path}/cut`, {}, content, this.signal);
      fill(this.trouble, found.problem ? problem(found.problem) : null);
      if (found.words.length) this.showPieces(found, content); else fill(this.pieces);
    } catch (error) { if (!this.signal.aborted) fill(this.trouble, problem(error.message)); }
  }

  showPieces(found, content) {
    const words = found.words.map(([start, end]) => [start, end, this.label]);
    const rows = h("tbody", {}), sound = h("audio", { controls: true, "aria-label": "the recording", src: URL.createObjectURL(content) });
    const wave = new Waveform({ ...found, words }, () => list());
    const list = () => fill(rows, words.map((word, i) => h("tr", {}, h("th", { scope: "row" }, i + 1),
      edges(word, `word ${i + 1}`, wave).map(edge => h("td", {}, edge)),
      h("td", {}, select(this.lesson.classes.map(each => each.name), word[2], label => { word[2] = label; }, { "aria-label": `class of word ${i + 1}` })),
      h("td", {}, h("button", { type: "button", class: "quiet", onclick: () => { words.splice(i, 1); wave.paint(); list(); } }, "leave out")))));
    list();
    fill(this.pieces, h("h3", {}, `${words.length} ${words.length === 1 ? "word" : "words"} in ${number(found.seconds)} seconds`),
      h("p", { class: "small muted" }, "If a cut is wrong, move its edge."), wave.canvas, sound,
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "words" }, h("table", { class: "numbers" }, h("thead", {}, h("tr", {}, ["", "start", "end", "class", ""].map(text => h(text ? "th" : "td", { scope: text ? "col" : null }, text)))), rows)),
      h("div", { class: "row" }, h("button", { type: "button", class: "main", onclick: async () => {
        const kept = await this.do(() => post(`${this.path}/pieces`, {}, { recording: found.recording, person: this.person, words }), `${words.length} words added`);
        if (kept) fill(this.pieces);
      } }, "Keep these words"), h("button", { type: "button", onclick: () => fill(this.pieces) }, "Discard the recording")));
  }

  /** Show a recording of the lesson, to keep a part of it. */
  async trim(path) {
    try {
      const content = await (await fetch(fileAddress(`${this.path}/file`, { path }))).blob();
      const found = await post(`${this.path}/cut`, {}, content, this.signal), ends = found.words.flat();
      const word = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, found.seconds];
      const kept = h("div", { class: "row" }), wave = new Waveform({ ...found, words: [word] }, () => list());
      const list = () => fill(kept, edges(word, "the part to keep", wave).map((edge, i) => field(i ? "to" : "Keep from", edge)));
      list();
      fill(this.pieces, h("h3", {}, "Trim a sample"), h("p", { class: "small muted" }, "Move the edges. The sound outside them is removed; you can undo this."), wave.canvas,
        h("audio", { controls: true, "aria-label": "the sample", src: URL.createObjectURL(content) }), kept,
        h("div", { class: "row" }, h("button", { type: "button", class: "main", onclick: async () => {
          if (await this.change("trim", { path, start: word[0], end: word[1] }, "trimmed")) fill(this.pieces);
        } }, "Keep this part"), h("button", { type: "button", onclick: () => fill(this.pieces) }, "Do not trim")));
      this.pieces.querySelector("input").focus();
    } catch (error) { if (!this.signal.aborted) fill(this.trouble, problem(error.message)); }
  }

  // Classes

  showClasses() {
    const { lesson } = this, most = Math.max(1, ...lesson.classes.map(each => each.n));
    const name = h("input", { maxlength: 200, placeholder: lesson.classes.length ? "another" : "circle", required: true });
    const focused = document.activeElement?.id === "new-class";
    name.id = "new-class";
    const present = new Set(lesson.classes.flatMap(each => each.samples.map(sample => sample.path)));
    this.picked = new Set([...this.picked].filter(path => present.has(path)));
    fill(this.classes, h("h2", {}, `Classes of ${lesson.name}`),
      h("form", { class: "row", onsubmit: event => { event.preventDefault(); const label = name.value.trim(); this.change("class", { name: label }, `class ${label}`).then(made => { if (made) { this.label = label; this.update(); } }); } },
        field("Name of a class", name), h("button", {}, "Add the class"),
        h("button", { type: "button", disabled: !lesson.undo, onclick: () => this.change("undo", {}, "undone") }, lesson.undo ? `Undo ${lesson.undo}` : "Nothing to undo")),
      this.picked.size ? this.toolbar() : null,
      lesson.classes.map(each => h("div", { class: "class" },
        h("div", { class: "head" }, h("h3", {}, each.name), h("span", { class: "muted" }, `${each.n} sample${each.n === 1 ? "" : "s"}${each.people.length ? `, by ${each.people.join(", ")}` : ""}`),
          h("button", { type: "button", class: "quiet", onclick: () => this.change("remove-class", { name: each.name }, `class ${each.name} removed`) }, "remove the class")),
        h("div", { class: "meter", "aria-hidden": "true" }, h("i", { style: { width: `${100 * each.n / most}%` } })),
        h("ul", { class: "taught" }, each.samples.map((sample, i) => h("li", {}, this.sample(sample, each, i)))))),
      lesson.advice.map(text => h("p", { class: "note-box" }, text)));
    if (focused) document.getElementById("new-class").focus();
  }

  sample({ path, person }, { name }, i) {
    const pressed = this.picked.has(path) ? "true" : "false", address = fileAddress(`${this.path}/file`, { path });
    const toggle = () => {
      if (this.picked.has(path)) this.picked.delete(path); else this.picked.add(path);
      if (this.lesson.task === "speech" && this.picked.has(path)) new Audio(address).play().catch(() => {});
      this.showClasses();
    };
    const label = `${name} ${i + 1}${person ? ` by ${person}` : ""}`;
    if (this.lesson.task === "images") return h("button", { type: "button", "aria-pressed": pressed, onclick: toggle }, h("img", { src: address, alt: label, loading: "lazy" }));
    return h("button", { type: "button", "aria-pressed": pressed, onclick: toggle, "aria-label": label }, this.lesson.task === "speech" ? `▶ ${i + 1}` : `“${i + 1}”`);
  }

  toolbar() {
    const paths = [...this.picked], others = this.lesson.classes.map(each => each.name);
    return h("div", { class: "note-box row", role: "group", "aria-label": "chosen samples" }, h("span", {}, `${paths.length} chosen`),
      h("button", { type: "button", onclick: () => this.change("remove", { paths }, "removed") }, "Delete"),
      this.lesson.task === "speech" && paths.length === 1 ? h("button", { type: "button", onclick: () => this.trim(paths[0]) }, "Trim") : null,
      field("or move to", select([["", "…"], ...others], "", async label => { for (const path of paths) await this.change("relabel", { path, label }, `moved to ${label}`); this.picked.clear(); this.showClasses(); })));
  }

  // Training, keeping, deleting

  showTrain() {
    const { lesson } = this, ready = lesson.classes.length > 1 && lesson.classes.every(each => each.n > 2);
    const out = `models/${lesson.name}.safetensors`;
    const files = h("div", { role: "status" });
    fill(this.train, h("h2", {}, "Train"),
      h("p", {}, ready ? "A first result takes only a few seconds." : "A training needs at least two classes with three samples each; twenty are better."),
      h("button", { type: "button", class: "main", disabled: !ready, onclick: async () => {
        try {
          await post("train", {}, { task: lesson.task, lesson: lesson.name, name: lesson.name });
          location.hash = link("watch", { task: lesson.task, dataset: `lesson:${lesson.name}` });
        } catch (error) { fill(files, problem(error.message)); }
      } }, "Train on this lesson, and watch"), files,
      h("p", { class: "small muted" }, "The model is then in the folder models, and in the room ", h("a", { href: "#/try" }, "Try"), "."),
      command(`backprop train ${lesson.task} --dataset ${quoted(lesson.manifest)} --out ${quoted(out)}`, `backprop diagnose ${quoted(out)} --out reports`));
  }

  showCare() {
    const { lesson } = this;
    let person = lesson.people[0];
    fill(this.care, h("h2", {}, "Keep and delete"),
      h("p", {}, "The folder ", h("code", {}, lesson.folder), " is the lesson: a folder for each class, and a manifest."),
      h("p", {}, h("a", { href: fileAddress(`${this.path}/zip`), download: `${lesson.name}.zip` }, "Save the lesson as a zip")),
      lesson.people.length ? h("details", {}, h("summary", {}, "Delete a person permanently"),
        h("p", {}, "All samples of this person are deleted from the disk, also those that you removed before. You cannot undo this."),
        h("div", { class: "row" }, field("Person", select(lesson.people, person, value => { person = value; })), h("button", { type: "button", onclick: () => this.change("forget", { person }, `${person} deleted`) }, "Delete permanently"))) : null);
  }
}

/** The two fields of seconds in which a word of a waveform can be moved. */
function edges(word, what, wave) {
  return ["start", "end"].map((name, edge) => h("input", { type: "number", step: 0.01, min: 0, max: wave.seconds, value: word[edge].toFixed(2), "aria-label": `${name} of ${what} in seconds`, onchange: event => { word[edge] = Number(event.target.value); wave.paint(); } }));
}
