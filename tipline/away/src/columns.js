// Sealed columns: a value that opens only in its own table, column and row. Layout: docs/format.md, "Sealed columns".

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";

import { concat, random } from "./bytes.js";
import { canonical } from "./canonical.js";
import { OpenError } from "./errors.js";
import { mac } from "./macs.js";

const V1 = Uint8Array.of(1);
const NONCE_BYTES = 24;
const OVERHEAD = 1 + NONCE_BYTES + 16;

/** @typedef {{table: string, column: string, row: string}} Where */

/**
 * @param {Uint8Array} key the 32-byte record key; a subkey of it does the work
 * @param {Uint8Array} plain its length shows
 * @param {Where} where
 */
export function seal(key, plain, where) {
  const nonce = random(NONCE_BYTES);
  return concat(V1, nonce, cipher(key, nonce, where).encrypt(plain));
}

/**
 * Return what was sealed in this place; everything else is refused.
 * @param {Uint8Array} key
 * @param {Uint8Array} sealed
 * @param {Where} where
 */
export function open(key, sealed, where) {
  if (sealed.length < OVERHEAD || sealed[0] !== V1[0]) throw new OpenError();
  const body = sealed.subarray(1 + NONCE_BYTES);
  try {
    return cipher(key, sealed.subarray(1, 1 + NONCE_BYTES), where).decrypt(body);
  } catch {
    throw new OpenError();
  }
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} nonce
 * @param {Where} where
 */
function cipher(key, nonce, { table, column, row }) {
  const subkey = mac(key, new Uint8Array(), "tipline/columns");
  return xchacha20poly1305(subkey, nonce, concat(V1, canonical([table, column, row])));
}
