// Canonical JSON (RFC 8785): one value, one sequence of bytes, so that hashes and signatures mean the value.
// The document takes the spelling of numbers and strings from JavaScript itself, so only order and refusals are ours.

import { text, utf8 } from "./bytes.js";
import { CanonicalError } from "./errors.js";

/** @typedef {null | boolean | number | string | JsonList | JsonObject} Json */
/** @typedef {Json[]} JsonList */
/** @typedef {{[key: string]: Json}} JsonObject */

/**
 * @param {Json} value
 * @returns {import("./bytes.js").Bytes}
 */
export function canonical(value) {
  try {
    return utf8(spell(value));
  } catch {
    throw new CanonicalError(); // ours, or the stack's end: neither may quote the value
  }
}

/**
 * Return the value whose canonical form is exactly *data*: repeated keys, white space, other spellings of a number and
 * escapes that were not needed all give other bytes, and are refused by that alone.
 * @param {Uint8Array} data
 * @returns {Json}
 */
export function parse(data) {
  const said = text(data);
  if (said === null) throw new CanonicalError();
  let value;
  try {
    value = JSON.parse(said);
    if (spell(value) === said) return value;
  } catch {
    // The text of the engine's own error quotes what it read.
  }
  throw new CanonicalError();
}

/**
 * @param {Json} value
 * @returns {string}
 */
function spell(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return string(value);
  if (Array.isArray(value)) return `[${value.map(spell).join(",")}]`;
  if (typeof value !== "object") throw new CanonicalError();
  const keys = Object.keys(value).sort(); // by UTF-16 code units, as RFC 8785 wants it
  return `{${keys.map((key) => `${string(key)}:${spell(/** @type {Json} */ (value[key]))}`).join(",")}}`;
}

/** @param {number} value */
function number(value) {
  const spelt = JSON.stringify(value);
  const whole = !/[.e]/.test(spelt);
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) throw new CanonicalError();
  return spelt;
}

/** @param {string} value */
function string(value) {
  if (/\p{Surrogate}/u.test(value)) throw new CanonicalError(); // half a letter has no UTF-8
  return JSON.stringify(value);
}
