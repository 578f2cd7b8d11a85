// Signatures over packages and notices, as `ssh-keygen -Y verify` checks them: SSHSIG, Ed25519, SHA-512, one namespace.
// Layout: docs/format.md, "Packages"; OpenSSH PROTOCOL.sshsig.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { base64, base64nopad } from "@scure/base";

import { concat, equal, sha256, text, unhex, utf8 } from "./bytes.js";
import { KeyFormatError, PackageError } from "./errors.js";

/** What a package's signature is made for; one made for anything else does not count. */
export const NAMESPACE = "tipline-package";

/** What an agency's signature over an agreement is made for. */
export const AGREEMENT = "tipline-agreement";

/** What an agency's signature over material is made for. */
export const MATERIAL = "tipline-material";

/** What a notice's signature is made for. */
export const NOTICE = "tipline-notice";

/** What an agency's signature over its consent is made for. */
export const CONSENT = "tipline-consent";

const MAGIC = utf8("SSHSIG");
const KIND = utf8("ssh-ed25519");
const HASH = utf8("sha512");
const COLUMNS = 70;
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";

/**
 * What a signature says that it was made for; nothing is verified.
 * @param {Uint8Array} armoured the whole file
 */
export function purpose(armoured) {
  return read(armoured).namespace;
}

/**
 * Return when *armoured* is a signature by *publicKey* over *data* in a namespace of ours; each other case is told apart.
 * @param {Uint8Array} armoured the whole file
 * @param {Uint8Array} data
 * @param {Uint8Array} publicKey 32 bytes
 * @param {string} expected what it has to be made for
 */
export async function verify(armoured, data, publicKey, expected = NAMESPACE) {
  const { key, namespace, signature } = read(armoured);
  if (namespace !== expected) throw new PackageError("signature-purpose");
  if (!equal(key, publicKey)) throw new PackageError("signature-key");
  const signed = concat(MAGIC, string(utf8(namespace)), string(utf8("")), string(HASH), string(await digest(data)));
  let good = false;
  try {
    good = ed25519.verify(signature, signed, publicKey, { zip215: false });
  } catch {
    // A key or a signature that is none.
  }
  if (!good) throw new PackageError("signature-changed");
}

/**
 * Sign as `ssh-keygen -Y sign` does.
 * @param {Uint8Array} seed 32 bytes
 * @param {Uint8Array} data
 * @param {string} namespace
 * @returns {Promise<Uint8Array>} the whole file
 */
export async function sign(seed, data, namespace) {
  const signed = concat(MAGIC, string(utf8(namespace)), string(utf8("")), string(HASH), string(await digest(data)));
  return utf8(write(ed25519.getPublicKey(seed), namespace, ed25519.sign(signed, seed)));
}

/**
 * Read `ssh-ed25519 AAAA…`, with or without what an allowed-signers file has before it, or 64 hexadecimal digits.
 * @param {string} typed
 * @returns {Uint8Array} 32 bytes
 */
export function publicKey(typed) {
  const bare = typed.trim();
  if (/^[0-9a-fA-F]{64}$/.test(bare)) return unhex(bare.toLowerCase());
  const blob = /(?:^|\s)ssh-ed25519 ([A-Za-z0-9+/=]+)(?:\s|$)/.exec(bare)?.[1];
  try {
    const decoded = base64.decode(blob ?? "");
    const key = decoded.subarray(-32);
    if (equal(decoded, blobOf(key))) return key;
  } catch {
    // Below.
  }
  throw new KeyFormatError();
}

/**
 * The fingerprint that `ssh-keygen` prints.
 * @param {Uint8Array} key
 */
export function fingerprint(key) {
  return `SHA256:${base64nopad.encode(sha256(blobOf(key)))}`;
}

/**
 * Read the armour by writing it again: only what the signer writes is a signature.
 * @param {Uint8Array} armoured
 */
function read(armoured) {
  try {
    const lines = (text(armoured) ?? "").split("\n");
    const blob = base64.decode(lines.slice(1, -2).join(""));
    const at = blob.length - 64;
    const key = blob.subarray(MAGIC.length + 4 + 4 + 4 + KIND.length + 4).subarray(0, 32);
    const nameAt = MAGIC.length + 4 + string(blobOf(key)).length;
    const nameLength = new DataView(blob.buffer, blob.byteOffset).getUint32(nameAt);
    const namespace = text(blob.subarray(nameAt + 4, nameAt + 4 + nameLength)) ?? "";
    const signature = blob.subarray(at);
    if (write(key, namespace, signature) === text(armoured)) return { key, namespace, signature };
  } catch {
    // Below.
  }
  throw new PackageError("signature-unreadable");
}

/**
 * @param {Uint8Array} key
 * @param {string} namespace
 * @param {Uint8Array} signature
 */
function write(key, namespace, signature) {
  const context = concat(string(utf8(namespace)), string(utf8("")), string(HASH));
  const version = Uint8Array.of(0, 0, 0, 1);
  const blob = concat(MAGIC, version, string(blobOf(key)), context, string(concat(string(KIND), string(signature))));
  const lines = base64.encode(blob).match(new RegExp(`.{1,${COLUMNS}}`, "g")) ?? [];
  return [BEGIN, ...lines, END, ""].join("\n");
}

/** @param {Uint8Array} key */
function blobOf(key) {
  return concat(string(KIND), string(key));
}

/** @param {Uint8Array} value */
function string(value) {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, value.length);
  return concat(length, value);
}

/**
 * SHA-512 by the browser where it offers that: a package may have megabytes.
 * @param {Uint8Array} data
 */
async function digest(data) {
  if (globalThis.crypto.subtle === undefined) return sha512(data);
  return new Uint8Array(await crypto.subtle.digest("SHA-512", data.slice()));
}
