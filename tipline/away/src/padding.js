// Sizes in classes: what a sealed thing weighs says which class its content fell into, and no more.

import { fill } from "./bytes.js";

const KIB = 1024;
const MESSAGE_STEP = 4 * KIB;
const PART_STEP = 64 * KIB;
const GROWTH = 4;

/** The most true bytes that one part holds. */
export const PART_MAX = 16 * KIB * KIB;

/**
 * The smallest of 4 KiB, 16 KiB, 64 KiB, … that holds *n* bytes.
 * @param {number} n
 */
export function messageSize(n) {
  return sizeClass(n, MESSAGE_STEP);
}

/**
 * Fill a JSON message up to its class with spaces, which any JSON reader skips.
 * @param {Uint8Array} message
 */
export function padMessage(message) {
  return fill(message, messageSize(message.length), 0x20);
}

/**
 * The smallest of 64 KiB, 256 KiB, 1, 4 and 16 MiB that holds *n* bytes of a part.
 * @param {number} n
 */
export function partSize(n) {
  if (n > PART_MAX) throw new RangeError("a part holds at most 16 MiB");
  return sizeClass(n, PART_STEP);
}

/**
 * @param {number} n
 * @param {number} step
 */
function sizeClass(n, step) {
  if (n < 0) throw new RangeError("a size is not negative");
  let size = step;
  while (size < n) size *= GROWTH;
  return size;
}
