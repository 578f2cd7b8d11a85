// age files sealed to one post-quantum recipient, through npm age-encryption; its errors become ours.

import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { bech32 } from "@scure/base";

import { utf8, sha256, hex } from "./bytes.js";
import { AgeError, KeyFormatError } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const RECIPIENT_BYTES = 1216;
const HEADER_BYTES = 70 + 1557;
const NONCE_BYTES = 16;
const CHUNK = 64 * 1024;
const TAG_BYTES = 16;

/** Bytes in front of the body: the header of one recipient, and the nonce of the body. */
export const FRONT_BYTES = HEADER_BYTES + NONCE_BYTES;

/**
 * Read `age1pq1…`; anything else, upper case included, is refused.
 * @param {string} typed
 * @returns {string} the recipient as it is written
 */
export function recipient(typed) {
  try {
    const { prefix, words } = bech32.decode(/** @type {`${string}1${string}`} */ (typed), false);
    const raw = bech32.fromWords(words);
    if (prefix === "age1pq" && raw.length === RECIPIENT_BYTES && typed === typed.toLowerCase()) return typed;
  } catch {
    // Below.
  }
  throw new KeyFormatError();
}

/**
 * The identity of a 32-byte seed, as age writes it.
 * @param {Uint8Array} seed
 */
export function identityOf(seed) {
  return bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase();
}

/**
 * @param {string} identity
 * @returns {Promise<string>} `age1pq1…`
 */
export function recipientOf(identity) {
  return identityToRecipient(identity);
}

/**
 * SHA-256 of the encoded recipient, for people to compare.
 * @param {string} of
 */
export function fingerprint(of) {
  return hex(sha256(utf8(of)));
}

/**
 * Bytes of an age file of one recipient over *plain* bytes.
 * @param {number} plain
 */
export function sealedSize(plain) {
  return FRONT_BYTES + plain + TAG_BYTES * Math.max(1, Math.ceil(plain / CHUNK));
}

/**
 * @param {Uint8Array} plain
 * @param {string} to
 * @returns {Promise<Bytes>}
 */
export async function seal(plain, to) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(to);
  return /** @type {Bytes} */ (await encrypter.encrypt(plain));
}

/**
 * Seal what comes in pieces, and give the file key away, so that the same bytes can be made once more.
 * @param {ReadableStream<Uint8Array>} plain
 * @param {string} to
 * @returns {Promise<{sealed: ReadableStream<Uint8Array>, fileKey: Uint8Array}>}
 */
export async function sealStream(plain, to) {
  /** @type {Uint8Array} */
  let fileKey = new Uint8Array();
  const encrypter = new Encrypter();
  encrypter.addRecipient(to);
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key.slice();
      return []; // a recipient without a stanza: nothing of it stands in the file
    },
  });
  const sealed = await encrypter.encrypt(plain);
  return { sealed, fileKey };
}

/**
 * @param {Uint8Array} sealed
 * @param {string} identity
 * @returns {Promise<Bytes>}
 */
export async function open(sealed, identity) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return /** @type {Bytes} */ (await decrypter.decrypt(sealed));
  } catch {
    throw new AgeError();
  }
}
