// Signed statements: a type, a JSON body and Ed25519 signatures over both; trusted only after `verify`.
// Layout: docs/format.md, "Signatures" and "Statements".

import { ed25519 } from "@noble/curves/ed25519.js";

import { concat, equal, hex, unhex, utf8 } from "./bytes.js";
import { canonical, parse } from "./canonical.js";
import { SignatureError } from "./errors.js";
import { fields, list } from "./strict.js";

/** @typedef {import("./canonical.js").Json} Json */
/** @typedef {{[key: string]: Json}} Body */

const TYPE = /^tipline\/[a-z0-9-]+\/v[1-9][0-9]*$/;

/**
 * Return when *signature* is by *publicKey* over exactly this type and payload.
 * @param {Uint8Array} publicKey 32 bytes
 * @param {string} type
 * @param {Uint8Array} payload
 * @param {Uint8Array} signature 64 bytes
 */
export function verifySignature(publicKey, type, payload, signature) {
  let good = false;
  try {
    good = ed25519.verify(signature, signed(type, payload), publicKey, { zip215: false });
  } catch {
    // A key or a signature that is none.
  }
  if (!good) throw new SignatureError();
}

/**
 * State *body* under *type*, signed by the key of *seed*.
 * @param {string} type
 * @param {Body} body
 * @param {Uint8Array} seed 32 bytes
 */
export function sign(type, body, seed) {
  const signature = ed25519.sign(signed(type, canonical(body)), seed);
  return canonical({
    body,
    signatures: [{ key: hex(ed25519.getPublicKey(seed)), signature: hex(signature) }],
    type,
  });
}

/**
 * Return the body when the statement is of this type and at least *needed* different trusted keys have signed it. A
 * signature by a key that is not trusted counts for nothing; a bad one by a trusted key refuses the whole.
 * @param {Uint8Array} data canonical JSON
 * @param {string} type
 * @param {Uint8Array[]} trusted
 * @param {number} [needed]
 * @returns {Body}
 */
export function verify(data, type, trusted, needed = 1) {
  if (needed < 1) throw new RangeError("at least one signature is needed");
  const { type: stated, body, signatures } = readStatement(data);
  if (stated !== type) throw new SignatureError();
  const payload = canonical(body);
  const ours = signatures.filter(({ key }) => trusted.some((one) => equal(one, key)));
  for (const { key, signature } of ours) verifySignature(key, type, payload, signature);
  if (ours.length < needed) throw new SignatureError();
  return body;
}

/**
 * Read a statement without believing it: nothing of its body means anything yet.
 * @param {Uint8Array} data canonical JSON
 */
export function readStatement(data) {
  try {
    const { type, body, signatures: entries } = fields(parse(data), ["body", "signatures", "type"]);
    const signatures = list(entries).map(readSignature);
    const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
    const different = new Set(signatures.map(({ key }) => hex(key))).size === signatures.length;
    if (isObject && different && typeof type === "string" && TYPE.test(type)) return { type, body, signatures };
  } catch {
    // Below.
  }
  throw new SignatureError();
}

/** @param {Json} entry */
function readSignature(entry) {
  const { key, signature } = fields(entry, ["key", "signature"]);
  if (typeof key !== "string" || typeof signature !== "string") throw new SignatureError();
  if (!/^[0-9a-f]{64}$/.test(key) || !/^[0-9a-f]{128}$/.test(signature)) throw new SignatureError();
  return { key: unhex(key), signature: unhex(signature) };
}

/**
 * @param {string} type
 * @param {Uint8Array} payload
 */
function signed(type, payload) {
  return concat(utf8(`${type}\n`), payload);
}
