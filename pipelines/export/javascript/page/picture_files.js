/**
 * Picture files: from a dropped, pasted or chosen file to pixels.
 *
 * @module
 */

const MAX_PIXELS = 50e6;

/**
 * Decode a picture, upright, its colours as they are in the file.
 *
 * @param {Blob} file
 * @returns {Promise<ImageData>}
 * @throws {Error} where it is none that the browser can read
 */
export async function pixelsOf(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new Error("the browser cannot read this picture; convert it to PNG or JPEG");
  }
  if (bitmap.width * bitmap.height > MAX_PIXELS) {
    throw new Error("the picture is too large; scale it down to at most 50 million pixels");
  }
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
