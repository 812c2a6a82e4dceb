// The engines, which answer a sample. The server, on the same computer, returns everything that the page shows about an
// answer. The engine of the exporter runs in the browser itself and answers at once, while the user draws or writes.

import { fileAddress, get, post } from "./server.js";

/** Answers by asking the server. */
class ServerEngine {
  /** Answer a new sample, a Blob or a text: {sample, truth, answer, shown, layers}. */
  answer(model, content, threshold, signal) {
    return post("answer", { model, threshold, kind: typeof content === "string" ? "text" : null }, content, signal);
  }

  /** Answer a sample that is known by its name. */
  look(model, sample, threshold, signal) {
    return get("look", { model, sample, threshold }, signal);
  }
}

/** Answers in the browser, with the same numbers but for rounding. */
export class BrowserEngine {
  constructor(model) {
    this.model = model;
  }

  /** Fetch a model. */
  static async of(path, signal) {
    const { Model } = await import(new URL("page/engine/engine.js", document.baseURI.split("#")[0]));
    const answer = await fetch(fileAddress("model", { model: path }), { signal });
    if (!answer.ok) throw new Error(`${path}: cannot be fetched (${answer.status})`);
    return new BrowserEngine(new Model(await answer.arrayBuffer()));
  }

  /** Answer a canvas or a text: {label, probability, unknown, top, warnings}; null where there is nothing to see. */
  guess(input, threshold) {
    try {
      return this.model.predict(input, undefined, { threshold });
    } catch {
      return null;
    }
  }
}

export const engine = new ServerEngine();
