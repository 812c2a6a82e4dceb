// Charts of lines, each with a table of its numbers.

import { h, number, s } from "./dom.js";

const WIDTH = 460, HEIGHT = 210, LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 30;

/**
 * A chart of lines.
 *
 * `lines` are {name, points: [[x, y]]}; a y that is null is left out. `band` is [from, to] in y, marked as healthy;
 * `mark` is an x. `trend` is a sentence that says what the chart shows.
 */
export function chart({ title, lines, across, log = false, logAcross = false, share = false, band = null, mark = null, trend = "", least = null, most = null }) {
  const shown = lines.map(line => ({ ...line, points: line.points.filter(([x, y]) => y !== null && y !== undefined && (!log || y > 0)) }));
  const xs = shown.flatMap(line => line.points.map(([x]) => x)), ys = shown.flatMap(line => line.points.map(([, y]) => y));
  if (band) ys.push(...band);
  const scaleX = scale(xs, LEFT, WIDTH - RIGHT, logAcross, logAcross || !xs.length ? null : Math.min(...xs), logAcross || !xs.length ? null : Math.max(...xs), true), scaleY = scale(ys, HEIGHT - BOTTOM, TOP, log, least, most);
  const fine = share && scaleY.ticks.length > 1 && scaleY.ticks[1] - scaleY.ticks[0] < 0.0099;
  const format = value => share ? `${(100 * value).toFixed(fine ? 1 : 0)} %` : log ? power(value) : number(value);
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. ${trend}` },
    band ? s("rect", { class: "band", x: LEFT, width: WIDTH - RIGHT - LEFT, y: scaleY(band[1]), height: Math.max(0, scaleY(band[0]) - scaleY(band[1])) }) : null,
    scaleY.ticks.map(tick => [
      s("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: scaleY(tick), y2: scaleY(tick) }),
      s("text", { x: LEFT - 6, y: scaleY(tick) + 4, "text-anchor": "end" }, format(tick)),
    ]),
    scaleX.ticks.map(tick => s("text", { x: scaleX(tick), y: HEIGHT - 10, "text-anchor": "middle" }, logAcross ? power(tick) : number(tick))),
    shown.map((line, i) => line.points.length === 1
      ? s("circle", { class: `s${i % 5}`, cx: scaleX(line.points[0][0]), cy: scaleY(line.points[0][1]), r: 3.5, fill: "none", "stroke-width": 2 })
      : s("path", { class: `s${i % 5}`, d: line.points.map(([x, y], k) => `${k ? "L" : "M"}${scaleX(x).toFixed(1)} ${scaleY(y).toFixed(1)}`).join("") })),
    mark === null ? null : s("line", { class: "mark", x1: scaleX(mark), x2: scaleX(mark), y1: TOP, y2: HEIGHT - BOTTOM }),
  );
  return h("figure", { class: "chart" },
    h("figcaption", {}, h("strong", {}, title), trend),
    h("div", { class: "key" }, shown.map((line, i) => h("span", {}, s("svg", { viewBox: "0 0 32 12", "aria-hidden": "true", class: "chart" }, s("path", { class: `s${i % 5}`, d: "M0 6H32" })), line.name)),
      band ? h("span", {}, `green band: ${power(band[0])} to ${power(band[1])}, healthy`) : null),
    picture,
    table(title, shown, across, share));
}

function table(title, lines, across, share) {
  const details = h("details", {}, h("summary", {}, "Numbers", h("span", { class: "unseen" }, ` of ${title}`)));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const rows = new Map();
    lines.forEach((line, i) => line.points.forEach(([x, y]) => rows.set(x, { ...rows.get(x), [i]: y })));
    details.append(h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, across), lines.map(line => h("th", { scope: "col" }, line.name)))),
      h("tbody", {}, [...rows].sort(([a], [b]) => a - b).map(([x, row]) => h("tr", {}, h("th", { scope: "row" }, number(x)),
        lines.map((_, i) => h("td", {}, row[i] === undefined ? "–" : share ? `${(100 * row[i]).toFixed(2)} %` : number(row[i])))))))));
  });
  return details;
}

function power(value) {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(Math.log10(value) - exponent) > 0.01) return number(value);
  return exponent >= -2 && exponent <= 3 ? number(10 ** exponent) : `10${[...String(exponent)].map(digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("")}`;
}

function scale(values, from, to, log, least = null, most = null, whole = false) {
  let low = least ?? Math.min(...values), high = most ?? Math.max(...values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = log ? [0.1, 1] : [0, 1];
  if (log) {
    [low, high] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
    if (low === high) high += 1;
    const step = Math.max(1, Math.ceil((high - low) / 5));
    const found = value => from + (Math.log10(value) - low) / (high - low) * (to - from);
    found.ticks = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => 10 ** (low + i * step));
    return found;
  }
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const step = whole ? Math.max(1, nice((high - low) / 6)) : nice((high - low) / 4);
  if (least === null) low = Math.floor(low / step) * step;
  if (most === null) high = Math.ceil(high / step - 1e-9) * step;
  const found = value => from + (value - low) / (high - low) * (to - from);
  const first = Math.ceil(low / step - 1e-9);
  found.ticks = Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
  return found;
}

function nice(step) {
  const size = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 2.5, 5, 10].map(factor => factor * size).find(candidate => candidate >= step - 1e-12);
}
