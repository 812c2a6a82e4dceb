// Watch it learn: start a training, see every layer change, and break it on purpose.

import { keep, link } from "../address.js";
import { chart } from "../charts.js";
import { announce, command, field, fill, h, number, percent, problem, quoted, select } from "../dom.js";
import { weightPictures } from "../maps.js";
import { get, listen, post } from "../server.js";

const WORDS = {
  "getting ready": "getting ready: reading the samples", training: "learning", paused: "paused", stopping: "stopping",
  done: "done", stopped: "stopped", diverged: "diverged", failed: "failed",
};
const RUNNING = ["getting ready", "training", "paused", "stopping"];
const MARKS = { fine: "✓ fine", problem: "✗ problem", inconclusive: "? inconclusive" };

/** Show the room. */
export async function show(place, state, signal) {
  const offer = await get("offer", {}, signal);
  new Watch(place, state, offer, signal).build();
}

class Watch {
  constructor(place, state, offer, signal) {
    Object.assign(this, { place, state, offer, signal });
    this.task = offer.tasks[state.task] ? state.task : "images";
    this.entries = [];
    this.number = null;
  }

  build() {
    this.form = h("details", { class: "card", open: true });
    this.live = h("div", {});
    this.trouble = h("div", {});
    this.failures = h("section", { class: "card", "aria-label": "Break it" });
    fill(this.place,
      h("p", { class: "lead" }, "Choose a data set and a recipe, start, and watch. You see how the loss falls, how large the gradients are in every layer, and how the first weights change. Change a setting and start again to see its effect."),
      this.trouble, this.form, this.live, this.failures);
    this.fillForm();
    this.fillFailures(null);
    listen(news => this.hear(news), lost => this.lost(lost), this.signal);
  }

  lost(lost) {
    fill(this.trouble, lost ? problem("The lab does not answer. The page continues as soon as the lab answers.") : null);
  }

  // The form

