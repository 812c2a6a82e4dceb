// The pad: drawing with a mouse, a finger, a pen or the keys.

import { announce, h } from "./dom.js";

const SIZE = 280, STEP = 10;

/** A pad to draw on. `changed` is called with a function that gives the drawing as a PNG; `ground` is "dark" or "light". */
export class Pad {
  constructor(changed, ground = "dark") {
    this.changed = changed;
    this.strokes = [];
    this.ground = ground;
    this.width = 18;
    this.place = [SIZE / 2, SIZE / 2];
    this.down = false;
    this.canvas = h("canvas", {
      width: SIZE, height: SIZE, class: "pad", tabindex: 0, role: "application",
      "aria-label": "Drawing pad. Arrow keys move the pen, Space puts it down or lifts it, Backspace removes the last stroke, Delete clears.",
      onpointerdown: event => this.begin(event), onpointermove: event => this.go(event),
      onpointerup: () => this.end(), onpointercancel: () => this.end(), onkeydown: event => this.key(event),
      onfocus: () => this.paint(), onblur: () => { this.down = false; this.paint(); },
    });
    this.element = h("div", { class: "stack" }, this.canvas, h("div", { class: "row" },
      h("button", { type: "button", onclick: () => this.clear() }, "Clear"),
      h("button", { type: "button", onclick: () => this.back() }, "Undo a stroke"),
      h("label", { class: "inline" }, "Pen", h("input", { type: "range", min: 6, max: 40, value: this.width, "aria-label": "width of the pen", oninput: event => { this.width = Number(event.target.value); this.paint(); this.tell(); } }))));
    this.paint();
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * SIZE, (event.clientY - box.top) / box.height * SIZE];
  }

  begin(event) {
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointing = true;
    this.strokes.push([this.at(event)]);
    this.paint();
    this.tell();
  }

  go(event) {
    if (!this.pointing) return;
    this.strokes.at(-1).push(this.at(event));
    this.paint();
    this.tell();
  }

  end() {
    if (this.pointing) this.tell();
    this.pointing = false;
  }

  key(event) {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (moves[event.key]) {
      this.place = this.place.map((value, i) => Math.min(SIZE, Math.max(0, value + moves[event.key][i])));
      if (this.down) { this.strokes.at(-1).push(this.place); this.tell(); }
    } else if (event.key === " " || event.key === "Enter") {
      this.down = !this.down;
      if (this.down) { this.strokes.push([this.place]); this.tell(); }
      announce(this.down ? "pen down" : "pen up");
    } else if (event.key === "Backspace") this.back();
    else if (event.key === "Delete") this.clear();
    else return;
    event.preventDefault();
    this.paint();
  }

  clear() {
    this.strokes = [];
    this.down = this.pointing = false;
    this.paint();
    this.changed(null);
  }

  /** Put strokes back, where nothing was drawn since. */
  restore(strokes) {
    if (this.strokes.length) return;
    this.strokes = strokes;
    this.paint();
    this.tell();
  }

  back() {
    this.pointing = false;
    this.strokes.pop();
    this.paint();
    this.tell();
  }

  tell() {
    this.changed(this.strokes.length ? () => this.picture() : null);
  }

  paint(context = this.canvas.getContext("2d"), cursor = document.activeElement === this.canvas) {
    const [paper, ink] = this.ground === "dark" ? ["#000", "#fff"] : ["#fff", "#000"];
    context.fillStyle = paper;
    context.fillRect(0, 0, SIZE, SIZE);
    Object.assign(context, { strokeStyle: ink, lineWidth: this.width, lineCap: "round", lineJoin: "round" });
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
    if (!cursor || this.pointing) return;
    Object.assign(context, { strokeStyle: this.down ? "#d33" : "#4a90e2", lineWidth: 2 });
    context.beginPath();
    context.arc(...this.place, this.width / 2 + 2, 0, 7);
    context.stroke();
  }

  /** Return the drawing as a PNG, without the pen. */
  picture() {
    const copy = this.copy();
    return new Promise(done => copy.toBlob(done, "image/png"));
  }

  /** Return a canvas with the drawing, without the pen. */
  copy() {
    const copy = h("canvas", { width: SIZE, height: SIZE });
    this.paint(copy.getContext("2d", { willReadFrequently: true }), false);
    return copy;
  }
}
