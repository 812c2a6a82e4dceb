// Models: a list with scores and recipes, and a comparison of two models.

import { keep, link } from "../address.js";
import { chart } from "../charts.js";
import { command, field, fill, h, number, percent, problem, quoted, select } from "../dom.js";
import { models, none } from "../models.js";
import { get, post } from "../server.js";

/** Show the room. */
export async function show(place, state, signal) {
  const { usable, broken } = await models(signal);
  if (!usable.length) { fill(place, none(broken)); return; }
  const score = (model, role) => model[role] ? percent(model[role].accuracy, 2) : "–";
  const result = h("div", {});
  let [a, b] = [usable.find(model => model.path === state.a) ?? usable[0]];
  const others = () => usable.filter(model => model !== a && model.task === a.task);
  b = others().find(model => model.path === state.b) ?? others()[0];

  const compare = async () => {
    keep("models", { a: a.path, b: b?.path });
    if (!b) { fill(result, h("p", { class: "muted" }, "There is no second model of this kind. Train one with another recipe, then compare.")); return; }
    fill(result, h("p", { role: "status", class: "muted" }, "Both models answer every test sample …"));
    try {
      fill(result, difference(a, b, await get("compare", { a: a.path, b: b.path }, signal)));
    } catch (error) { if (!signal.aborted) fill(result, problem(error.message)); }
  };
  const choices = h("div", { class: "row" });
  const fillChoices = () => fill(choices,
    field("First", select(usable.map(model => model.path), a.path, path => { a = usable.find(model => model.path === path); b = others()[0]; fillChoices(); })),
    b ? field("Second", select(others().map(model => model.path), b.path, path => { b = usable.find(model => model.path === path); })) : null,
    h("button", { type: "button", class: "main", onclick: compare }, "Compare"));
  fillChoices();

  fill(place,
    h("p", { class: "lead" }, "These are the model files in the folder models, and those that were named at the start. Scores were measured at the end of the training, which did not use the test samples."),
    broken.map(model => h("p", { class: "problem-box" }, model.error)),
    h("div", { class: "cards" }, h("section", { class: "card", "aria-label": "Models" }, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "all models" }, h("table", {},
      h("thead", {}, h("tr", {}, ["model", "kind", "learned from", "preset", "parameters", "epochs", "seconds", "validation", "test", "go to"].map(text => h("th", { scope: "col" }, text)))),
      h("tbody", {}, usable.map(model => h("tr", {}, h("th", { scope: "row" }, model.path), h("td", {}, model.task), h("td", { class: "text" }, model.dataset), h("td", {}, model.preset ?? "–"),
        h("td", {}, model.n_parameters.toLocaleString("en")), h("td", {}, model.epochs ?? "–"), h("td", {}, number(model.seconds)), h("td", {}, score(model, "valid")), h("td", {}, score(model, "test")),
        h("td", {}, h("a", { href: link("try", { model: model.path }), "aria-label": `try ${model.path}` }, "try"), " ", h("a", { href: link("apart", { model: model.path }), "aria-label": `take ${model.path} apart` }, "apart")))))))),
    h("section", { class: "card", "aria-label": "Export" }, h("h2", {}, "Export a model"), exporting(usable)),
    h("section", { class: "card", "aria-label": "Comparison" }, h("h2", {}, "Which of two is better, and is it more than chance?"), choices, result)));
  if (state.a && state.b) await compare();
}

const FORMS = [["html", "a page to try the model"], ["onnx", "ONNX, for other programs"], ["js", "a JavaScript module"], ["c", "C, for small devices"], ["sklearn", "a scikit-learn pipeline"], ["card", "a page about the model"]];

function exporting(usable) {
  let [path, form] = [usable[0].path, "html"];
  const done = h("div", { role: "status" });
  const write = async () => {
    fill(done, h("p", { class: "muted" }, "Writing …"));
    try {
      const { files, bytes } = await post("export", { model: path, to: form });
      fill(done, h("p", {}, "Written: ", files.map((file, i) => [i ? ", " : "", h("code", {}, file), ` (${(bytes[i] / 1e6).toFixed(2)} MB)`])), command(`backprop export ${quoted(path)} --to ${form} --check`, `backprop diagnose ${quoted(path)} --out reports`));
    } catch (error) { fill(done, problem(error.message)); }
  };
  return h("div", { class: "stack" }, h("div", { class: "row" },
    field("Model to export", select(usable.map(model => model.path), path, value => { path = value; })),
    field("Form", select(FORMS, form, value => { form = value; })),
    h("button", { type: "button", onclick: write }, "Export")), done);
}

function difference(a, b, found) {
  const scores = ["accuracy", "loss", "ece"], write = (name, value) => name === "accuracy" ? percent(value, 2) : number(value);
  const curves = role => [a, b].map(model => ({ name: model.path, points: (model.history ?? []).map(entry => [entry.epoch, entry[role]]) }));
  return [
    h("p", { class: "verdict" }, h("b", {}, found.sentence)),
    found.unfair ? h("p", { class: "note-box" }, found.unfair) : null,
    h("p", {}, `On ${found.n.toLocaleString("en")} test samples of ${found.dataset} the second is ${number(100 * found.gain)} ± ${number(200 * found.error)} points ahead (two standard errors, McNemar 1947).`),
    h("div", { class: "cards" },
      h("div", { class: "half" }, h("h3", {}, "Scores"), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "scores" }, h("table", {}, h("thead", {}, h("tr", {}, ["", a.path, b.path].map(text => h(text ? "th" : "td", { scope: text ? "col" : null }, text)))),
        h("tbody", {}, scores.map(name => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, write(name, found.a[name])), h("td", {}, write(name, found.b[name])))))))),
      h("div", { class: "half" }, h("h3", {}, "What differs in the recipe"), found.recipe.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "recipe" }, h("table", {}, h("thead", {}, h("tr", {}, ["entry", "first", "second"].map(text => h("th", { scope: "col" }, text)))),
        h("tbody", {}, found.recipe.map(entry => h("tr", {}, h("th", { scope: "row" }, entry.name), h("td", {}, JSON.stringify(entry.a)), h("td", {}, JSON.stringify(entry.b))))))) : h("p", {}, "The recipes are equal. The models differ in data, seed or chance."))),
    h("div", { class: "figures" },
      chart({ title: "Validation loss by epoch", lines: curves("loss"), across: "epoch", trend: "The curves of both trainings." }),
      chart({ title: "Validation accuracy by epoch", lines: curves("accuracy"), across: "epoch", share: true, trend: "The curves of both trainings." })),
    command(`backprop evaluate ${quoted(a.path)} --json`, `backprop evaluate ${quoted(b.path)} --dataset ${quoted(found.dataset)} --json`),
  ];
}
