// Sends sealed files to the server that this page came from, one after the other; whatever fails can go on where it stopped.

/** @typedef {import("../sealing.js").HandInFile} HandInFile */

/**
 * One file to hand in: its bytes, or how to make them once more.
 * @typedef {{number: number, of: number, name: string, make: () => Promise<Blob>}} Piece
 */

/** Bytes of sealed files that stay in memory; past that each is sealed again when it is sent. */
const HELD_MAX = 48 * 1024 * 1024;
const SILENCE_MAX = 120_000; // milliseconds without a byte, after which the line counts as broken

/** Something was not sent. `code` is the server's word for it, or "line" when there was none. */
export class NotSent extends Error {
  /** @param {string} code */
  constructor(code) {
    super("not sent");
    this.code = code;
  }
}

/**
 * Ask for the signed keys to seal to.
 * @returns {Promise<Uint8Array>}
 */
export async function askForKeys() {
  let answer;
  try {
    answer = await fetch("/keys", { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" });
  } catch {
    throw new NotSent("line");
  }
  if (answer.status === 404) throw new NotSent("no-keys");
  if (!answer.ok) throw new NotSent("line");
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * Seal everything and return the files in the order in which they are sent, the slip with the messages first.
 * @param {AsyncGenerator<HandInFile>} sealing
 * @returns {Promise<Piece[]>}
 */
export async function sealAll(sealing) {
  /** @type {Piece[]} */
  const pieces = [];
  let held = 0;
  for await (const { number, of, name, blob, again } of sealing) {
    const keep = held + blob.size <= HELD_MAX;
    if (keep) held += blob.size;
    pieces.push({ number, of, name, make: keep ? async () => blob : again });
  }
  return pieces.sort((one, other) => one.number - other.number);
}

/**
 * Hand in one file.
 * @param {Piece} piece
 * @param {(part: number) => void} onProgress from 0 to 1
 * @returns {Promise<Set<number>>} numbers of the files that the server still misses
 */
export async function send(piece, onProgress) {
  const body = new FormData();
  body.append("files", await piece.make(), piece.name);
  const answer = await post(body, onProgress);
  const handIn = answer.hand_ins?.[0];
  if (answer.status === "complete" && handIn) return new Set();
  if (answer.status === "partial" && handIn) return new Set(handIn.missing);
  throw new NotSent(typeof answer.status === "string" ? answer.status : "line");
}

/**
 * @typedef {{status?: string, hand_ins?: {status: string, files: number, missing: number[]}[]}} Answer
 */

/**
 * @param {FormData} body
 * @param {(part: number) => void} onProgress
 * @returns {Promise<Answer>}
 */
function post(body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how far an upload has come
    const broken = () => reject(new NotSent("line"));
    let silence = setTimeout(() => request.abort(), SILENCE_MAX);
    request.open("POST", "/hand-in");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = ({ loaded, total }) => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MAX);
      onProgress(total > 0 ? loaded / total : 0);
    };
    request.onload = () => {
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        broken(); // an answer that is no answer of /hand-in, as of something between us and the server
      }
    };
    request.onerror = broken;
    request.onabort = broken;
    request.onloadend = () => clearTimeout(silence);
    request.send(body);
  });
}
