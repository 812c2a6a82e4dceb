// The server: requests of the page, and messages from the server.

/** An answer that is a refusal, with its sentence. */
export class Refused extends Error {}

function address(path, given) {
  const url = new URL(`api/${path}`, document.baseURI.split("#")[0]);
  for (const [key, value] of Object.entries(given)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(key, value);
  }
  return url;
}

/** The address of a file, such as a sample's picture. */
export function fileAddress(path, given = {}) {
  return address(path, given).href;
}

async function ask(path, given, options) {
  let answer;
  try {
    answer = await fetch(address(path, given), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The lab does not answer, because it has ended. Start it again with: backprop lab");
  }
  const found = await answer.json().catch(() => ({ error: `The lab answered with ${answer.status}.` }));
  if (!answer.ok) throw new Refused(found.error ?? `The lab answered with ${answer.status}.`);
  return found;
}

/** Ask for something; `given` goes into the address. */
export function get(path, given = {}, signal = null) {
  return ask(path, given, { signal });
}

/** Send something: a Blob, a text, or an object, which goes as JSON. */
export function post(path, given = {}, body = null, signal = null) {
  const plain = body === null || body instanceof Blob || typeof body === "string";
  return ask(path, given, { method: "POST", body: plain ? body : JSON.stringify(body), signal });
}

/** Listen to the progress of trainings, until `signal`; a broken connection is opened again. */
export function listen(heard, lost, signal) {
  let socket;
  const connect = () => {
    if (signal.aborted) return;
    const url = new URL("live", document.baseURI.split("#")[0]);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onmessage = message => heard(JSON.parse(message.data));
    socket.onopen = () => lost(false);
    socket.onclose = () => { if (!signal.aborted) { lost(true); setTimeout(connect, 1000); } };
  };
  connect();
  signal.addEventListener("abort", () => socket.close());
}
