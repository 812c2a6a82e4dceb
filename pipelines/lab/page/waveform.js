// A recording and the words in it: the edges of each word can be moved, by pointer or by numbers.

import { h, number } from "./dom.js";

const WIDTH = 900, HEIGHT = 140, NEAR = 8;

/** Shows {seconds, words, envelope}; `words` is a list of [start, end] that is changed in place. */
export class Waveform {
  constructor({ seconds, words, envelope }, changed) {
    Object.assign(this, { seconds, words, envelope, changed });
    this.canvas = h("canvas", { width: WIDTH, height: HEIGHT, class: "wave", role: "img", "aria-label": `the recording, ${number(seconds)} seconds, ${words.length} words`,
      onpointerdown: event => this.grab(event), onpointermove: event => this.drag(event), onpointerup: () => { this.grabbed = null; this.changed(); } });
    this.paint();
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  }

  grab(event) {
    const place = this.at(event), box = this.canvas.getBoundingClientRect();
    let nearest = NEAR / box.width;
    this.grabbed = null;
    this.words.forEach((word, i) => [0, 1].forEach(edge => {
      const distance = Math.abs(word[edge] / this.seconds - place);
      if (distance < nearest) { nearest = distance; this.grabbed = [i, edge]; }
    }));
    if (this.grabbed) this.canvas.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.grabbed) return;
    const [i, edge] = this.grabbed, word = this.words[i], place = Math.round(1000 * Math.min(1, Math.max(0, this.at(event))) * this.seconds) / 1000;
    word[edge] = edge === 0 ? Math.min(place, word[1] - 0.05) : Math.max(place, word[0] + 0.05);
    this.paint();
  }

  paint() {
    const context = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement), colour = name => style.getPropertyValue(name);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    const loudest = Math.max(...this.envelope.flat().map(Math.abs), 0.01);
    for (const [start, end] of this.words) {
      context.fillStyle = colour("--heat-2");
      context.fillRect(start / this.seconds * WIDTH, 0, (end - start) / this.seconds * WIDTH, HEIGHT);
    }
    context.fillStyle = colour("--ink");
    this.envelope.forEach(([low, high], i) => {
      const x = i / this.envelope.length * WIDTH, y = HEIGHT / 2 * (1 - high / loudest * 0.95);
      context.fillRect(x, y, Math.max(1, WIDTH / this.envelope.length), Math.max(1, HEIGHT / 2 * (high - low) / loudest * 0.95));
    });
    context.fillStyle = colour("--series-1");
    for (const word of this.words) for (const edge of word.slice(0, 2)) context.fillRect(edge / this.seconds * WIDTH - 1.5, 0, 3, HEIGHT);
  }
}
