// The engine: what answers a sample. Whatever answers has these two functions; the page asks nothing else of it.
// Here it is the server, on the same computer. An engine that runs in the browser can take its place.

import { get, post } from "./server.js";

/** Answers by asking the server. */
export class ServerEngine {
  /** Answer a new sample, a Blob or a text: {sample, truth, answer, shown, layers}. */
  answer(model, content, threshold, signal) {
    return post("answer", { model, threshold, kind: typeof content === "string" ? "text" : null }, content, signal);
  }

  /** Answer a sample that is known by its name. */
  look(model, sample, threshold, signal) {
    return get("look", { model, sample, threshold }, signal);
  }
}

export const engine = new ServerEngine();
