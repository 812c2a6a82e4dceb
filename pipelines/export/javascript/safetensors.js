/**
 * Safetensors: the format of a model file, a JSON header and then the raw numbers of its tensors.
 *
 * The first eight bytes say how long the header is; the header gives the type of each tensor, its shape and the place
 * of its numbers. https://github.com/huggingface/safetensors
 *
 * @module
 */

/**
 * @typedef {Float32Array | Float64Array | Int8Array | Uint8Array | Int32Array} Numbers
 * @typedef {{ shape: number[], data: Numbers }} Tensor
 */

const KINDS = { F64: Float64Array, F32: Float32Array, I32: Int32Array, I8: Int8Array, U8: Uint8Array };

/**
 * Read all tensors of a file, and what its header says beside them. Half precision becomes single precision.
 *
 * @param {ArrayBuffer} buffer
 * @returns {{ tensors: Record<string, Tensor>, metadata: Record<string, string> }}
 * @throws {Error} if it is not a safetensors file, or is truncated
 */
export function readSafetensors(buffer) {
  const headerEnd = buffer.byteLength < 8 ? Infinity : 8 + Number(new DataView(buffer).getBigUint64(0, true));
  if (headerEnd > buffer.byteLength) throw new Error("this is not a model file, or it is truncated");
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, 8, headerEnd - 8)),
  );
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [start, stop] }] of Object.entries(entries)) {
    if (headerEnd + stop > buffer.byteLength) throw new Error("the model file is truncated");
    tensors[name] = { shape, data: numbers(buffer.slice(headerEnd + start, headerEnd + stop), dtype) };
  }
  return { tensors, metadata };
}

/** @param {ArrayBuffer} bytes @param {string} dtype @returns {Numbers} */
function numbers(bytes, dtype) {
  if (dtype === "F16") return fromHalf(new Uint16Array(bytes));
  if (dtype === "I64") return Int32Array.from(new BigInt64Array(bytes), Number);
  const Kind = KINDS[dtype];
  if (!Kind) throw new Error(`the model file contains numbers of type ${dtype}, which this engine cannot read`);
  return new Kind(bytes);
}

/**
 * Return half-precision numbers (IEEE 754 binary16: 1 bit sign, 5 exponent, 10 fraction) in single precision.
 *
 * @param {Uint16Array} halves
 */
function fromHalf(halves) {
  const singles = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const exponent = (halves[i] >> 10) & 31;
    const fraction = halves[i] & 1023;
    let size = (1024 + fraction) * 2 ** (exponent - 25);
    if (exponent === 0) size = fraction * 2 ** -24;
    if (exponent === 31) size = fraction ? NaN : Infinity;
    singles[i] = halves[i] & 0x8000 ? -size : size;
  }
  return singles;
}
