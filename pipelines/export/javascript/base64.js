/**
 * Base64: bytes written as letters, so that a page or a module can hold them.
 *
 * @module
 */

/** @param {string} letters @returns {ArrayBuffer} */
export function fromBase64(letters) {
  const characters = atob(letters);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes.buffer;
}
