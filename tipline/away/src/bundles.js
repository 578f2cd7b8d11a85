// What a mailbox hands out: the bundle of replies in one size, and the pickup file around it.
// Layout: docs/format.md, "Bundles" and "Picking up".
//
// Anybody who knows the source's public key can seal a bundle, so the archives are read by hand: exactly what the Python
// side writes, in exactly its size, and nothing of what else a tar file can ask a reader to do.

import * as age from "./age.js";
import { concat, equal, fill, utf8 } from "./bytes.js";
import { SEALED_PLACE_BYTES } from "./envelope.js";
import { EnvelopeError } from "./errors.js";

const BUNDLE_BYTES = 64 * 1024;
const SEALED_BUNDLE_BYTES = age.sealedSize(BUNDLE_BYTES);
const BLOCK = 512;
const SIZE_AT = 124;
const SIZE_DIGITS = 11;

/** Every pickup file's length. */
export const PICKUP_BYTES =
  4 * BLOCK + Math.ceil(SEALED_PLACE_BYTES / BLOCK) * BLOCK + Math.ceil(SEALED_BUNDLE_BYTES / BLOCK) * BLOCK;

/**
 * Return the inner files in the bundle's order.
 * @param {Uint8Array} bundle
 * @param {string} identity
 * @returns {Promise<Uint8Array[]>}
 */
export async function openBundle(bundle, identity) {
  if (bundle.length !== SEALED_BUNDLE_BYTES) throw new EnvelopeError();
  const archive = await age.open(bundle, identity).catch(() => new Uint8Array());
  if (archive.length !== BUNDLE_BYTES) throw new EnvelopeError();
  /** @type {Uint8Array[]} */
  const inner = [];
  let at = 0;
  while (archive.subarray(at, at + BLOCK).some((byte) => byte !== 0)) {
    const data = archive.subarray(at + BLOCK).subarray(0, sizeIn(archive.subarray(at, at + BLOCK)));
    inner.push(data);
    const expected = member(`${String(inner.length).padStart(3, "0")}.age`, data);
    if (!equal(archive.subarray(at, at + expected.length), expected)) throw new EnvelopeError();
    at += expected.length;
  }
  const rest = archive.subarray(at);
  if (rest.length < 2 * BLOCK || rest.some((byte) => byte !== 0)) throw new EnvelopeError();
  return inner;
}

/**
 * Take a pickup file apart into the source's sealed place and the bundle.
 * @param {Uint8Array} data
 */
export function parsePickup(data) {
  const bundleAt = 2 * BLOCK + Math.ceil(SEALED_PLACE_BYTES / BLOCK) * BLOCK;
  const place = data.slice(BLOCK, BLOCK + SEALED_PLACE_BYTES);
  const bundle = data.slice(bundleAt, bundleAt + SEALED_BUNDLE_BYTES);
  const expected = concat(member("place", place), member("replies.age", bundle), new Uint8Array(2 * BLOCK));
  if (data.length !== PICKUP_BYTES || !equal(expected, data)) throw new EnvelopeError();
  return { place, bundle };
}

/**
 * One tar member with metadata that tells nothing: POSIX ustar, time 0, nobody's.
 * @param {string} name
 * @param {Uint8Array} data
 */
function member(name, data) {
  const header = new Uint8Array(BLOCK);
  const put = (/** @type {number} */ at, /** @type {string} */ field) => header.set(utf8(field), at);
  put(0, name);
  put(100, "0000600\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(SIZE_AT, `${data.length.toString(8).padStart(SIZE_DIGITS, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return concat(header, fill(data, Math.ceil(data.length / BLOCK) * BLOCK, 0));
}

/** @param {Uint8Array} header */
function sizeIn(header) {
  const digits = String.fromCharCode(...header.subarray(SIZE_AT, SIZE_AT + SIZE_DIGITS));
  if (!/^[0-7]{11}$/.test(digits)) throw new EnvelopeError();
  return Number.parseInt(digits, 8);
}
