import { contract } from "./contract.js";
import { readHeader } from "./header.js";
import { megabytes } from "./words.js";

const SAVE_AS = "Save it as JPEG or PNG, and add it again.";

/**
 * Look at a photo before it is sent, as the service will: what is plainly wrong is told at once.
 *
 * @returns its `size` in pixels where that shows, and the `failure`, if there is one.
 */
export async function check(file) {
  if (file.size === 0) return { failure: failed("The file is empty.", "Choose another file.") };
  if (file.size > contract.maxBytes) return { failure: tooLarge(file) };
  const header = await readHeader(file).catch(() => null);
  if (!header) return { failure: failed("This is no JPEG, PNG or BMP file.", SAVE_AS) };
  return { size: header.size, failure: header.size && wrongSize(header.size) };
}

function tooLarge(file) {
  const sizes = `It has ${megabytes(file.size)}; ${megabytes(contract.maxBytes)} is the most.`;
  return failed("The file is too large.", `${sizes} Save it smaller, or at a lower quality.`);
}

function wrongSize([width, height]) {
  const has = `It has ${width} × ${height} pixels; `;
  if (Math.max(width, height) > contract.maxSide) {
    return failed("The photo has too many pixels.", `${has}a side may have ${contract.maxSide}. Scale it down.`);
  }
  if (Math.min(width, height) < contract.minSide) {
    return failed("The photo is too small.", `${has}each side needs ${contract.minSide}. Use a larger one.`);
  }
  return null;
}

function failed(reason, cure) {
  return { reason, cure };
}
