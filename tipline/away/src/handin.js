// The slip in front of envelopes that were sealed here, and the files they are handed in as.
// Layout: docs/format.md, "Hand-ins". The public zone reads all of it, so nothing in it may say more than the wrappers do.

import { concat, fill, hex, sha256 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { TooMuchError } from "./errors.js";
import { messageSize } from "./padding.js";
import { partCount } from "./parts.js";

/** @typedef {import("./envelope.js").Address} Address */
/** @typedef {import("./bytes.js").Bytes} Bytes */

/** One envelope as its slip names it. @typedef {{id: string, kind: "message" | "part", sha256: string, size: number}} Listed */

/**
 * A part in a file to hand in: of which chosen file, how many true bytes, and how many sealed ones.
 * @typedef {{file: number, size: number, sealed: number}} Carried
 */

/**
 * One file to hand in.
 * @typedef {object} HandInFile
 * @property {string} name
 * @property {number} number 1 is the slip with the messages, to be handed in before all others
 * @property {number} of how many there are
 * @property {number} front bytes in it before its parts
 * @property {Carried[]} parts in their order
 * @property {Blob} blob
 * @property {() => Promise<Blob>} again the same bytes once more
 */

/**
 * Told of true bytes: those that are sealed and all there are, and which file is at hand, with those of it that are sealed.
 * @typedef {(sealed: number, all: number, file: number, ofIt: number) => void} OnProgress
 */

/** Bytes of one file to hand in. */
export const FILE_MAX = 17 * 1024 * 1024;
/** Bytes of a slip. */
export const SLIP_MAX = 256 * 1024;
/** Bytes of one message. */
export const MESSAGE_MAX = 1024 * 1024;

/**
 * @param {Address} address
 * @param {object} rest
 * @param {string | null} rest.recipient the source's, with the first hand-in of a mailbox
 * @param {Uint8Array | null} rest.was SHA-256 of the sealed place that the messages follow; null with the first
 * @param {Uint8Array} rest.now the sealed place after them
 * @param {Listed[]} rest.envelopes messages in the order of the thread, then parts
 * @returns {Bytes} one line of canonical JSON, spaces and a line feed, in the class of a message
 */
export function encodeSlip(address, { recipient, was, now, envelopes }) {
  const payload = {
    day: address.day,
    envelopes,
    format: "tipline/hand-in/v1",
    mailbox: hex(address.mailbox),
    now: hex(now),
    recipient,
    serial: address.serial,
    unit: address.unit,
    urgent: address.urgent,
    was: was === null ? null : hex(was),
  };
  const line = canonical({ ...payload, sum: hex(sha256(canonical(payload))) });
  const size = messageSize(line.length + 1);
  if (size > SLIP_MAX) throw new TooMuchError();
  return concat(fill(line, size - 1, 0x20), Uint8Array.of(0x0a));
}

/**
 * Whether envelopes of these bytes in all go into one file with their slip.
 * @param {number} total
 */
export function inOneFile(total) {
  return SLIP_MAX + total <= FILE_MAX;
}

/**
 * @param {number} number from 1; 1 is the slip with the messages
 * @param {number} of
 */
export function fileName(number, of) {
  return `hand-in-${number}-of-${of}.tip`;
}

/** @param {Listed[]} envelopes */
export function total(envelopes) {
  return envelopes.reduce((sum, one) => sum + one.size, 0);
}

/** The parts of one hand-in: held back while all may still go into one file with the slip, 17 MiB at most. */
export class Parts {
  /** @type {Listed[]} */
  listed = [];
  /** @type {HandInFile[]} */
  held = [];

  /** @param {{files: File[], onProgress?: OnProgress}} way */
  constructor({ files, onProgress }) {
    this.of = 1 + files.reduce((sum, file) => sum + partCount(file.size), 0);
    this.all = files.reduce((sum, file) => sum + file.size, 0);
    this.sealed = 0;
    this.onProgress = onProgress;
  }

  /**
   * @param {number} file
   * @returns {import("./parts.js").Progress}
   */
  progressOf(file) {
    let ofIt = 0;
    return (bytes) => this.onProgress?.((this.sealed += bytes), this.all, file, (ofIt += bytes));
  }

  /**
   * @param {number} file
   * @param {import("./parts.js").SealedPart} part
   * @param {Blob} blob
   */
  hold(file, { listed, size, again }, blob) {
    const number = this.listed.push(listed) + 1;
    const parts = [{ file, size, sealed: listed.size }];
    this.held.push({ name: fileName(number, this.of), number, of: this.of, front: 0, parts, blob, again });
  }

  /** @returns {HandInFile[]} what was held back, and lets go of it */
  release() {
    return this.held.splice(0);
  }
}
