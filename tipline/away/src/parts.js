// Files in parts of at most 16 MiB, each an envelope of its own, sealed one at a time so that memory stays flat.
//
// A part comes out of age-encryption once. What is kept of it is enough to make the same bytes again (the file key and
// the bytes in front of the body), so nobody has to hold gigabytes for the case that a part is asked for once more.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";

import * as age from "./age.js";
import { concat, equal, hex, hkdf, idOf, sha256InPieces, sha256Large } from "./bytes.js";
import { WRAPPER_BYTES, wrapper } from "./envelope.js";
import { FileChangedError } from "./errors.js";
import { PART_MAX, partSize } from "./padding.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./envelope.js").Address} Address */
/** @typedef {import("./handin.js").Listed} Listed */

/** Called with the true bytes that were sealed since the last call. @typedef {(bytes: number) => void} Progress */

/**
 * One sealed part.
 * @typedef {object} SealedPart
 * @property {Listed} listed
 * @property {number} size true bytes
 * @property {() => Promise<Blob>} again makes the same envelope from the same file; refuses when the file has changed
 */

const CHUNK = 64 * 1024;
const TAG_BYTES = 16;
const BREATH = 16; // chunks after which the page may draw and listen

/** @param {number} size of a file */
export function partCount(size) {
  return Math.ceil(size / PART_MAX);
}

/**
 * Seal a file, one part after the other; returns SHA-256 of the whole.
 * @param {Blob} file
 * @param {Address} address
 * @param {Progress} progress
 * @returns {AsyncGenerator<{part: SealedPart, blob: Blob}, Uint8Array, void>}
 */
export async function* sealParts(file, address, progress) {
  if (file.size <= PART_MAX) {
    const plain = await read(file);
    if (plain.length > 0) yield await sealPart(file, plain, address, progress);
    return sha256Large(plain);
  }
  const hash = sha256InPieces();
  for (let at = 0; at < file.size; at += PART_MAX) {
    const slice = file.slice(at, at + PART_MAX);
    const plain = await read(slice);
    for (let from = 0; from < plain.length; from += BREATH * CHUNK) {
      hash.update(plain.subarray(from, from + BREATH * CHUNK));
      await breathe();
    }
    yield await sealPart(slice, plain, address, progress);
  }
  return hash.digest();
}

/**
 * @param {Blob} slice what is read again by `again`
 * @param {Bytes} plain what it held
 * @param {Address} address
 * @param {Progress} progress
 * @returns {Promise<{part: SealedPart, blob: Blob}>}
 */
async function sealPart(slice, plain, address, progress) {
  const padded = partSize(plain.length);
  const { sealed, fileKey } = await age.sealStream(chunks(plain, padded, progress), address.recipient);
  const whole = new Uint8Array(WRAPPER_BYTES + age.sealedSize(padded));
  let at = WRAPPER_BYTES;
  whole.set(wrapper(address, "part"));
  for (const reader = sealed.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    whole.set(value, at);
    at += value.length;
  }
  const digest = await sha256Large(whole);
  const front = whole.slice(0, WRAPPER_BYTES + age.FRONT_BYTES);
  const listed = /** @type {Listed} */ ({ id: idOf(digest), kind: "part", sha256: hex(digest), size: whole.length });
  const again = () => sealAgain(slice, { front, fileKey, digest, padded });
  return { part: { listed, size: plain.length, again }, blob: new Blob([whole]) };
}

/**
 * @param {Blob} slice
 * @param {{front: Uint8Array, fileKey: Uint8Array, digest: Uint8Array, padded: number}} made the first time
 */
async function sealAgain(slice, { front, fileKey, digest, padded }) {
  const plain = await read(slice);
  const key = hkdf(fileKey, front.subarray(-16), "payload", 32);
  const whole = new Uint8Array(front.length + padded + TAG_BYTES * Math.ceil(padded / CHUNK));
  whole.set(front);
  const nonce = new Uint8Array(12);
  for (let at = 0, to = front.length; at < padded; at += CHUNK, to += CHUNK + TAG_BYTES) {
    new DataView(nonce.buffer).setUint32(7, at / CHUNK);
    nonce[11] = at + CHUNK === padded ? 1 : 0;
    const sealed = chacha20poly1305(key, nonce).encrypt(filled(plain, at));
    whole.set(sealed, to);
    if ((at / CHUNK) % BREATH === 0) await breathe();
  }
  if (!equal(await sha256Large(whole), digest)) throw new FileChangedError();
  return new Blob([whole]);
}

/**
 * The part's bytes and the zeros behind them, chunk by chunk.
 * @param {Uint8Array} plain
 * @param {number} padded
 * @param {Progress} progress
 * @returns {ReadableStream<Uint8Array>}
 */
function chunks(plain, padded, progress) {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at >= padded) return controller.close();
      controller.enqueue(filled(plain, at));
      progress(Math.max(0, Math.min(CHUNK, plain.length - at)));
      at += CHUNK;
      if ((at / CHUNK) % BREATH === 0) await breathe();
    },
  });
}

/**
 * @param {Uint8Array} plain
 * @param {number} at
 * @returns {Uint8Array} one chunk, with zeros where the file has ended
 */
function filled(plain, at) {
  const chunk = plain.subarray(at, at + CHUNK);
  return chunk.length === CHUNK ? chunk : concat(chunk, new Uint8Array(CHUNK - chunk.length));
}

/** @param {Blob} blob */
async function read(blob) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw new FileChangedError(); // the browser refuses a file that changed on the disk, or that was taken away
  }
}

/** Let the page draw, and hear a key or a click. */
function breathe() {
  return new Promise((resolve) => setTimeout(resolve));
}
