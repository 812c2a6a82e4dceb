// The address: it records what the page shows, so that a page can be shared and reloaded.

/** Return {room, state} of the address. */
export function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { room: path || "try", state: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a room with a state; what is empty is left out. */
export function link(room, state = {}) {
  const query = new URLSearchParams(Object.entries(state).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return `#/${room}${query.size ? `?${query}` : ""}`;
}

/** Write a state into the address, without going anywhere. */
export function keep(room, state) {
  history.replaceState(null, "", link(room, state));
}
