// Keyed BLAKE2b with a purpose: a MAC made for one direction or use verifies for no other.

import { blake2b } from "@noble/hashes/blake2.js";

import { equal, fill, utf8 } from "./bytes.js";
import { SignatureError } from "./errors.js";

const PERSON_BYTES = 16;

/**
 * @param {Uint8Array} key 32 bytes
 * @param {Uint8Array} payload
 * @param {string} purpose 1 to 16 printable ASCII characters, BLAKE2b's personalisation
 * @returns {Uint8Array} 32 bytes
 */
export function mac(key, payload, purpose) {
  if (key.length !== 32) throw new RangeError("a MAC key is 32 bytes");
  return blake2b(payload, { dkLen: 32, key, personalization: fill(utf8(purpose), PERSON_BYTES, 0) });
}

/**
 * Return when *tag* is the MAC of *payload*.
 * @param {Uint8Array} key
 * @param {Uint8Array} payload
 * @param {Uint8Array} tag
 * @param {string} purpose
 */
export function check(key, payload, tag, purpose) {
  if (!equal(mac(key, payload, purpose), tag)) throw new SignatureError();
}
