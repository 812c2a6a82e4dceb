// Models: the list that every room chooses from.

import { get } from "./server.js";
import { field, h, select } from "./dom.js";

/** Return the models that can be used, and those that cannot, with the reason. */
export async function models(signal) {
  const { models: all } = await get("models", {}, signal);
  return { usable: all.filter(model => !model.error), broken: all.filter(model => model.error) };
}

/** A choice of a model. */
export function chooser(usable, chosen, onchange) {
  return field("Model", select(usable.map(model => [model.path, `${model.path} (${model.task}, ${model.labels.length} classes)`]), chosen, onchange));
}

/** What to say where there is no model at all. */
export function none(broken) {
  return h("div", { class: "card narrow" },
    h("p", {}, "There is no model yet. ", h("a", { href: "#/watch" }, "Train one"), " and watch it learn, or ", h("a", { href: "#/teach" }, "teach classes of your own"), "."),
    broken.map(model => h("p", { class: "problem-box" }, model.error)));
}
