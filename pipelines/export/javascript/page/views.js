/**
 * Views: the answer, the network's input, and the activity of its layers, as a reader sees them.
 *
 * @module
 */

const SHOWN = 5; // labels
const ACTIVE = 0.1; // of the strongest unit of a layer: what counts as active

/**
 * @typedef {import("../answer.js").Answer} Answer
 * @typedef {import("../model.js").Given} Given
 * @typedef {import("../network.js").Passage} Passage
 */

/** @param {string} id @returns {any} */
export const element = (id) => document.getElementById(id);

/** @param {number} share */
export const percent = (share) => `${(100 * share).toFixed(share >= 0.9995 || share < 0.0005 ? 0 : 1)} %`;

/**
 * Make an element.
 *
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} inner
 * @returns {any}
 */
export function made(name, properties = {}, ...inner) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...inner);
  return node;
}

/**
 * Show an answer.
 *
 * @param {Answer} answer
 * @param {number} threshold
 */
export function showAnswer(answer, threshold) {
  const [best] = answer.top;
  element("label").textContent = answer.label ?? "unknown";
  element("label").classList.toggle("unknown", answer.unknown);
  element("sure").textContent = answer.unknown
    ? `The most probable answer, ${best.label}, has ${percent(best.probability)}; the threshold is ${percent(threshold)}.`
    : `${percent(answer.probability)} probable`;
  element("guesses").replaceChildren(
    ...answer.top.slice(0, SHOWN).map(({ label, probability }) => {
      const bar = made("span", { className: "bar" }, made("span"));
      bar.firstElementChild.style.width = `${100 * probability}%`;
      return made("li", {}, made("span", { className: "name" }, label), bar, made("span", {}, percent(probability)));
    }),
  );
  element("warnings").replaceChildren(...answer.warnings.map((warning) => made("li", {}, `${warning}.`)));
  element("problem").hidden = true;
  element("found").hidden = false;
  element("waiting").hidden = true;
}

/** Say why there is no answer, or with "" that there is no sample yet. @param {string} problem */
export function showProblem(problem) {
  element("found").hidden = true;
  element("given").hidden = element("layers").hidden = true;
  element("problem").hidden = !problem;
  element("problem").textContent = problem && `${problem[0].toUpperCase()}${problem.slice(1)}`.replace(/([^.])$/u, "$1.");
  element("waiting").hidden = Boolean(problem);
}

/** Tell people who do not see the page. @param {Answer} answer */
export function tell({ label, probability }) {
  element("said").textContent = label === null ? "unknown" : `${label}, ${percent(probability)}`;
}

/** Show the network's input. @param {Given} given */
export function showGiven(given) {
  element("given").hidden = false;
  if (given.kind === "text") {
    element("given-said").textContent = `${given.nGrams.toLocaleString("en")} different pieces of words, each with its count.`;
    element("given-picture").hidden = true;
    return;
  }
  const canvas = element("given-picture");
  if (given.kind === "picture") {
    picture(canvas, given);
    element("given-said").textContent = `${given.width} x ${given.height} pixels, ${given.channels === 1 ? "grey" : "in colour"}.`;
    return;
  }
  spectrogram(canvas, given);
  const seconds = (given.stop - given.start) / given.rate;
  element("given-said").textContent =
    `${seconds.toFixed(2)} s of sound: time goes to the right, pitch goes up, and loud is bright.`;
}

/** @param {HTMLCanvasElement} canvas @param {import("../model.js").GivenPicture} given */
function picture(canvas, { width, height, channels, data }) {
  canvas.width = width;
  canvas.height = height;
  canvas.className = "pixels";
  canvas.style.aspectRatio = `${width} / ${height}`;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = data[i * channels + (channels === 1 ? 0 : k)];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {import("../model.js").GivenSound} given */
function spectrogram(canvas, { frames }) {
  const nBands = frames[0].length;
  canvas.width = frames.length;
  canvas.height = nBands;
  canvas.className = "sound";
  canvas.style.aspectRatio = "";
  const levels = frames.flatMap((frame) => Array.from(frame));
  const highest = levels.reduce((a, b) => Math.max(a, b));
  const lowest = Math.max(highest - 60, levels.reduce((a, b) => Math.min(a, b)));
  const image = new ImageData(frames.length, nBands);
  frames.forEach((frame, t) =>
    frame.forEach((level, band) => {
      const share = Math.max(0, (level - lowest) / Math.max(highest - lowest, 1));
      image.data.set([...warm(share), 255], 4 * ((nBands - 1 - band) * frames.length + t));
    }),
  );
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** A scale of colours from dark to bright, on which brightness rises evenly. @param {number} share @returns {number[]} */
function warm(share) {
  const stops = [[8, 12, 30], [66, 24, 104], [156, 46, 108], [226, 92, 70], [250, 170, 66], [252, 244, 190]];
  const place = Math.min(share, 0.9999) * (stops.length - 1);
  const at = Math.floor(place);
  return stops[at].map((from, k) => from + (stops[at + 1][k] - from) * (place - at));
}

/**
 * Show how active each layer is: a bar for the share of its active units, and a stripe for each unit.
 *
 * @param {Passage[]} passages
 */
export function showLayers(passages) {
  element("layers").hidden = false;
  const shown = passages.filter(({ kind }, i) => i === passages.length - 1 || !isFollowedByItsOwn(passages, i, kind));
  const rows = shown.map(({ kind, output }, i) => {
    const strongest = output.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const share = output.filter((value) => Math.abs(value) > ACTIVE * strongest).length / output.length;
    const name = i === shown.length - 1 ? "output" : `layer ${i + 1}, ${kind}`;
    const stripes = made("canvas", { width: output.length, height: 1 });
    stripes.setAttribute("aria-hidden", "true");
    stripe(stripes, output, strongest);
    const bar = made("span", { className: "bar" }, made("span"));
    bar.firstElementChild.style.width = `${100 * share}%`;
    const told = made("span", { className: "share" }, `${Math.round(100 * share)} % of ${output.length.toLocaleString("en")}`);
    return made("li", {}, made("span", { className: "name" }, name), bar, told, stripes);
  });
  element("layer-list").replaceChildren(...rows);
}

/** Tell whether the next passage belongs to the same layer: a normalisation or an activation after a dense layer. */
const isFollowedByItsOwn = (passages, i, kind) =>
  ["dense", "layer_norm", "batch_norm"].includes(kind) && !["dense", "residual"].includes(passages[i + 1].kind);

/** @param {HTMLCanvasElement} canvas @param {Float32Array} output @param {number} strongest */
function stripe(canvas, output, strongest) {
  const image = new ImageData(output.length, 1);
  output.forEach((value, i) => {
    const share = strongest ? value / strongest : 0;
    const colour = share >= 0 ? [45, 120, 210] : [215, 90, 50];
    image.data.set([...colour, 255 * Math.sqrt(Math.abs(share))], 4 * i);
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