  fillForm() {
    const task = this.offer.tasks[this.task], state = this.state;
    const preset = task.presets[state.preset] ? state.preset : "fast", recipe = task.presets[preset];
    const change = (name, value) => { this.state = { ...this.state, [name]: value }; this.keep(); };
    const fresh = changes => { this.state = { ...this.state, ...changes }; this.keep(); this.fillForm(); };
    const lessons = this.offer.lessons.filter(lesson => lesson.task === this.task).map(lesson => [`lesson:${lesson.name}`, `your lesson ${lesson.name}`]);
    const sets = [...lessons, ...task.datasets.map(set => [set.name, `${set.name} (${set.state})`])];
    const hidden = state.hidden !== undefined ? state.hidden.split(",").filter(Boolean).map(Number) : recipe.hidden;
    const start = h("button", { type: "button", class: "main", onclick: () => this.start() }, "Start");
    this.startButton = start;
    const slider = (name, text, value, ends, write) => {
      const output = h("output", {}, write(value));
      return field(text, h("input", { type: "range", ...ends, value, oninput: event => { output.textContent = write(Number(event.target.value)); }, onchange: event => change(name, event.target.value) }), output);
    };
    const rate = state.learning_rate !== undefined ? Number(state.learning_rate) : Math.log10(recipe.learning_rate);
    const widths = [8, 16, 32, 64, 128, 256, 512, 1024];
    const depth = hidden.length, width = hidden[0] ?? recipe.hidden[0];
    const setHidden = (depth, width) => change("hidden", depth ? Array(depth).fill(width).join(",") : ",");
    this.depth = depth; this.width = width;
    const depthOut = h("output", {}, depth), widthOut = h("output", {}, width);
    const rows = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 0];
    const chosenRows = Math.max(0, rows.indexOf(Number(state.rows ?? 0)));
    const rowsOut = h("output", {}, rows[chosenRows] || "all");
    fill(this.form, h("summary", {}, h("b", {}, "What to learn, and how")),
      h("div", { class: "stack" },
        h("div", { class: "row" },
          field("Kind", select(Object.keys(this.offer.tasks), this.task, value => { this.task = value; fresh({ task: value, dataset: undefined, preset: undefined, hidden: undefined, learning_rate: undefined, activation: undefined, dropout: undefined, epochs: undefined }); })),
          field("Data set", select(sets, state.dataset ?? task.default, value => change("dataset", value))),
          field("Preset", select(Object.keys(task.presets), preset, value => fresh({ preset: value, hidden: undefined, learning_rate: undefined, activation: undefined, dropout: undefined, epochs: undefined }))),
          field("Seed", h("input", { type: "number", min: 0, value: state.seed ?? 0, onchange: event => change("seed", event.target.value) }))),
        h("div", { class: "cards" },
          h("div", { class: "third stack" },
            slider("learning_rate", "Learning rate: length of a step", rate, { min: -5, max: 1, step: 0.1 }, value => number(10 ** value)),
            slider("epochs", "Epochs: passes over all samples", Number(state.epochs ?? recipe.epochs), { min: 1, max: 200, step: 1 }, value => value)),
          h("div", { class: "third stack" },
            field("Depth: hidden layers", h("input", { type: "range", min: 0, max: 8, value: depth, oninput: event => { this.depth = Number(event.target.value); depthOut.textContent = this.depth; setHidden(this.depth, this.width); } }), depthOut),
            field("Width: units in each", h("input", { type: "range", min: 0, max: widths.length - 1, value: Math.max(0, widths.indexOf(width)), oninput: event => { this.width = widths[event.target.value]; widthOut.textContent = this.width; setHidden(this.depth, this.width); } }), widthOut)),
          h("div", { class: "third stack" },
            slider("dropout", "Dropout: share of units left out in each step", Number(state.dropout ?? recipe.dropout), { min: 0, max: 0.9, step: 0.05 }, value => percent(value, 0)),
            field("Training samples", h("input", { type: "range", min: 0, max: rows.length - 1, value: chosenRows === 0 && !state.rows ? rows.length - 1 : chosenRows, oninput: event => { const n = rows[event.target.value]; rowsOut.textContent = n || "all"; change("rows", n || undefined); } }), rowsOut))),
        h("div", { class: "row" },
          field("Activation", select(this.offer.activations, state.activation ?? recipe.activation, value => change("activation", value))),
          field("First weights", select(this.offer.initializations, state.initialization ?? recipe.initialization, value => change("initialization", value))),
          field("Name of the model", h("input", { value: state.name ?? "", placeholder: `lab-${this.task}`, maxlength: 60, onchange: event => change("name", event.target.value) })),
          start),
        h("details", {}, h("summary", {}, "What the words mean"), h("dl", {}, this.offer.entries.map(entry => h("div", {}, h("dt", {}, entry.name), h("dd", {}, entry.meaning)))))));
  }

  keep() {
    keep("watch", { ...this.state, task: this.task });
  }

  asked() {
    const state = this.state, changes = {};
    for (const name of ["activation", "initialization"]) if (state[name]) changes[name] = state[name];
    for (const name of ["epochs", "dropout"]) if (state[name] !== undefined) changes[name] = Number(state[name]);
    if (state.learning_rate !== undefined) changes.learning_rate = Number((10 ** Number(state.learning_rate)).toPrecision(3));
    if (state.hidden !== undefined) changes.hidden = state.hidden.split(",").filter(Boolean).map(Number);
    const lesson = state.dataset?.startsWith("lesson:") ? state.dataset.slice(7) : null;
    return { task: this.task, preset: state.preset ?? "fast", seed: Number(state.seed ?? 0), rows: state.rows ? Number(state.rows) : null, name: state.name, changes, lesson, dataset: lesson ? null : state.dataset ?? this.offer.tasks[this.task].default };
  }

  async start() {
    fill(this.trouble);
    try {
      await post("train", {}, this.asked());
    } catch (error) { fill(this.trouble, problem(error.message)); }
  }

  // What comes from the server

  hear({ training, failure }) {
    if (training) {
      if (training.number !== this.number) this.begin(training);
      this.entries.splice(training.since, Infinity, ...training.entries);
      this.training = training;
      this.update();
    }
    if (failure) this.fillFailures(failure);
  }

  begin(training) {
    this.number = training.number;
    this.entries = [];
    this.form.open = false;
    this.parts = Object.fromEntries(["status", "curves", "layers", "weights", "words", "said"].map(name => [name, h("div", {})]));
    const { status, curves, layers, weights, words, said } = this.parts;
    fill(this.live, h("div", { class: "cards" },
      h("section", { class: "card", "aria-label": "How far it is" }, status),
      h("div", { class: "most column" },
        h("section", { class: "card" }, h("h2", {}, "Loss and accuracy"), curves),
        h("section", { class: "card" }, h("h2", {}, "Layer by layer"), layers)),
      h("div", { class: "third column" },
        h("section", { class: "card" }, h("h2", {}, "Diagnosis so far"), words),
        h("section", { class: "card" }, h("h2", {}, "Weights of the first units"), weights)),
      h("section", { class: "card" }, said)));
    this.statusKey = null;
  }

  update() {
    const { training, entries } = this;
    this.showStatus();
    fill(this.parts.said, h("h2", {}, "Messages about the data"), training.said.length ? h("ul", {}, training.said.map(line => h("li", { class: line.startsWith("warning") ? "inconclusive" : "" }, line))) : h("p", { class: "muted" }, "Nothing yet."),
      this.line());
    if (!entries.length) return;
    if (this.drawn === `${this.number}:${entries.length}`) return;
    this.drawn = `${this.number}:${entries.length}`;
    this.showCurves();
    this.showLayers();
    this.showWords();
    if (training.weights) {
      const { weights } = training;
      fill(this.parts.weights, h("p", { class: "small muted" }, `The weights of ${weights.units} of ${weights.of} units, in the shape of the input: blue is above 0, red is below 0.`), h("div", { class: "weights" }, weightPictures(weights)));
    } else fill(this.parts.weights, h("p", { class: "muted" }, "The input of this network is not a picture."));
  }

  line() {
    const { asked, preset, out } = this.training, recipe = this.offer.tasks[asked.task].presets[preset] ?? {};
    const changed = Object.entries(asked.recipe).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(recipe[name]));
    const words = changed.map(([name, value]) => `--set ${quoted(`${name}=${JSON.stringify(value).replace(/^"(.*)"$/, "$1")}`)}`);
    return command(["backprop train", asked.task, asked.dataset ? `--dataset ${quoted(asked.dataset)}` : "", `--preset ${preset}`, asked.seed ? `--seed ${asked.seed}` : "", asked.rows ? `--rows ${asked.rows}` : "", ...words, `--out ${quoted(out)}`, "--json"].filter(Boolean).join(" "));
  }

  showStatus() {
    const { training, entries } = this, running = RUNNING.includes(training.state), last = entries.at(-1);
    if (this.startButton) this.startButton.disabled = running;
    const key = `${training.number} ${training.state}`;
    const button = (words, what, given = {}) => h("button", { type: "button", ...given, onclick: () => post(`train/${what}`).catch(error => fill(this.trouble, problem(error.message))) }, words);
    if (this.statusKey !== key) {
      this.statusKey = key;
      this.bar = h("progress", { max: 1, value: 0, "aria-label": "epochs done" });
      this.facts = h("ul", { class: "facts" });
      const out = training.out;
      fill(this.parts.status,
        h("h2", {}, `Training ${training.number}: ${WORDS[training.state]}`),
        training.error ? problem(training.error) : null,
        this.bar, this.facts,
        h("div", { class: "row" },
          running && training.state !== "stopping" ? (training.state === "paused" ? button("Go on", "resume", { class: "main" }) : button("Pause", "pause")) : null,
          running && training.state !== "stopping" ? button("Stop, and keep the best", "stop") : null,
          training.record ? [
            h("a", { href: link("try", { model: out }) }, "Try it"),
            h("a", { href: link("apart", { model: out }) }, "Take it apart"),
            h("a", { href: link("models") }, "Compare it")] : null));
      announce(`Training ${training.number}: ${WORDS[training.state]}`);
    }
    const piece = training.piece, epochs = training.epochs;
    this.bar.value = piece ? piece.done / piece.total : epochs ? entries.length / epochs : 0;
    const seconds = entries.reduce((sum, entry) => sum + (entry.seconds ?? 0), 0);
    const left = running && epochs && entries.length ? seconds / entries.length * (epochs - entries.length) : null;
    const fact = (name, value) => h("li", {}, `${name} `, h("b", {}, value));
    fill(this.facts,
      piece ? fact(piece.title, percent(piece.done / piece.total, 0)) : null,
      epochs ? fact("epoch", `${entries.length} of ${epochs}`) : null,
      left !== null ? fact("left", `${Math.round(left)} s`) : null,
      training.sizes ? fact("samples", `${training.sizes.train.toLocaleString("en")} to learn from, ${training.sizes.valid.toLocaleString("en")} to check`) : null,
      last?.valid ? fact("right on new samples", percent(last.valid.accuracy, 2)) : null,
      training.record ? fact("best epoch", training.record.best_epoch) : null,
      training.record?.test ? fact("test", percent(training.record.test.accuracy, 2)) : null,
      training.record ? fact("kept in", training.out) : null);
  }

  showCurves() {
    const finished = this.entries.filter(entry => entry.train);
    const of = (role, name) => finished.map(entry => [entry.epoch, entry[role][name]]);
    const way = (role, name, write) => finished.length ? `${role === "train" ? "Training" : "validation"} from ${write(finished[0][role][name])} to ${write(finished.at(-1)[role][name])}` : "";
    const lines = name => [{ name: "training", points: of("train", name) }, { name: "validation", points: of("valid", name) }];
    fill(this.parts.curves, h("div", { class: "figures" },
      chart({ title: "Loss", lines: lines("loss"), across: "epoch", trend: `${way("train", "loss", number)}, ${way("valid", "loss", number)}.`, least: 0 }),
      chart({ title: "Accuracy", lines: lines("accuracy"), across: "epoch", share: true, trend: `${way("train", "accuracy", percent)}, ${way("valid", "accuracy", percent)}.` })));
  }

  showLayers() {
    const watched = this.entries.filter(entry => entry.health), last = watched.at(-1)?.health;
    if (!last) return;
    const some = n => [...new Set([0, Math.floor(n / 3), Math.floor(2 * n / 3), n - 1])].filter(i => i >= 0);
    const lines = (name, word) => some(last[name].length).map(i => ({ name: `${word} ${i + 1}`, points: watched.map(entry => [entry.epoch, entry.health[name][i]]) }));
    const [low, high] = this.training.band;
    const widths = this.training.recipe.hidden;
    fill(this.parts.layers, h("div", { class: "figures" },
      chart({ title: "Gradients: size in each layer", lines: lines("gradient", "layer"), across: "epoch", log: true, trend: `Now ${number(last.gradient[0])} in the first layer and ${number(last.gradient.at(-1))} in the last.` }),
      chart({ title: "Updates: share of the weights that a step changes", lines: lines("update_ratio", "layer"), across: "epoch", log: true, band: [Math.max(low, 1e-5), high], trend: `Now ${number(last.update_ratio[0])} in the first layer and ${number(last.update_ratio.at(-1))} in the last; about 0.001 is usual.` })),
      last.dead.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "hidden layers" }, h("table", { class: "numbers" },
        h("caption", {}, "Hidden layers, after the latest epoch. Dead units put out 0 for every sample and can never learn again."),
        h("thead", {}, h("tr", {}, ["hidden layer", "units", "dead", "mean output", "spread", "saturated"].map(text => h("th", { scope: "col" }, text)))),
        h("tbody", {}, last.dead.map((dead, i) => h("tr", {}, h("th", { scope: "row" }, i + 1), h("td", {}, widths[i] ?? "–"),
          h("td", {}, deadBar(dead), ` ${percent(dead, 0)}`), h("td", {}, number(last.mean[i])), h("td", {}, number(last.sd[i])), h("td", {}, percent(last.saturated[i], 0))))))) : null);
  }

  showWords() {
    const { findings } = this.training, running = RUNNING.includes(this.training.state);
    if (!findings.length) return;
    const early = running && this.entries.length < Math.max(4, this.training.epochs / 5);
    const order = ["problem", "inconclusive", "fine"];
    const sorted = [findings[0], ...findings.slice(1).sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))];
    fill(this.parts.words, h("ul", { class: "findings" }, sorted.map((finding, i) => i === 0 && early ? h("li", {}, h("span", { class: "mark inconclusive" }, MARKS.inconclusive), h("span", { class: "name" }, "fit"), h("p", {}, "The training has just begun. It is too early to tell underfitting from overfitting.")) : h("li", {},
      running && finding.name === "not converged" ? [h("span", { class: "mark inconclusive" }, MARKS.inconclusive), h("span", { class: "name" }, "still learning")]
        : [h("span", { class: `mark ${finding.verdict}` }, MARKS[finding.verdict]), h("span", { class: "name" }, i === 0 && running ? `so far: ${finding.name}` : finding.name)],
      finding.advice ? h("p", {}, finding.advice) : null,
      Object.keys(finding.changes ?? {}).length ? h("button", { type: "button", class: "quiet", onclick: () => this.take(finding.changes) }, `Take this advice: ${Object.entries(finding.changes).map(([name, value]) => `${name} ${value}`).join(", ")}`) : null))));
  }

  take(changes) {
    const state = { ...this.state };
    for (const [name, value] of Object.entries(changes)) {
      if (name === "learning_rate") state.learning_rate = Math.log10(value).toFixed(2);
      else if (["activation", "epochs", "dropout", "initialization"].includes(name)) state[name] = String(value);
    }
    this.state = state;
    this.keep();
    this.fillForm();
    this.form.open = true;
    this.form.querySelector("summary").focus();
  }

  // Failures on purpose

  fillFailures(failure) {
    const running = failure && ["training", "stopping"].includes(failure.state);
    const fail = given => post("fail", {}, given).then(started => this.fillFailures(started)).catch(error => fill(this.failing, problem(error.message)));
    this.failing = h("div", {});
    fill(this.failures, h("h2", {}, "Break it"), h("p", { class: "muted" }, "Five failures on purpose, each with its cure. They are trained now, on this computer."),
      h("div", { class: "row" }, this.offer.failures.map(each => h("button", { type: "button", disabled: running, title: each.question, "aria-pressed": failure?.name === each.name ? "true" : "false", onclick: () => fail({ name: each.name }) }, each.name)),
        running ? h("button", { type: "button", onclick: () => fail({ stop: true }) }, "Stop") : null),
      this.failing,
      failure ? [
        h("h3", {}, failure.question),
        running ? h("p", { role: "status" }, `Trial ${failure.trials.length + 1} of ${failure.total} is running …`) : null,
        failure.error ? problem(failure.error) : null,
        h("div", { class: "trials" }, failure.trials.map(trial => this.trial(trial))),
        failure.record ? h("p", { class: "note-box" }, failure.record.cured ? failure.record.lesson : "This time the cure did not work; the numbers above show why.") : null,
        command(`backprop demonstrate ${failure.name} --json`)] : null);
  }

  trial(trial) {
    const points = role => trial.history.filter(entry => entry[role]).map(entry => [entry.epoch, entry[role].loss]);
    const changes = Object.entries(trial.changes);
    return h("article", {}, h("h3", {}, trial.name),
      changes.length ? h("p", { class: "small muted" }, changes.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ")) : null,
      h("p", {}, "Verdict: ", h("b", { class: trial.verdict === "good fit" ? "fine" : "problem" }, trial.verdict), trial.gradients?.length ? `, ${trial.gradients.join(", ")}` : ""),
      chart({ title: `Loss of ${trial.name}`, lines: [{ name: "training", points: points("train") }, { name: "validation", points: points("valid") }], across: "epoch", least: 0, trend: trial.train ? `At the end: training ${percent(trial.train.accuracy)}, validation ${percent(trial.valid?.accuracy)} right.` : "It diverged in the first epoch." }),
      trial.first_gradient !== null ? h("p", { class: "small" }, `Gradient of the first layer ${number(trial.first_gradient)}, of the last ${number(trial.last_gradient)}.`) : null,
      h("p", { class: "small" }, trial.why, " ", trial.remark));
  }
}

function deadBar(share) {
  return h("span", { class: "track", "aria-hidden": "true", style: { display: "inline-block", width: "5rem", height: ".7rem", background: `linear-gradient(to right, var(--control) ${100 * share}%, color-mix(in srgb, var(--line) 45%, transparent) ${100 * share}%)` } });
}
