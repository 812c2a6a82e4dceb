/**
 * The pad: paper for drawing with a mouse, a finger, a pen or keys.
 *
 * Strokes are kept as lines, so that the last one can be removed, and the drawing survives a change of colours.
 *
 * @module
 */

const SIDE = 280; // pixels of the paper
const PEN = 22; // pixels
const STEP = 8; // pixels that an arrow key moves the pen

/** @typedef {{ x: number, y: number }} Point */

export class Pad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(isFinished: boolean) => void} changed called when the drawing changes: finished means that the pen is up
   */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    /** @type {Point[][]} */
    this.strokes = [];
    /** The pen of the keyboard: where it is, and whether it is down. */
    this.pen = { x: SIDE / 2, y: SIDE / 2, isDown: false, isShown: false };
    canvas.width = canvas.height = SIDE;
    /** The network's input: the drawing without the keyboard's pen. */
    this.paper = document.createElement("canvas");
    this.paper.width = this.paper.height = SIDE;
    this.paper.getContext("2d", { willReadFrequently: true });
    this.#listen();
    this.redraw();
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  /** Remove the last stroke. */
  undo() {
    this.strokes.pop();
    this.redraw();
    this.changed(true);
  }

  /** Clear the paper. */
  clear() {
    this.strokes = [];
    this.pen.isDown = false;
    this.redraw();
    this.changed(true);
  }

  /** Draw everything again, in the page's colours. */
  redraw() {
    const style = getComputedStyle(this.canvas);
    const [ground, ink] = [style.getPropertyValue("--paper"), style.getPropertyValue("--pen")];
    const context = /** @type {CanvasRenderingContext2D} */ (this.paper.getContext("2d"));
    context.fillStyle = ground;
    context.fillRect(0, 0, SIDE, SIDE);
    Object.assign(context, { strokeStyle: ink, lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    for (const stroke of this.strokes) line(context, stroke);
    const shown = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    shown.drawImage(this.paper, 0, 0);
    if (this.pen.isShown) this.#showPen(shown, style.getPropertyValue("--link"));
  }

  /** @param {CanvasRenderingContext2D} context @param {string} colour */
  #showPen(context, colour) {
    context.beginPath();
    context.arc(this.pen.x, this.pen.y, PEN / 2, 0, 2 * Math.PI);
    Object.assign(context, { strokeStyle: colour, lineWidth: 3, fillStyle: colour });
    if (this.pen.isDown) context.fill();
    context.stroke();
  }

  #listen() {
    const { canvas } = this;
    const at = (/** @type {MouseEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      return {
        x: ((event.clientX - box.left) / box.width) * SIDE,
        y: ((event.clientY - box.top) / box.height) * SIDE,
      };
    };
    let pointer = -1;
    canvas.addEventListener("pointerdown", (event) => {
      if (pointer >= 0 || event.button > 0) return;
      pointer = event.pointerId;
      canvas.setPointerCapture(pointer);
      this.pen.isShown = false;
      this.strokes.push([at(event)]);
      this.redraw();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pointer) return;
      const events = event.getCoalescedEvents?.() ?? [];
      this.strokes[this.strokes.length - 1].push(...(events.length ? events : [event]).map(at));
      this.redraw();
      this.changed(false);
    });
    const end = (/** @type {PointerEvent} */ event) => {
      if (event.pointerId !== pointer) return;
      pointer = -1;
      this.changed(true);
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      this.pen.isShown = this.pen.isDown = false;
      this.redraw();
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { pen } = this;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "z") return;
      this.undo();
    } else if (moves[event.key]) {
      const [right, down] = moves[event.key];
      const far = event.shiftKey ? 3 * STEP : STEP;
      pen.x = Math.min(Math.max(pen.x + far * right, PEN / 2), SIDE - PEN / 2);
      pen.y = Math.min(Math.max(pen.y + far * down, PEN / 2), SIDE - PEN / 2);
      if (pen.isDown) this.strokes[this.strokes.length - 1].push({ x: pen.x, y: pen.y });
      this.#moved(pen.isDown);
    } else if (event.key === " ") {
      pen.isDown = !pen.isDown;
      if (pen.isDown) this.strokes.push([{ x: pen.x, y: pen.y }]);
      this.#moved(true);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
  }

  #moved(hasDrawn) {
    this.pen.isShown = true;
    this.redraw();
    if (hasDrawn) this.changed(!this.pen.isDown);
  }
}

/** Draw a stroke, round between its points. @param {CanvasRenderingContext2D} context @param {Point[]} stroke */
function line(context, stroke) {
  context.beginPath();
  context.moveTo(stroke[0].x, stroke[0].y);
  for (let i = 1; i < stroke.length - 1; i++) {
    const [here, next] = [stroke[i], stroke[i + 1]];
    context.quadraticCurveTo(here.x, here.y, (here.x + next.x) / 2, (here.y + next.y) / 2);
  }
  const last = stroke[stroke.length - 1];
  context.lineTo(last.x + (stroke.length === 1 ? 0.01 : 0), last.y);
  context.stroke();
}
