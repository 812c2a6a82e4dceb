// Maps: numbers as pictures. The network's input is grey or coloured. Evidence for an answer is blue, evidence against
// it is red, and 0 has the colour of the page.

import { h, number } from "./dom.js";

/** Bytes of a text in base64. */
export function bytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

function colour(name) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** The colours of this moment: of what speaks for, against, and of nothing. */
export function palette() {
  return { plus: colour("--series-1"), minus: colour("--series-2"), none: colour("--surface"), dead: colour("--line") };
}

/** The colour of a share from -1 to 1. */
export function shade(share, { plus, minus, none }) {
  const end = share < 0 ? minus : plus, part = Math.min(1, Math.abs(share)) ** 0.7;
  return none.map((level, i) => Math.round(level + part * (end[i] - level)));
}

function canvas(width, height, label, kind = "map") {
  return h("canvas", { width, height, role: "img", "aria-label": label, class: kind });
}

function painted(element, width, height, at) {
  const context = element.getContext("2d"), picture = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) picture.data.set([...at(i), 255], 4 * i);
  context.putImageData(picture, 0, 0);
  return element;
}

/** What the network was given, as a picture. */
export function given(shown, label) {
  const { width, height, channels } = shown, pixels = bytes(shown.pixels);
  const wide = shown.across || shown.upward ? "map wide" : "map";
  return painted(canvas(width, height, label, wide), width, height,
    i => channels === 1 ? [pixels[i], pixels[i], pixels[i]] : [...pixels.slice(3 * i, 3 * i + 3)]);
}

/** Numbers with signs, laid out as the picture is. */
export function signed({ width, height, values }, label, wide = false) {
  const colours = palette(), most = Math.max(...values.map(Math.abs), 1e-12);
  return painted(canvas(width, height, label, wide ? "map wide" : "map"), width, height, i => shade(values[i] / most, colours));
}

/** The axes of a picture, in words. */
export function axes(shown) {
  if (!shown.across) return null;
  const ends = axis => axis.ticks.length ? `${axis.ticks[0][1]} to ${axis.ticks.at(-1)[1]} ${axis.label}` : axis.label;
  return h("p", { class: "small muted" }, `Across: ${ends(shown.across)}. Upward: ${ends(shown.upward)}.`);
}

/** Units of a layer as cells that can be clicked: blue above 0, red below (or the other way round for errors). */
export function units(values, { label, chosen = null, onpick = null, back = false, most = null }) {
  const columns = gridColumns(values.length), rows = Math.ceil(values.length / columns);
  const cell = values.length > 400 ? 8 : values.length > 100 ? 11 : values.length > 24 ? 16 : 22;
  const element = h("canvas", { width: columns * cell, height: rows * cell, class: "units", role: "img", "aria-label": label });
  const greatest = most ?? Math.max(...values.map(value => Math.abs(value ?? 0)), 1e-12);
  const paint = (picked) => {
    const context = element.getContext("2d"), colours = palette();
    if (back) [colours.plus, colours.minus] = [colours.minus, colours.plus];
    context.fillStyle = `rgb(${colours.dead})`;
    context.fillRect(0, 0, element.width, element.height);
    values.forEach((value, i) => {
      const x = (i % columns) * cell, y = Math.floor(i / columns) * cell;
      context.fillStyle = `rgb(${shade((value ?? 0) / greatest, colours)})`;
      context.fillRect(x, y, cell - 1, cell - 1);
      if (i === picked) {
        context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
        context.lineWidth = 2;
        context.strokeRect(x, y, cell - 1, cell - 1);
      }
    });
  };
  paint(chosen);
  if (onpick) {
    element.addEventListener("click", event => {
      const box = element.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / box.width * columns);
      const unit = Math.floor((event.clientY - box.top) / box.height * rows) * columns + column;
      if (unit < values.length) onpick(unit);
    });
  }
  element.pick = paint;
  return element;
}

function gridColumns(n) {
  if (n <= 12) return n;
  return [32, 24, 20, 16, 12, 10, 8].find(width => n % width === 0 && n / width >= width / 3) ?? Math.ceil(Math.sqrt(1.6 * n));
}

/** How active a layer is, in a sentence. */
export function activity(values) {
  const strongest = values.reduce((best, value, i) => Math.abs(value) > Math.abs(values[best]) ? i : best, 0);
  const awake = values.filter(value => Math.abs(value) > 1e-6).length;
  return `${values.length} units, ${awake} of them not 0; strongest is unit ${strongest} with ${number(values[strongest])}`;
}

/** The weights of the units of a first layer, each as a picture. */
export function weightPictures({ shape, units: count, levels, greatest }) {
  const [height, width, channels] = shape, all = new Int8Array(bytes(levels).buffer), colours = palette();
  const size = all.length / count;
  return Array.from({ length: count }, (_, unit) => {
    const W = all.subarray(unit * size, (unit + 1) * size);
    const at = i => {
      if (channels === 0) return W[(i % width) * height + height - 1 - Math.floor(i / width)]; // time across
      return channels === 1 ? W[i] : (W[3 * i] + W[3 * i + 1] + W[3 * i + 2]) / 3;
    };
    const element = canvas(width, height, `weights of unit ${unit}, the largest ${number(greatest[unit])}`);
    return painted(element, width, height, i => shade(at(i) / 127, colours));
  });
}
