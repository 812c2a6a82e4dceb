// Elements: making them, and announcing changes to people who cannot see the page.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. Keys of `given` that begin with "on" are listeners; `null` and `false` leave an attribute out. */
export function h(name, given = {}, ...children) {
  return filled(document.createElement(name), given, children);
}

/** Make an element of an SVG picture. */
export function s(name, given = {}, ...children) {
  return filled(document.createElementNS(SVG, name), given, children);
}

function filled(element, given, children) {
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put children in the place of those that an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

let announcing = 0;

/** Let a screen reader say a sentence, once nothing newer has come for a moment. */
export function announce(text) {
  clearTimeout(announcing);
  announcing = setTimeout(() => { document.getElementById("announced").textContent = text; }, 400);
}

/** A box that says what went wrong. */
export function problem(text) {
  return h("p", { class: "problem-box", role: "alert" }, text);
}

/** A command that does the same, to be copied. */
export function command(...lines) {
  return h("details", {}, h("summary", {}, "The same on the command line"),
    lines.filter(Boolean).map(line => h("pre", { class: "command", tabindex: 0, "aria-label": "command" }, h("code", {}, line))));
}

/** A word of a command, in quotes where a shell needs them. */
export function quoted(word) {
  return /^[\w./:,=@%+-]+$/.test(word) ? word : `'${String(word).replaceAll("'", "'\\''")}'`;
}

/** A field of a form: its name, its control, and what it stands at. */
export function field(name, control, output = null) {
  return h("label", {}, h("span", {}, name, output ? [" ", output] : null), control);
}

/** A choice among words: `choices` are words or [word, name]. */
export function select(choices, chosen, onchange, given = {}) {
  const element = h("select", { ...given, onchange: () => onchange(element.value) },
    choices.map(choice => { const [value, name] = Array.isArray(choice) ? choice : [choice, choice];
      return h("option", { value, selected: value === chosen }, name); }));
  return element;
}

/** A number with four digits, as the report writes them. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(2).replace("e", " e").replace("-", "−").replace("e-", "e−");
  return Number(value.toPrecision(4)).toString().replace("-", "−");
}

/** A share in per cent. */
export function percent(share, digits = 1) {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** Return a function that calls another once nothing has asked for `delay` milliseconds. */
export function later(call, delay) {
  let waiting = 0;
  return (...given) => { clearTimeout(waiting); waiting = setTimeout(() => call(...given), delay); };
}
