// Take it apart: one sample, one step, and every number of it.

import { keep, link } from "../address.js";
import { chart } from "../charts.js";
import { announce, command, field, fill, h, later, number, percent, problem, quoted, select } from "../dom.js";
import { activity, axes, given, signed, units } from "../maps.js";
import { chooser, models, none } from "../models.js";
import { get } from "../server.js";
import { CHAPTERS } from "../story.js";

const MOST_STEPS = 1000;

/** Show the room. */
export async function show(place, state, signal) {
  const { usable, broken } = await models(signal);
  if (!usable.length) { fill(place, none(broken)); return; }
  const room = new Apart(place, state, usable, signal);
  room.build();
  await room.load();
}

/** A table of numbers that scrolls where it is too wide. */
function table(name, ...parts) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name }, h("table", { class: "numbers" }, parts));
}

class Apart {
  constructor(place, state, usable, signal) {
    Object.assign(this, { place, usable, signal });
    this.model = usable.find(model => model.path === state.model) ?? usable.find(model => model.task === "images") ?? usable[0];
    this.state = { chapter: "forward", sample: "test:0", ...state, model: this.model.path };
    this.asked = 0;
    this.reload = later(() => this.load(), 250);
  }

  get chapter() {
    return CHAPTERS.find(chapter => chapter.name === this.state.chapter) ?? CHAPTERS[0];
  }

  get back() {
    return ["backward", "update", "again", "frozen"].includes(this.chapter.name);
  }

  build() {
    this.trouble = h("div", {});
    this.story = h("section", { class: "story", "aria-label": "The story" });
    this.flow = h("section", { class: "card", "aria-label": "The network" });
    this.error = h("section", { class: "card half", "aria-label": "The error" });
    this.step = h("section", { class: "card half", "aria-label": "The step" });
    this.inspector = h("section", { class: "card", "aria-label": "What you point at", "aria-live": "polite" });
    this.inspector.hidden = true;
    const test = /^test:(\d+)$/.exec(this.state.sample);
    fill(this.place,
      h("div", { class: "row" },
        chooser(this.usable, this.model.path, model => { location.hash = link("apart", { chapter: this.chapter.name, model }); }),
        field("Test sample", h("input", { type: "number", min: 0, value: test ? test[1] : "", placeholder: "your own", onchange: event => this.change({ sample: `test:${event.target.value || 0}`, label: null, steps: null, at: null }) })),
        this.labelField = h("div", {}),
        h("a", { href: link("try", { model: this.model.path }) }, "draw or say one")),
      this.trouble,
      h("nav", { "aria-label": "Chapters" }, this.chapters = h("ol", { class: "chapters" })),
      this.story,
      h("div", { class: "cards" }, this.flow, this.inspector, this.error, this.step));
    this.tell();
  }

  tell() {
    fill(this.chapters, CHAPTERS.map(chapter => h("li", {}, h("a", {
      href: link("apart", { ...this.state, ...chapter.state, chapter: chapter.name }),
      "aria-current": chapter === this.chapter ? "step" : null,
      onclick: event => { event.preventDefault(); this.change({ ...chapter.state, chapter: chapter.name }); },
    }, chapter.title))));
    fill(this.story, this.chapter.text.map(paragraph => h("p", {}, paragraph)));
  }

  change(changes) {
    this.state = { ...this.state, ...changes };
    keep("apart", this.state);
    this.tell();
    return this.load();
  }

  wanted() {
    const { model, sample, label, rate, steps, frozen } = this.state;
    return { model, sample, label, rate, steps, frozen };
  }

  async load() {
    const asked = ++this.asked;
    try {
      const found = await get("step", this.wanted(), this.signal);
      if (asked !== this.asked) return;
      fill(this.trouble);
      this.found = found;
      this.showLabel();
      this.showFlow();
      this.showError();
      this.showStep();
      await this.point(this.state.at);
    } catch (error) {
      if (!this.signal.aborted && asked === this.asked) fill(this.trouble, problem(error.message));
    }
  }

