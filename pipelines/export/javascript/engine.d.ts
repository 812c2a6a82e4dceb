// Types of the engine, and of what `backprop export --to js` writes.

/** The answer of a model to one sample. */
export interface Answer {
  /** The most probable label; null if its probability is below the threshold. */
  label: string | null;
  /** That of the most probable label, from 0 to 1. */
  probability: number;
  unknown: boolean;
  /** All labels, the most probable first. */
  top: { label: string; probability: number }[];
  /** In the order of the model's labels. */
  probabilities: Float32Array;
  /** Warnings about the answer, such as that there are two words. */
  warnings: string[];
}

/** Pixels as in ImageData: 1, 3 or 4 bytes each; the fourth is opacity. */
export interface Pixels {
  width: number;
  height: number;
  data: ArrayLike<number>;
}

/** The network's input. */
export type Given =
  | { kind: "picture"; width: number; height: number; channels: number; data: Uint8Array }
  | {
      kind: "sound";
      /** Decibels in each mel band of each frame of the word. */
      frames: Float64Array[];
      waveform: Float32Array;
      rate: number;
      /** Where in the waveform the word is, in samples. */
      start: number;
      stop: number;
    }
  | { kind: "text"; nGrams: number };

export interface Options {
  /** Below it the answer is unknown; 0 unless given. `model.threshold` is what training advises. */
  threshold?: number;
}

export class Model {
  /** Read a model file: what `backprop train` and `backprop export` write. */
  constructor(buffer: ArrayBuffer);
  readonly task: "speech" | "images" | "text";
  readonly labels: string[];
  readonly threshold: number;
  /** Samples a second that a recording is brought to; of speech alone. */
  readonly rate?: number;
  readonly provenance: Record<string, unknown>;

  /** Answer a recording: one channel, or one array for each, from -1 to 1, with its rate in samples a second. */
  predict(samples: Float32Array | Float32Array[], rate: number, options?: Options): Answer;
  /** Answer a picture. */
  predict(picture: HTMLCanvasElement | OffscreenCanvas | Pixels, rate?: undefined, options?: Options): Answer;
  /** Answer a text. */
  predict(text: string, rate?: undefined, options?: Options): Answer;

  /** The same, with what the network was given and what came out of each of its layers. */
  look(
    input: Float32Array | Float32Array[] | HTMLCanvasElement | OffscreenCanvas | Pixels | string,
    rate?: number,
    options?: Options,
  ): { answer: Answer; given: Given; layers: { kind: string; output: Float32Array }[] };

  /** Tell whether this machine reproduces the model's golden samples. */
  selfTest(): { passed: boolean; error: number; tolerance: number };
}

/** Load the model of the module, or with an address another model file. */
export function load(url?: string | URL): Promise<Model>;

/** What this model is, and whose data it learned from. */
export const metadata: {
  made_by: string;
  task: string;
  labels: string[];
  threshold: number;
  sr?: number;
  data: { name: string; licence: string; citation: string }[];
};
