// The page: it shows one room, and changes between rooms.

import { read } from "./address.js";
import { fill, h, problem } from "./dom.js";

const ROOMS = [
  ["try", "Try", () => import("./rooms/try.js")],
  ["watch", "Watch it learn", () => import("./rooms/watch.js")],
  ["apart", "Take it apart", () => import("./rooms/apart.js")],
  ["teach", "Teach", () => import("./rooms/teach.js")],
  ["models", "Models", () => import("./rooms/models.js")],
];
const main = document.getElementById("main");
let leaving = null;

async function go(focus) {
  const { room, state } = read();
  const [name, title, load] = ROOMS.find(([name]) => name === room) ?? ROOMS[0];
  leaving?.abort();
  leaving = new AbortController();
  const signal = leaving.signal;
  fill(document.getElementById("rooms"), ROOMS.map(([other, words]) =>
    h("li", {}, h("a", { href: `#/${other}`, "aria-current": other === name ? "page" : null }, words))));
  document.title = `${title} – the lab`;
  try {
    const { show } = await load();
    if (signal.aborted) return;
    const place = h("div", { class: `room-${name}` });
    fill(main, h("h1", {}, title), place);
    if (focus) main.focus({ preventScroll: true });
    await show(place, state, signal);
  } catch (error) {
    if (!signal.aborted) fill(main, h("h1", {}, title), problem(error.message));
  }
}

addEventListener("hashchange", () => go(true));
document.querySelector(".skip").addEventListener("click", event => { event.preventDefault(); main.focus(); });
go(false);
