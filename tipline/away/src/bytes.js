// Bytes: hexadecimal, text, random numbers, SHA-256, HKDF. The one place that decides between WebCrypto and JavaScript.

import { hkdf as nobleHkdf } from "@noble/hashes/hkdf.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const ENCODER = new TextEncoder();

/**
 * @param {string} text without lone surrogates
 * @returns {Bytes} UTF-8
 */
export function utf8(text) {
  return ENCODER.encode(text);
}

/**
 * @param {Uint8Array} data
 * @returns {string | null} the text, or null where the bytes are no UTF-8
 */
export function text(data) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
}

/**
 * @param {Uint8Array} data
 * @returns {string} lower case
 */
export function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} digits lower-case hexadecimal, checked by the caller
 * @returns {Bytes}
 */
export function unhex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * @param {...Uint8Array} pieces
 * @returns {Bytes}
 */
export function concat(...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * Whether two values are equal; looks at every byte whatever the first ones are.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function equal(one, other) {
  let different = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) different |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return different === 0;
}

/**
 * @param {Uint8Array} data
 * @param {number} length
 * @param {number} filler one byte
 * @returns {Bytes} *data* with fillers behind it, *length* bytes in all
 */
export function fill(data, length, filler) {
  const filled = new Uint8Array(length).fill(filler);
  filled.set(data);
  return filled;
}

/**
 * @param {number} length
 * @returns {Bytes} from the browser's generator
 */
export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** @returns {string} a random id (UUID version 4); `crypto.randomUUID` is missing where a page came without TLS or onion */
export function randomId() {
  const id = random(16);
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x40;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return idOf(id);
}

/**
 * @param {Uint8Array} bytes of which the first 16 count
 * @returns {string} as ids are written
 */
export function idOf(bytes) {
  return hex(bytes.subarray(0, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * SHA-256 of something small, at once.
 * @param {Uint8Array} data
 * @returns {Uint8Array} 32 bytes
 */
export function sha256(data) {
  return nobleSha256(data);
}

/**
 * SHA-256 of megabytes: by the browser itself where it offers that, since JavaScript without its compiler is a hundred
 * times slower.
 * @param {Bytes} data
 * @returns {Promise<Uint8Array>} 32 bytes
 */
export async function sha256Large(data) {
  if (globalThis.crypto.subtle === undefined) return nobleSha256(data);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** SHA-256 of what comes in pieces. @returns {{update(piece: Uint8Array): unknown, digest(): Uint8Array}} */
export function sha256InPieces() {
  return nobleSha256.create();
}

/**
 * RFC 5869 with SHA-256.
 * @param {Uint8Array} key
 * @param {Uint8Array} salt
 * @param {string} info
 * @param {number} length of the output in bytes
 * @returns {Uint8Array}
 */
export function hkdf(key, salt, info, length) {
  return nobleHkdf(nobleSha256, key, salt, utf8(info), length);
}
