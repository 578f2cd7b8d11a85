// Strict readers of JSON values that travel: each returns the value or refuses, with nothing of the value in the error.

import { unhex } from "./bytes.js";
import { parse } from "./canonical.js";
import { EnvelopeError } from "./errors.js";

/** @typedef {import("./canonical.js").Json} Json */
/** @typedef {import("./bytes.js").Bytes} Bytes */

/** The greatest counter or serial: what a column of the databases holds. */
export const NUMBER_MAX = 2 ** 31 - 1;

/**
 * Parse canonical JSON with exactly these keys, after which only spaces may follow.
 * @param {Uint8Array} data
 * @param {string[]} keys
 * @returns {{[key: string]: Json}}
 */
export function jsonObject(data, keys) {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0x20) end--;
  try {
    return fields(parse(data.subarray(0, end)), keys);
  } catch {
    throw new EnvelopeError();
  }
}

/**
 * Parse canonical JSON that also says it is of this form.
 * @param {Uint8Array} data
 * @param {string} form
 * @param {string[]} keys
 */
export function ofFormat(data, form, keys) {
  const value = jsonObject(data, keys);
  if (value.format !== form) throw new EnvelopeError();
  return value;
}

/**
 * Read an object with exactly these keys.
 * @param {Json | undefined} value
 * @param {string[]} keys
 * @returns {{[key: string]: Json}}
 */
export function fields(value, keys) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new EnvelopeError();
  const found = Object.keys(value);
  if (found.length !== keys.length || !keys.every((key) => Object.hasOwn(value, key))) throw new EnvelopeError();
  return value;
}

/**
 * Read a list.
 * @param {Json | undefined} value
 * @returns {Json[]}
 */
export function list(value) {
  if (!Array.isArray(value)) throw new EnvelopeError();
  return value;
}

/**
 * Read a string.
 * @param {Json | undefined} value
 */
export function text(value) {
  if (typeof value !== "string") throw new EnvelopeError();
  return value;
}

/**
 * Read an integer from *least* to *most*.
 * @param {Json | undefined} value
 * @param {number} least
 * @param {number} [most]
 */
export function number(value, least, most = NUMBER_MAX) {
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) throw new EnvelopeError();
  return Number(value);
}

/**
 * Read 32 bytes from lower-case hexadecimal.
 * @param {Json | undefined} value
 * @returns {Bytes}
 */
export function hash32(value) {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) throw new EnvelopeError();
  return unhex(value);
}

/**
 * Read a unit's id: 1 to 32 of a-z, 0-9 and -.
 * @param {Json | undefined} value
 */
export function unit(value) {
  if (typeof value !== "string" || !/^[a-z0-9-]{1,32}$/.test(value)) throw new EnvelopeError();
  return value;
}

/**
 * Read a day, as 2026-11-23. Days stay text: their order is that of the letters.
 * @param {Json | undefined} value
 */
export function day(value) {
  const found = typeof value === "string" ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) : null;
  if (found === null) throw new EnvelopeError();
  const [, year, month, date] = found.map(Number);
  if (year === undefined || month === undefined || date === undefined) throw new EnvelopeError();
  const there = new Date(0);
  there.setUTCFullYear(year, month - 1, date);
  if (year < 1 || there.toISOString().slice(0, 10) !== value) throw new EnvelopeError();
  return found[0];
}