  showLabel() {
    const { record, truth } = this.found;
    fill(this.labelField, field(truth ? "It truly is" : "What is it truly?", select(this.model.labels, record.label, label => this.change({ label, at: null }))));
  }

  // The network from left to right

  blocks() {
    const blocks = [];
    for (const layer of this.found.layers) {
      if (layer.kind === "dense") blocks.push({ first: layer, layers: [layer], last: layer });
      else if (blocks.length && !layer.passes) { blocks.at(-1).layers.push(layer); blocks.at(-1).last = layer; }
    }
    return blocks;
  }

  showFlow() {
    const { record, shown, input_blame: blame } = this.found, blocks = this.blocks(), back = this.back;
    this.grids = {};
    const arrow = () => h("span", { class: `arrow${back ? " back" : ""}`, "aria-hidden": "true" }, back ? "←" : "→");
    const sample = h("div", { class: "stage" }, h("h3", {}, "The sample"),
      shown ? [given(shown, `what the network was given, ${shown.width} by ${shown.height}`), axes(shown)] : h("p", {}, `${record.input.shape[1].toLocaleString("en")} numbers, ${(record.input.shape[1] - record.input.n_zero).toLocaleString("en")} of them are not 0.`),
      back && blame ? [h("p", { class: "red-word" }, "Blame of each place"), signed({ ...blame, values: blame.values.map(value => -value) }, "places of the sample that raised the loss, and places that lowered it", Boolean(shown?.across)), h("p", {}, "Red places raised the loss, blue places lowered it.")] : null);
    const stages = blocks.map((block, i) => {
      const last = i === blocks.length - 1, { values, errors } = block.last;
      const pick = unit => this.change({ at: `${block.first.name}:${unit}` });
      const chosen = this.chosenIn(block);
      const top = units(values, { label: `outputs: ${activity(values)}`, chosen, onpick: pick });
      const bottom = back && errors ? units(errors, { label: `blame: ${activity(errors)}`, chosen, onpick: pick, back: true }) : null;
      const strongest = values.map((value, unit) => [Math.abs(value), unit]).sort(([a], [b]) => b - a).slice(0, 3).map(([, unit]) => unit);
      return [arrow(), h("div", { class: "stage" },
        h("h3", {}, last ? "Votes" : `Hidden layer ${i + 1}`),
        h("p", { class: "muted" }, `${block.layers.map(layer => layer.settings.activation ?? layer.kind.replace("_", " ")).join(", ")}: ${values.length} units`),
        top,
        bottom ? [h("p", { class: "red-word" }, last ? "Error: answer minus truth" : this.frozenHere(block) ? "Blame, which is not used" : "Blame that came back"), bottom] : null,
        h("div", { class: "units-line" },
          h("label", { class: "inline" }, "unit", h("input", { type: "number", min: 0, max: values.length - 1, value: chosen ?? "", "aria-label": `unit of ${last ? "the last layer" : `hidden layer ${i + 1}`}`, onchange: event => event.target.value !== "" && pick(Number(event.target.value)) })),
          strongest.map(unit => h("button", { type: "button", class: "quiet", onclick: () => pick(unit) }, last ? this.model.labels[unit] : unit))))];
    });
    fill(this.flow, h("h2", {}, back ? "The backward pass, from right to left" : "The forward pass, from left to right"),
      h("div", { class: "flow", tabindex: 0, role: "region", "aria-label": "layers from input to output" }, sample, stages),
      h("p", { class: "legend" }, h("span", {}, h("i", { class: "blue" }), back ? "output above 0; blame: should put out more" : "above 0"), h("span", {}, h("i", { class: "red" }), back ? "output below 0; blame: should put out less" : "below 0")));
  }

  frozenHere(block) {
    return this.found.record.frozen.includes(Number(block.first.name.split(".")[0]));
  }

  chosenIn(block) {
    const parts = (this.state.at ?? "").split(":");
    return parts[0] === block.first.name && parts.length > 1 ? Number(parts.at(-1)) : null;
  }

  // A unit or a weight

  async point(at) {
    this.inspector.hidden = !at;
    if (!at) return;
    const [layer, ...rest] = at.split(":"), unit = rest.at(-1);
    const ask = place => get("step/at", { ...this.wanted(), place }, this.signal);
    try {
      const [{ unit: chain, features }, weight] = await Promise.all([ask(`${layer}:${unit}`), rest.length === 2 ? ask(at) : null]);
      if (this.state.at === at) this.showPlace(layer, Number(unit), chain, features, weight?.weight, at);
    } catch (error) {
      if (!this.signal.aborted) { this.inspector.hidden = false; fill(this.inspector, problem(error.message)); }
    }
  }

  showPlace(layer, unit, chain, features, weight, at) {
    const blocks = this.blocks(), index = blocks.findIndex(block => block.first.name === layer), last = index === blocks.length - 1;
    const dense = chain[0], rest = chain.slice(1), behind = rest.at(-1)?.kind === "dense" ? rest.at(-1) : null;
    const gates = rest.filter(part => part !== behind && (part.forward || part.backward));
    const from = i => index === 0 ? features[i] ?? `feature ${i}` : `unit ${i}`;
    const name = last ? `The vote for ${this.model.labels[unit]}` : `Unit ${unit} of hidden layer ${index + 1}`;
    const place = i => `${layer}:${i}:${unit}`;
    const blameOut = (gates[0] ?? dense).output_error;
    announce(`${name}: ${number(chain.filter(part => part.output !== null).at(-1)?.output)}`);
    fill(this.inspector,
      h("div", { class: "row middle" }, h("h2", {}, name), h("button", { type: "button", class: "quiet", onclick: () => this.change({ at: null }) }, "close")),
      h("div", { class: "cards" },
        h("div", { class: "third" }, h("h3", { class: "blue-word" }, "Its sum"),
          table("its sum", h("thead", {}, h("tr", {}, ["from", "value", "× weight", "= product"].map(text => h("th", { scope: "col" }, text)))),
            h("tbody", {},
              dense.forward.terms.map(term => h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "quiet", "aria-pressed": at === place(term.unit) ? "true" : "false", onclick: () => this.change({ at: place(term.unit) }) }, from(term.unit))), h("td", {}, number(term.value)), h("td", {}, number(term.weight)), h("td", {}, number(term.product)))),
              dense.forward.n_rest ? h("tr", {}, h("th", { scope: "row" }, `${dense.forward.n_rest} more`), h("td", {}), h("td", {}), h("td", {}, number(dense.forward.rest))) : null,
              h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "quiet", onclick: () => this.change({ at: place("b") }) }, "bias")), h("td", {}), h("td", {}), h("td", {}, number(dense.forward.bias))),
              h("tr", {}, h("th", { scope: "row" }, h("b", {}, "sum")), h("td", {}), h("td", {}), h("td", {}, h("b", {}, number(dense.forward.y))))))),
        h("div", { class: "third" }, h("h3", {}, gates.length ? "Its output, and the blame that passes back" : "The activation"),
          gates.length ? gates.map(gate => this.gate(gate)) : h("p", {}, last ? "The votes go directly to the softmax." : "The sum goes directly to the next layer.")),
        h("div", { class: "third" }, h("h3", { class: "red-word" }, "Its blame"),
          behind?.backward ? [
            h("p", {}, "From the units that it feeds:"),
            table("its blame", h("thead", {}, h("tr", {}, ["unit", "its blame", "× weight", "= share"].map(text => h("th", { scope: "col" }, text)))),
              h("tbody", {}, behind.backward.terms.map(term => h("tr", {}, h("th", { scope: "row" }, index === blocks.length - 2 ? this.model.labels[term.unit] : term.unit), h("td", {}, number(term.value)), h("td", {}, number(term.weight)), h("td", {}, number(term.product)))),
                behind.backward.n_rest ? h("tr", {}, h("th", { scope: "row" }, `${behind.backward.n_rest} more`), h("td", {}), h("td", {}), h("td", {}, number(behind.backward.rest))) : null,
                h("tr", {}, h("th", { scope: "row" }, h("b", {}, "sum")), h("td", {}), h("td", {}), h("td", {}, h("b", {}, number(behind.backward.dx))))))]
            : h("p", {}, last ? `Answer minus truth: ${number(blameOut)}.` : `${number(blameOut)}`))),
      weight ? this.weight(weight, from) : h("p", { class: "muted" }, "Click a term of the sum to look at its weight."),
      command(`backprop explain ${quoted(this.state.model)} sample${this.words()} --at ${weight ? at : `${layer}:${unit}`} --json`));
    if (weight) this.inspector.querySelector("#weight")?.scrollIntoView({ block: "nearest" });
  }

  gate({ kind, settings, forward, backward }) {
    if (kind === "activate") {
      return h("p", {}, h("b", {}, settings.activation), ` changes ${number(forward.x)} to `, h("b", {}, number(forward.y)), ". ",
        backward ? ["Its slope there is ", h("b", {}, number(backward.slope)), `: of the blame ${number(backward.dy)}, `, h("b", {}, number(backward.dx)), " passes back."] : null);
    }
    if (forward?.xhat !== undefined) {
      return h("p", {}, h("b", {}, kind.replace("_", " ")), ` changes ${number(forward.x)} to ${number(forward.xhat)} (mean ${number(forward.mean)}, spread ${number(forward.std)}), times ${number(forward.gamma)} plus ${number(forward.beta)}: `, h("b", {}, number(forward.y)), ".");
    }
    if (kind === "residual") return h("p", {}, h("b", {}, "residual"), ` adds its input: ${number(forward.x)} + ${number(forward.inner)} = `, h("b", {}, number(forward.y)), ".");
    return h("p", {}, kind);
  }

  weight(entry, from) {
    const bias = entry.from === null, frozen = this.found.record.frozen.includes(Number(entry.layer.split(".")[0]));
    return h("div", { class: "note-box", id: "weight" }, h("h3", {}, bias ? "The bias" : `The weight from ${from(entry.from)} to this unit`),
      h("ul", { class: "facts" },
        h("li", {}, "value ", h("b", { "data-number": "weight" }, number(entry.weight))),
        h("li", {}, frozen ? "frozen: it does not learn, gradient " : `gradient = ${bias ? "1" : number(entry.input)} × ${number(entry.error)} = `, h("b", { "data-number": "gradient", "data-value": entry.gradient }, number(entry.gradient))),
        h("li", {}, "the step adds ", h("b", {}, number(entry.update))),
        h("li", {}, "new value ", h("b", { "data-number": "after" }, number(entry.after))),
        h("li", {}, "share of all blame ", h("b", {}, percent(entry.share, 4)))));
  }

  // Error and step

  showError() {
    const { record } = this.found, classes = [...record.classes].sort((a, b) => b.target - a.target || b.probability - a.probability).slice(0, 10);
    const after = this.back && this.chapter.name !== "backward";
    fill(this.error, h("h2", {}, "How wrong is it?"),
      h("p", {}, `loss = −log p(${record.label}) = −log ${number(record.classes.find(each => each.target).probability)} = `, h("b", { "data-number": "loss" }, number(record.loss))),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "classes" }, h("table", { class: "numbers" },
        h("thead", {}, h("tr", {}, ["class", "vote", "p", "true", "error p − t", ...(after ? ["p after"] : [])].map(text => h("th", { scope: "col" }, text)))),
        h("tbody", {}, classes.map(each => h("tr", {}, h("th", { scope: "row" }, each.label, each.target ? " ✓" : ""), h("td", {}, number(each.logit)), h("td", {}, percent(each.probability, 2)), h("td", {}, each.target), h("td", { class: each.error < 0 ? "" : "problem" }, number(each.error)), after ? h("td", {}, percent(each.probability_after, 2)) : null))))),
      record.classes.length > 10 ? h("p", { class: "muted small" }, `${record.classes.length - 10} more classes.`) : null);
  }

  words() {
    const { label, rate, steps, frozen } = this.state, truth = label ?? this.found.truth;
    return `${truth ? ` --label ${quoted(truth)}` : ""}${rate ? ` --learning-rate ${rate}` : ""}${steps ? ` --steps ${steps}` : ""}${frozen ? " --frozen" : ""}`;
  }

  showStep() {
    const { record, lengths, other_losses: other } = this.found, steps = Number(this.state.steps ?? 0), rate = record.learning_rate;
    const fell = record.loss_after === null ? null : record.loss_after - record.loss;
    const output = h("output", {}, number(rate));
    const write = exponent => Number((10 ** exponent).toPrecision(3));
    const slider = h("input", { type: "range", min: -4, max: 1, step: 0.05, value: Math.log10(rate), oninput: event => {
      this.state = { ...this.state, rate: write(Number(event.target.value)) };
      output.textContent = number(this.state.rate);
      keep("apart", this.state);
      this.reload();
    } });
    const hadFocus = document.activeElement?.closest("section") === this.step && document.activeElement.type === "range";
    const go = n => this.change({ steps: Math.max(0, Math.min(MOST_STEPS, n)) || null });
    const floor = Math.max(0, Math.min(record.loss, ...lengths.map(each => each.loss_after ?? Infinity)) - 0.05 * record.loss);
    const ceiling = Math.max(2 * record.loss, record.loss + 0.5);
    const course = [...record.losses_before, record.loss, record.loss_after];
    fill(this.step, h("h2", {}, "The step"),
      field("Length of the step (learning rate)", slider, output),
      h("ul", { class: "facts" },
        h("li", {}, "predicted ", h("b", {}, number(record.promised))),
        h("li", {}, "real change ", h("b", { class: fell === null || fell > 0 ? "problem" : "fine" }, fell === null ? "too large: the step is too long" : number(fell))),
        h("li", {}, "|gradient| ", h("b", {}, number(record.gradient_norm))),
        h("li", {}, "weights ", h("b", {}, record.n_parameters.toLocaleString("en")))),
      h("div", { class: "row" },
        h("button", { type: "button", class: "main", onclick: () => go(steps + 1) }, "Take the step"),
        h("button", { type: "button", onclick: () => go(steps + 100) }, "Take a hundred"),
        h("button", { type: "button", disabled: !steps, onclick: () => go(steps - 1) }, "One back"),
        h("button", { type: "button", disabled: !steps, onclick: () => go(0) }, "To the start")),
      h("label", { class: "inline" }, h("input", { type: "checkbox", checked: this.state.frozen === "1", onchange: event => this.change({ frozen: event.target.checked ? "1" : null }) }), "Without backpropagation: hidden layers frozen"),
      h("p", { role: "status" }, steps ? `${record.steps_before} steps taken; the loss was ${number(record.losses_before[0])} at first and is ${number(record.loss)} now.` : "No step taken yet.", record.steps_before < steps ? " Then the numbers overflowed, because the step is too long." : ""),
      steps ? chart({ title: "Loss by step", lines: [{ name: other.length ? "without backpropagation" : "loss", points: course.map((loss, i) => [i, loss]) }, ...(other.length ? [{ name: "with it", points: other.map((loss, i) => [i, loss]) }] : [])], across: "step", least: 0, trend: `From ${number(course[0])} to ${number(record.loss)}${other.length ? `; with backpropagation to ${number(other.at(-1))}` : ""}.` })
        : chart({ title: "Predicted and real loss after one step", across: "learning rate", logAcross: true, mark: rate,
          lines: [
            { name: "real", points: lengths.filter(each => each.loss_after !== null && each.loss_after <= ceiling).map(each => [each.learning_rate, each.loss_after]) },
            { name: "predicted by the slope", points: lengths.filter(each => record.loss + each.promised >= floor).map(each => [each.learning_rate, record.loss + each.promised]) }],
          trend: "The dashed line is the loss that the slope predicts." }),
      command(`backprop explain ${quoted(this.state.model)} sample${this.words()} --json`));
    if (hadFocus) slider.focus();
  }
}
